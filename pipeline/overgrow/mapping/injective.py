"""Whether two source keys can become one target key.

Guarantees: a step that is known to bring different values together is found, wherever no other part of the target key
keeps them apart. Hashes and translators are taken at their word: there the source key stored with each row decides at
run time. Never looks at a row. Called by the compiler.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from overgrow.mapping import inverse
from overgrow.mapping.document import FieldDocument, MappingDocument
from overgrow.mapping.plan import Field
from overgrow.mapping.problems import Problems
from overgrow.mapping.words.nulls import Default, NullIf
from overgrow.mapping.words.personal import Hmac, Token
from overgrow.mapping.words.step import Step
from overgrow.mapping.words.surrogate import Uuid5
from overgrow.mapping.words.times import Instant
from overgrow.mapping.words.translate import Translate


def check(document: MappingDocument, fields: Iterable[Field], problems: Problems) -> None:
    """Note every key field that loses a difference between source keys, unless the mapping says what happens then."""
    if document.policies.get("collision") == "set_aside":
        return
    named = {part.text for part in document.target.key}
    key = [field for field in fields if field.target.name in named]
    kept = {name for field in key if _losing(field) is None for name in field.inputs}
    kept |= {name for name in {name for field in key for name in field.inputs} if inverse.all_parts(name, key)}
    documents = {one.name.text: one for one in document.fields}
    for field in key:
        losing = _losing(field)
        if losing is not None and set(field.inputs) - kept:
            _note(field, losing, documents, problems)


def _note(field: Field, losing: int, documents: Mapping[str, FieldDocument], problems: Problems) -> None:
    word = documents[field.target.name].steps[losing].word
    problems.add(
        word.line,
        "key-not-injective",
        f"key field {field.target.name}: {word.text} can make one of two keys ({_why(field.steps[losing])}): leave it"
        " out, or declare on: {collision: set_aside}, under which the second of two such rows waits as a dead letter",
    )


def _losing(field: Field) -> int | None:
    """The first step that brings different values together, by its place."""
    null = False
    for number, step in enumerate(field.steps):
        null = null or isinstance(step, NullIf)
        if null if isinstance(step, Default) else _why(step):
            return number
    return None


def _why(step: Step) -> str:
    if isinstance(step, Default):
        return "it stands for what null_if took out"
    if isinstance(step, Instant) and step.zone.missing != "shift_forward":
        return ""  # one hour of two is chosen, but of one local time
    return "" if isinstance(step, (NullIf, Uuid5, Hmac, Token, Translate)) else step.one_way
