"""The keys of a mapping: the target key must be an injective function of the source key.

Guarantees: a target row is found from the key of a change alone; where the key is only renamed the plan says so. Never
proves injectivity of a translation: there the stored source key decides at run time. Called by the compiler.
"""

from __future__ import annotations

from collections.abc import Iterable

from overgrow.mapping import injective
from overgrow.mapping.catalogue import SourceTable
from overgrow.mapping.ddl import TargetTable
from overgrow.mapping.document import FieldDocument, MappingDocument
from overgrow.mapping.plan import Field
from overgrow.mapping.problems import Problems

# Equal keys must be equal text: decimals, floats, zoned times and documents have several texts for one value.
_KINDS = frozenset({"int", "text", "char", "uuid", "date", "time", "timestamp", "bool"})


def check_target(
    document: MappingDocument, source: SourceTable, target: TargetTable, fields: Iterable[Field], problems: Problems
) -> None:
    """Note what is wrong with the key of one target; `fields` are those that could be compiled."""
    before = len(problems.found)
    _target_key(document, source, target, problems)
    if len(problems.found) == before:
        injective.check(document, fields, problems)


def _target_key(document: MappingDocument, source: SourceTable, target: TargetTable, problems: Problems) -> None:
    named = {field.name.text: field for field in document.fields}
    fields = []
    for part in document.target.key:
        if part.text not in named:
            message = f"key column {part.text} of {target.table} has no field"
            problems.add(part.line, "missing-key-field", message)
        else:
            fields.append(named[part.text])
    declared = {part.text for part in document.target.key}
    if len(fields) < len(declared):
        return
    if declared and target.key and declared != set(target.key):
        message = f"the primary key of {target.table} is ({', '.join(target.key)}), not ({', '.join(sorted(declared))})"
        problems.add(document.target.key[0].line, "wrong-target-key", message)
        return
    _covered(fields, source, problems)


def check_source(document: MappingDocument, source: SourceTable, problems: Problems) -> None:
    """Note what is wrong with the key of the source."""
    declared = [part.text for part in document.source.key]
    if declared and set(declared) != set(source.key):
        message = f"the key of {source.table} is ({', '.join(source.key)}), not ({', '.join(declared)})"
        problems.add(document.source.key[0].line, "wrong-source-key", message)
        return
    for part in document.source.key:
        found = source.columns[part.text].type
        exact = found is not None and (found.wire.kind in _KINDS or (found.size is not None and not found.scale))
        if not exact:
            message = (
                f"key column {part.text} has type {source.columns[part.text].type_text}: equal keys, unequal texts"
            )
            problems.add(part.line, "unsupported-key-type", message)


def _covered(fields: Iterable[FieldDocument], source: SourceTable, problems: Problems) -> None:
    inputs: set[str] = set()
    for field in fields:
        for name in field.inputs:
            inputs.add(name.text)
            if name.text in source.columns and name.text not in source.key:
                message = f"key field {field.name.text} takes {name.text}, which is not in the key of {source.table}"
                problems.add(name.line, "key-not-from-key", message)
    # An input nobody knows is a problem already; it may have meant the column that seems uncovered.
    for field in list(fields)[:1] if inputs <= set(source.columns) else []:
        for column in (column for column in source.key if column not in inputs):
            message = f"no target key field takes {column} of the source key: two rows would become one"
            problems.add(field.name.line, "key-not-covered", message)


def is_identity(fields: Iterable[Field], source_key: tuple[str, ...]) -> bool:
    """Whether the target key is the source key under other names, through steps that keep every difference."""
    taken: list[str] = []
    for field in fields:
        if len(field.inputs) != 1 or field.one_way:
            return False
        taken += field.inputs
    return sorted(taken) == sorted(source_key)
