"""Questions that follow from the choice of tables and columns, not from their values.

Guarantees: everything that stays behind, and everything that must be done before the first `apply`, is asked once.
Pure. Called by `draft.draft`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from overgrow.draft import names
from overgrow.draft.choosing import Choice, Mapped, Refusal, left_out
from overgrow.draft.facts import Database
from overgrow.draft.questions import Page, Question
from overgrow.envelope import quote


def first(database: Database, choice: Choice) -> Iterator[Question]:
    """What must be done before `apply`."""
    if database.wal_level != "logical":
        yield Question(
            kind="wal-level",
            subject=f"database {database.name}",
            asked="When may the source be restarted? Its log does not carry what a change stream needs.",
            seen=f"wal_level is {database.wal_level}",
            taken="the draft expects `logical`; `overgrow apply` waits for it",
            change="on the source: `ALTER SYSTEM SET wal_level = logical`, then restart it",
            spots=(("settings", "", ""),),
            blocking=True,
        )
    for mapped in choice.mapped:
        if mapped.needs_full:
            yield _identity(mapped)


def _identity(mapped: Mapped) -> Question:
    table = mapped.table
    name = f"{quote(table.schema)}.{quote(table.name)}"
    return Question(
        kind="replica-identity",
        subject=f"{table.full_name}: {', '.join(mapped.needs_full)}",
        asked="May the source send whole rows for this table? Its key can be large, and an update may leave it out.",
        seen=f"replica identity {table.identity}",
        taken="the catalogue records `full`; `overgrow apply` waits for it",
        change=f"on the source: `ALTER TABLE {name} REPLICA IDENTITY FULL` (all of them: "
        "`schemas/source/replica_identity.sql`); or refuse the table in overgrow.yaml",
        spots=(("catalogue", table.full_name, ""),),
        blocking=True,
    )


def rest(choice: Choice, unsampled: Mapping[str, str]) -> Iterator[Question]:
    """What stays behind, what got another name than one would think, what was not looked at, what comes at the end."""
    yield from _refused(choice)
    for mapped in choice.mapped:
        yield from _dropped(mapped)
        yield from _renamed(mapped)
        if why := unsampled.get(mapped.table.full_name):
            yield Question(
                kind="not-sampled",
                subject=mapped.table.full_name,
                asked="What is in this table? Its rows were not looked at.",
                seen=why,
                taken="every column is kept as it is",
                change="run `overgrow init` again with `--table` and a smaller `--sample`, into another folder",
                spots=(("mapping", mapped.table.full_name, ""),),
            )
    if any(one.table.uniques or one.table.foreign_keys or one.table.checks for one in choice.mapped):
        yield Question(
            kind="late-constraints",
            subject="foreign keys and unique constraints",
            asked="Which of the source's constraints does the new model keep?",
            taken="none: each is a comment in the file",
            change="take the dashes away; `overgrow apply --constraints` adds them when the old system is switched off",
            spots=(("constraints", "", ""),),
        )


def _refused(choice: Choice) -> Iterator[Question]:
    """Those for which something can be done one by one; the others together, by their reason."""
    again = "then run `overgrow init` again with `--table`, into another folder, and take its files over"
    together: dict[str, list[Refusal]] = {}
    for one in choice.refused:
        together.setdefault(f"{one.table}: {one.reason}" if one.change else one.reason, []).append(one)
    for same in together.values():
        change = same[0].change
        yield Question(
            kind="refused-table",
            subject=", ".join(one.table for one in same),
            asked="May this stay behind?" if len(same) == 1 else "May these stay behind?",
            seen=same[0].reason,
            taken="neither streamed nor mapped (`source.refused`)",
            change=f"in the source: {change}; {again}" if change else "there is no way with this version",
            spots=tuple(("settings", one.table, "") for one in same),
        )


def _dropped(mapped: Mapped) -> Iterator[Question]:
    for column in mapped.dropped:
        yield Question(
            kind="dropped-column",
            subject=f"{mapped.table.full_name}: {column.name}",
            asked="Can the new system do without this column?",
            seen=left_out(column),
            taken="dropped by name",
            change="compute it in the target" if column.generated else "in the source, keep a copy in another column",
            spots=(("mapping", mapped.table.full_name, column.name),),
        )


def _renamed(mapped: Mapped) -> Iterator[Question]:
    """Only names that do not follow from the source's: taken, reserved, or without a letter of the alphabet."""
    found = [field for field in mapped.fields if field.name != names.snake(field.column.name)]
    if found:
        columns = [field.column.name for field in found]
        pages: tuple[Page, ...] = ("mapping", "target")
        yield Question(
            kind="new-name",
            subject=f"{mapped.table.full_name}: {', '.join(columns)}",
            asked="What are these columns called in the new model? Their own names are taken, reserved, or no words.",
            taken=", ".join(f"`{field.name}`" for field in found),
            change="rename each in the mapping and in the DDL",
            spots=tuple((page, mapped.table.full_name, name) for name in columns for page in pages),
        )
