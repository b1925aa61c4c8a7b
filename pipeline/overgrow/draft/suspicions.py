"""What looks odd in a mapped table, from its types, its names and its sampled values: a question each.

Guarantees: the default is always to keep what is there. Values are shown only as codes, and never those of a column
that may be about a person. Pure. Called by `draft.draft`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from overgrow.draft import asking, dates, personal
from overgrow.draft.choosing import Field, Mapped
from overgrow.draft.names import snake
from overgrow.draft.pages.page import scalar
from overgrow.draft.profile import Profile
from overgrow.draft.questions import Question

Profiles = Mapping[str, Profile]
_MONEY = re.compile(
    r"(^|_)(amt|amount|price|prc|prices|bal|balance|total|tot|cost|fee|sum|salary|pay|paid|credit|debit|disc|discount|tax|"
    r"vat|betrag|preis|saldo|summe|montant|prix|importe|precio)(_|[0-9]|$)"
)
_FEW_VALUES = 10  # below that, values say nothing
_ROWS_A_CODE = 5
_TRUTHS = tuple(
    (yes, no)
    for pair in (("Y", "N"), ("J", "N"), ("S", "N"), ("T", "F"), ("1", "0"), ("YES", "NO"), ("TRUE", "FALSE"))
    for yes, no in (pair, tuple(one.lower() for one in pair))
)
_CODED = frozenset({"text", "char", "int"})


def questions(mapped: Mapped, profiles: Profiles) -> Iterator[Question]:
    """Everything odd about one table, its whole first, then column by column."""
    yield from dates.naive(mapped)
    yield from _personal(mapped, profiles)
    yield from _empty_texts(mapped, profiles)
    for field in mapped.fields:
        profile = profiles.get(field.column.name)
        for look in _LOOKS:
            yield from look(mapped, field, profile)


def _is_personal(name: str, profile: Profile | None) -> bool:
    most = profile is not None and profile.personal * 2 > profile.values - profile.empty >= _FEW_VALUES
    return personal.named(name) or most


def _personal(mapped: Mapped, profiles: Profiles) -> Iterator[Question]:
    columns = [
        field.column.name for field in mapped.fields if _is_personal(field.column.name, profiles.get(field.column.name))
    ]
    if columns:
        yield Question(
            kind="personal-data",
            subject=asking.subject(mapped, *columns),
            asked="These look like data about people. May the new system hold them, and as they are?",
            taken="kept as they are; no value of them is shown here",
            change='`{hmac: {key: "${env:NAME}", id: k1}}` keeps them comparable, `{mask: {keep_last: 4}}` readable in'
            " part (for text; the type becomes `text`); or move the column to `drop:` and delete it from the DDL",
            spots=asking.spots(mapped, *columns),
        )


def _empty_texts(mapped: Mapped, profiles: Profiles) -> Iterator[Question]:
    found = [
        (field, profile)
        for field in mapped.fields
        if field.column.nullable
        and (profile := profiles.get(field.column.name)) is not None
        and profile.empty
        and profile.nulls
        and asking.kind(field) in {"text", "char"}
    ]
    if found:
        columns = [field.column.name for field, _ in found]
        yield Question(
            kind="empty-text",
            subject=asking.subject(mapped, *columns),
            asked="These hold empty texts beside NULLs. Is there a difference?",
            seen="; ".join(f"{f.column.name}: {p.empty} empty, {p.nulls} NULL of {p.rows}" for f, p in found),
            taken="kept apart",
            change=f'if there is none: {asking.begins(found[0][0])}{{null_if: ""}}}}`',
            spots=asking.spots(mapped, *columns),
        )


def _money(mapped: Mapped, field: Field, profile: Profile | None) -> Iterator[Question]:
    if asking.kind(field) != "float":
        return
    in_cents = profile is not None and profile.values >= _FEW_VALUES and profile.cents == profile.values
    looks = in_cents and profile is not None and bool(profile.fractions)
    if not looks and not _MONEY.search(snake(field.column.name)):
        return
    seen = ""
    if profile is not None and profile.values:
        seen = f"{profile.cents} of {profile.values} values have at most two decimals"
    yield Question(
        kind="money-in-float",
        subject=asking.subject(mapped, field.column.name),
        asked="Is this money? A float cannot hold it exactly: sums of it drift.",
        seen=seen,
        taken=f"kept as it is (`{field.column.type}`)",
        change=f'{asking.begins(field)}[{{cast: "numeric(14,2)"}}]}}` and the type `numeric(14,2)` in the DDL',
        spots=(*asking.spots(mapped, field.column.name), asking.in_target(mapped, field)),
    )


def _codes(mapped: Mapped, field: Field, profile: Profile | None) -> Iterator[Question]:
    name = field.column.name
    codes = profile.codes if profile is not None and asking.kind(field) in _CODED else None
    if profile is None or not codes or _refers(mapped, name) or _is_personal(name, profile):
        return
    truth = _truth(codes)
    if profile.values < _FEW_VALUES or len(codes) * _ROWS_A_CODE > profile.values:
        return
    shown = not (personal.discreet(name) or profile.personal)
    listed = tuple(sorted(codes.items(), key=lambda one: (-one[1], one[0]))) if shown else ()
    seen = f"{len(codes)} different values in {profile.values} sampled"
    if truth:
        yield _boolean(mapped, field, truth, listed, seen)
        return
    table = ", ".join(f"{scalar(code)}: …" for code, _ in listed[:3]) if listed else "A: active, B: …"
    yield Question(
        kind="codes",
        subject=asking.subject(mapped, name),
        asked="Are these codes? What do they mean in the new model?",
        seen=seen if shown else f"{seen} (not shown: they may be about people)",
        codes=listed,
        taken="kept as they are",
        change=f"{asking.begins(field)}{{codes: {{{table}}}}}}}` with every code; the type becomes `text`",
        spots=asking.spots(mapped, name),
    )


def _boolean(
    mapped: Mapped, field: Field, truth: tuple[str, str], listed: tuple[tuple[str, int], ...], seen: str
) -> Question:
    yes, no = (_code(one) for one in truth)
    return Question(
        kind="boolean",
        subject=asking.subject(mapped, field.column.name),
        asked="Is this yes or no?",
        seen=seen,
        codes=listed,
        taken="kept as it is",
        change=f"{asking.begins(field)}{{bool: {{{yes}: true, {no}: false}}}}}}` and the type `boolean` in the DDL",
        spots=(*asking.spots(mapped, field.column.name), asking.in_target(mapped, field)),
    )


def _code(text: str) -> str:
    """As in the mappings: codes are read as text whatever YAML's readers make of them."""
    return text if text.isalnum() else scalar(text)


