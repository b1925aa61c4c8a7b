"""No value that a column can hold comes out of a field's steps longer or larger than its bound."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from overgrow import errors
from overgrow.mapping import TablePlan
from overgrow.mapping.bounds import Bound, of_steps, of_value, printed
from overgrow.mapping.interpret import field_text, field_value
from tests.property.rows import INSTANT, KINDS, TEXT, TIMESTAMP
from tests.unit.mapping import sample

TEXTS = st.text(alphabet=st.sampled_from("aZ0 -ßﬃΐé\U0001f600xÃ©,7"), max_size=8) | TEXT.filter(
    lambda one: len(one) <= 8
)
_DIGITS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-999_999, max_value=999_999)
# type -> (values it can hold, chains)
COLUMNS: dict[str, tuple[st.SearchStrategy[Any], list[str]]] = {
    "varchar(8)": (
        TEXTS,
        [
            *KINDS["text"][1],
            "[{join: {with: ', '}}, {max_length: 7}]",
            "{codes: {7: seven, '': nothing at all}}",
            "[{part: {number: 2, of: 2, separator: '-'}}, {mask: {keep_first: 1}}]",
            "[{cast: integer}, {minor_units: 3}, {cast: text}]",
        ],
    ),
    "char(8)": (
        TEXTS.map(lambda one: one.ljust(8)),
        ["[]", "trim", "{null_if: ''}", "[squeeze, {mask: {keep_last: 2}}]"],
    ),
    "numeric(8,2)": (_DIGITS.map(str), [*KINDS["numeric"][1], "[{minor_units: 4}, {cast: text}]", "{cast: numeric}"]),
    "smallint": (
        st.integers(-(2**15), 2**15 - 1),
        [*KINDS["integer"][1], "[{minor_units: 2}, {major_units: 3}]", "[{cast: numeric}, {cast: text}]"],
    ),
    "boolean": (st.booleans(), [*KINDS["boolean"][1], "{cast: text}"]),
    "date": (st.integers(-2_440_588, 2_145_042_905), [*KINDS["date"][1], "{cast: text}"]),
    "timestamp": (TIMESTAMP, [*KINDS["timestamp"][1], "{cast: text}"]),
    "timestamptz": (INSTANT, KINDS["timestamptz"][1]),
    "uuid": (st.uuids().map(str), ["[]", "{cast: text}", "[{cast: text}, {mask: {}}]"]),
}  # fmt: skip


def _plans() -> list[tuple[str, str, TablePlan]]:
    made = []
    for kind, (_, chains) in COLUMNS.items():
        for do in chains:
            plan = _plan(kind, do)
            made += [] if plan is None else [(kind, do, plan)]
    return made


def _plan(kind: str, do: str) -> TablePlan | None:
    columns = "table: public.t\nkey: [k]\nreplica_identity: full\ncolumns:\n  k: {type: int, nullable: false}\n"
    text = (
        "mapping: t\nversion: 1\nsource: {table: public.t, key: [k]}\ntarget: {table: crm.t, key: [id]}\n"
        f"fields:\n  id: k\n  f: {{from: c, do: {do}}}\non: {{drift: stop, truncate: stop}}\n"
    )
    for target in ("text", "numeric", "bigint", "boolean", "date", "timestamp", "timestamptz", "uuid", "jsonb"):
        made, _ = sample.build(
            text,
            columns=f'{columns}  c: {{type: "{kind}", nullable: true}}\n',
            target=f"CREATE TABLE crm.t (id int PRIMARY KEY, f {target})",
        )
        if made is not None:
            return made
    return None


PLANS = _plans()


def test_every_family_is_tried() -> None:
    assert len(PLANS) > 70
    assert {kind for kind, *_ in PLANS} == set(COLUMNS)


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_no_value_is_beyond_its_bound(data: st.DataObject) -> None:
    kind, do, plan = data.draw(st.sampled_from(PLANS))
    value = data.draw(COLUMNS[kind][0])
    field = next(one for one in plan.fields if one.target.name == "f")
    types = {column.name: column.type for column in plan.columns}
    bound = of_steps([types[name] for name in field.inputs], field.steps)
    try:
        made = field_value(field, (value,))
        text = field_text(field, {"c": value})
    except (errors.TranslationError, ValueError, OverflowError):
        return
    if made is None or text is None:
        return
    if text not in {"infinity", "-infinity"}:
        inside(bound, of_value(made, field.yields), (kind, do, value, made))
    longest = printed(bound, field.yields)
    assert longest is None or len(text) <= longest, (kind, do, value, text, longest)


def inside(bound: Bound, value: Bound, told: object) -> None:
    assert bound.characters is None or (value.characters or 0) <= bound.characters, told
    assert bound.low is None or value.low is None or bound.low <= value.low, told
    assert bound.high is None or value.high is None or value.high <= bound.high, told
    assert bound.whole is None or (value.whole or 0) <= bound.whole, told
    assert bound.decimals is None or (value.decimals or 0) <= bound.decimals, told
