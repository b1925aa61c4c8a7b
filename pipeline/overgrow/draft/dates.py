"""What looks odd about dates and times, and what the draft itself does so that they can come along.

Pure. Called by `suspicions` and `draft.draft`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from overgrow.draft import asking
from overgrow.draft.choosing import Field, Mapped
from overgrow.draft.pages.page import scalar
from overgrow.draft.profile import Profile
from overgrow.draft.questions import Question


def steps(mapped: Mapped, profiles: Mapping[str, Profile]) -> dict[str, str]:
    """What the draft does to a column so that its rows can come along as they are."""
    return {
        field.column.name: "{sentinels: {infinity: infinity, -infinity: -infinity}}"
        for field in mapped.fields
        if asking.kind(field) in {"timestamp", "timestamptz"} and _infinite(profiles.get(field.column.name))
    }


def _infinite(profile: Profile | None) -> bool:
    return profile is not None and any(value.endswith("infinity") for value in profile.sentinels)


def naive(mapped: Mapped) -> Iterator[Question]:
    """Times without a zone, all of a table together."""
    found = [field for field in mapped.fields if asking.kind(field) == "timestamp"]
    if found:
        columns = [field.column.name for field in found]
        yield Question(
            kind="naive-time",
            subject=asking.subject(mapped, *columns),
            asked="These times have no zone. In which zone were they written?",
            taken="kept without a zone (`timestamp`)",
            change=f"for each: {asking.begins(found[0])}{{instant: Europe/London}}}}` with its zone, and the type"
            " `timestamptz` in the DDL",
            spots=asking.spots(mapped, *columns),
        )


def sentinel(mapped: Mapped, field: Field, profile: Profile | None) -> Iterator[Question]:
    """Dates that may stand for something else."""
    if profile is None or not profile.sentinels:
        return
    stopped = asking.kind(field) == "date" and _infinite(profile)
    names = dict.fromkeys("infinity" if one.endswith("infinity") and stopped else one for one in profile.sentinels)
    midnight = {"date": "", "timestamp": " 00:00:00", "timestamptz": " 00:00:00+00"}[asking.kind(field)]
    required = "" if field.column.nullable else ", and no `NOT NULL` in the DDL"
    table = ", ".join(f"{one if one.endswith('infinity') else scalar(one + midnight)}: null" for one in names)
    yield Question(
        kind="sentinel",
        subject=asking.subject(mapped, field.column.name),
        asked="Do these dates stand for something else, such as no date at all?",
        seen=f"in {profile.values} sampled values",
        codes=tuple(profile.sentinels.most_common()),
        taken="rows with an infinite date are set aside: it does not arrive whole" if stopped else "kept as they are",
        change=f"{asking.begins(field)}{{sentinels: {{{table}}}}}}}`{required}; or another date for `null`",
        spots=(*asking.spots(mapped, field.column.name), asking.in_target(mapped, field)),
        blocking=stopped,
    )


def ancient(mapped: Mapped, field: Field, profile: Profile | None) -> Iterator[Question]:
    """Dates that do not arrive as they are."""
    if profile is None or not profile.ancient:
        return
    yield asking.unarriving(
        mapped,
        field,
        profile,
        kind="ancient-date",
        count=profile.ancient,
        asked="What do dates before Christ, or of 5 to 14 October 1582, mean? Debezium's snapshot sends other days.",
        taken="kept as they arrive; `overgrow verify` shows those rows as different",
    )
