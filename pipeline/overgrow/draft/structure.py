"""Questions that follow from the choice of tables and columns, not from their values.

Guarantees: everything that stays behind, and everything that must be done before the first `apply`, is asked once.
Pure. Called by `draft.draft`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from overgrow.draft import names
from overgrow.draft.choosing import Choice, Mapped, Refusal, left_out
from overgrow.draft.facts import Database
from overgrow.draft.questions import Question
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
    for refusal in choice.refused:
        yield _refused(refusal)
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


def _refused(refusal: Refusal) -> Question:
    again = "then run `overgrow init` again with `--table`, into another folder, and take its files over"
    return Question(
        kind="refused-table",
        subject=refusal.table,
        asked="May this stay behind?",
        seen=refusal.reason,
        taken="it is neither streamed nor mapped (`source.refused`)",
        change=f"in the source: {refusal.change}; {again}" if refusal.change else "it needs a way of its own",
        spots=(("settings", refusal.table, ""),),
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
    for field in mapped.fields:
        if field.name != names.snake(field.column.name):
            yield Question(
                kind="new-name",
                subject=f"{mapped.table.full_name}: {field.column.name}",
                asked=f"What is the column called in the new model? `{field.name}` was all that could be made of it.",
                taken=f"`{field.name}`",
                change="rename it in the mapping and in the DDL",
                spots=(
                    ("mapping", mapped.table.full_name, field.column.name),
                    ("target", mapped.table.full_name, field.column.name),
                ),
            )
