"""Where a source table must send whole rows (REPLICA IDENTITY FULL).

Guarantees: a large value that an event may leave out never feeds a key, a filter or a field made of several columns.
Never looks at data: what can be large follows from the declared types. Called by the compiler.
"""

from __future__ import annotations

from overgrow.mapping.catalogue import SourceColumn, SourceTable
from overgrow.mapping.document import MappingDocument
from overgrow.mapping.problems import Problems

# PostgreSQL moves values out of a row, the largest first, until the row takes about 2,000 bytes. Columns that fit into
# that together at their declared lengths, beside 18 bytes for each one moved out, are never moved.
_ROW_BYTES = 2000
_HEADER_BYTES = 24 + 8 * 2
_POINTER_BYTES = 18 + 4
_CHARACTER_BYTES = 4
_SMALL = 200


def large(source: SourceTable) -> frozenset[str]:
    """The columns whose unchanged values an event may leave out."""
    candidates = [column for column in source.columns.values() if _varies(column)]
    bounded = [column for column in candidates if _bytes(column) is not None]
    unbounded = len(candidates) - len(bounded)
    room = _ROW_BYTES - _HEADER_BYTES - 16 * (len(source.columns) - len(candidates)) - _POINTER_BYTES * unbounded
    if sum(_bytes(column) or 0 for column in bounded) > room:
        return frozenset(column.name for column in candidates)
    return frozenset(column.name for column in candidates if _bytes(column) is None)


def _varies(column: SourceColumn) -> bool:
    return column.type is None or column.type.wire.toastable


def _bytes(column: SourceColumn) -> int | None:
    """The most a small column can take; None for one that is large by its declared type."""
    declared = column.type
    if declared is None or declared.size is None or declared.size > _SMALL or declared.name == "bytea":
        return None
    # A numeric keeps four digits in two bytes, so one byte a digit is ample.
    return 4 + declared.size * (1 if declared.name == "numeric" else _CHARACTER_BYTES)


def check(document: MappingDocument, source: SourceTable, problems: Problems) -> None:
    """Note every use of a large column that needs whole rows, unless the table sends them."""
    if source.replica_identity == "full":
        return
    risky = large(source)
    if document.also:
        _check_several(document, source, risky, problems)
        return
    key = {part.text for part in document.target.key}
    for field in document.fields:
        for name in field.inputs:
            if name.text in risky and (len(field.inputs) > 1 or field.name.text in key):
                what = (
                    f"key field {field.name.text}"
                    if field.name.text in key
                    else f"field {field.name.text} of several columns"
                )
                problems.add(name.line, "replica-identity", _message(what, name.text, source))
    for condition in (one for group in document.where for one in group):
        if condition.column.text in risky:
            problems.add(
                condition.column.line, "replica-identity", _message("the filter", condition.column.text, source)
            )
    _check_entering(document, source, risky, problems)


def _check_several(document: MappingDocument, source: SourceTable, risky: frozenset[str], problems: Problems) -> None:
    """Several targets are written from whole rows only: one could take a part of a row where another cannot."""
    fields = [*document.fields, *(field for one in document.also for field in one.fields)]
    conditions = [*document.where, *(group for one in document.also for group in one.where)]
    named = [name for field in fields for name in field.inputs]
    named += [condition.column for group in conditions for condition in group]
    for name in {one.text: one for one in reversed(named)}.values():
        if name.text in risky:
            problems.add(name.line, "replica-identity", _message("a mapping with several targets", name.text, source))


def _check_entering(document: MappingDocument, source: SourceTable, risky: frozenset[str], problems: Problems) -> None:
    """An update can bring a row into the filter and leave its large value out: there is no target row to patch."""
    used = sorted({name.text for field in document.fields for name in field.inputs if name.text in risky})
    asked = next((condition for group in document.where for condition in group), None)
    if asked is not None and used and document.policies.get("partial") != "set_aside":
        problems.add(
            asked.column.line,
            "partial-row-enters",
            f"a row that enters the filter may come without {', '.join(used)} and would be set aside: declare that with"
            f" on: {{partial: set_aside}}, or run ALTER TABLE {source.table} REPLICA IDENTITY FULL and record"
            f" replica_identity: full in {source.file}",
        )


def _message(what: str, column: str, source: SourceTable) -> str:
    return (
        f"{what} takes {column}, which an update may leave out when it is large: run ALTER TABLE {source.table}"
        f" REPLICA IDENTITY FULL and record replica_identity: full in {source.file}"
    )
