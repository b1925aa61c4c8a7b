"""The parts that all questions about columns share: where they point, how their answers are written.

Pure. Called by `suspicions` and `dates`.
"""

from __future__ import annotations

from overgrow.draft.choosing import Field, Mapped
from overgrow.draft.pages.page import scalar
from overgrow.draft.profile import Profile
from overgrow.draft.questions import Question, Spot


def kind(field: Field) -> str:
    """The family of a column's type."""
    return field.column.type.wire.kind if field.column.type is not None else ""


def spots(mapped: Mapped, *columns: str) -> tuple[Spot, ...]:
    """The lines of columns in their mapping."""
    return tuple(("mapping", mapped.table.full_name, column) for column in columns)


def subject(mapped: Mapped, *columns: str) -> str:
    """The columns by their names."""
    return f"{mapped.table.full_name}: {', '.join(columns)}"


def begins(field: Field) -> str:
    """The beginning of a field with steps, as it is suggested."""
    return f"`{scalar(field.name)}: {{from: {scalar(field.column.name)}, do: "


def in_target(mapped: Mapped, field: Field) -> Spot:
    """The line of a column in the DDL."""
    return ("target", mapped.table.full_name, field.column.name)


def unarriving(
    mapped: Mapped, field: Field, profile: Profile, *, kind: str, count: int, asked: str, taken: str
) -> Question:
    """The question of a column with values that do not arrive as they are: only the source can mend them."""
    return Question(
        kind=kind,
        subject=subject(mapped, field.column.name),
        asked=asked,
        seen=f"{count} of {profile.values} sampled values",
        taken=taken,
        change="mend them in the source, or move the column to `drop:` and delete it from the DDL",
        spots=(*spots(mapped, field.column.name), in_target(mapped, field)),
        blocking=True,
    )