def _refers(mapped: Mapped, name: str) -> bool:
    """Keys and references are no codes, however few they are."""
    return name in mapped.table.key or any(name in one.columns for one in mapped.table.foreign_keys)


def _truth(codes: Mapping[str, int]) -> tuple[str, str] | None:
    if len(codes) != 2:  # noqa: PLR2004 - yes and no
        return None
    return next((pair for pair in _TRUTHS if set(pair) == set(codes)), None)


def _repair(mapped: Mapped, field: Field, profile: Profile | None) -> Iterator[Question]:
    if profile is None or not profile.repairable:
        return
    read_as = "latin1" if profile.repairable["latin1"] else "cp1252"
    yield Question(
        kind="double-encoded",
        subject=asking.subject(mapped, field.column.name),
        asked="Is this text encoded twice (UTF-8 that was read as another encoding, `Ã©` for `é`)?",
        seen=f"{profile.repairable.total()} of {profile.values} sampled values",
        taken="kept as it is",
        change=f"{asking.begins(field)}{{repair: {{read_as: {read_as}}}}}}}`",
        spots=asking.spots(mapped, field.column.name),
    )


def _not_finite(mapped: Mapped, field: Field, profile: Profile | None) -> Iterator[Question]:
    if profile is None or not profile.not_finite or asking.kind(field) != "numeric":
        return
    yield asking.unarriving(
        mapped,
        field,
        profile,
        kind="not-a-number",
        count=profile.not_finite,
        asked="This number holds NaN or infinity. What is meant?",
        taken="rows with such a value are set aside",
    )


_Look = Callable[[Mapped, Field, Profile | None], Iterator[Question]]
_LOOKS: tuple[_Look, ...] = (_money, _codes, _repair, dates.sentinel, dates.ancient, _not_finite)
