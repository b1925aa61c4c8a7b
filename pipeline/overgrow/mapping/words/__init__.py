"""The words of `do`, one file per family; each word says all there is to know of it (`word.Word`).

Guarantees: a step is only made for a type it can handle; a word nobody knows, a wrong argument or a wrong type is a
problem at its line. Never looks at a row. The reference page and the JSON Schema are made from `WORDS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from overgrow.mapping.problems import suggestion
from overgrow.mapping.translators import Translator
from overgrow.mapping.words import (
    casts,
    codes,
    documents,
    formats,
    nulls,
    numbers,
    parts,
    personal,
    surrogate,
    text,
    times,
)
from overgrow.mapping.words.step import Step
from overgrow.mapping.words.translate import translate
from overgrow.mapping.words.word import Place, Word

FAMILIES: Mapping[str, tuple[Word, ...]] = {
    "Text": text.WORDS,
    "Codes": codes.WORDS,
    "Numbers": numbers.WORDS,
    "Dates and times": times.WORDS + formats.WORDS,
    "NULL": nulls.WORDS,
    "Other types": casts.WORDS,
    "JSON and lists": documents.WORDS,
    "Several columns": parts.WORDS,
    "Personal data": personal.WORDS,
    "Keys": surrogate.WORDS,
}
WORDS: Mapping[str, Word] = {word.name: word for words in FAMILIES.values() for word in words}


def build(place: Place, translators: Mapping[str, Translator]) -> Step | None:
    """The step for a word; None with the problem noted."""
    if place.word in translators:
        return translate(place, translators[place.word])
    word = WORDS.get(place.word)
    if word is None:
        unknown(place, translators)
        return None
    if place.arriving.wire.kind not in word.takes:
        place.problem("type-mismatch", f"{place.word} takes {', '.join(sorted(word.takes))}, not {place.arriving}")
        return None
    return word.build(place)


def takes_several(name: str, translators: Mapping[str, Translator]) -> bool:
    """Whether the word takes all columns of `from` at once."""
    return name in translators or (name in WORDS and WORDS[name].several)


def unknown(place: Place, translators: Iterable[str]) -> None:
    """Note a word that is neither a step nor a translator."""
    hint = suggestion(place.word, [*WORDS, *translators])
    code, what = ("unknown-translator", "step or translator") if place.argument is None else ("unknown-step", "step")
    place.problem(code, f"no {what} is called {place.word}{hint}")
