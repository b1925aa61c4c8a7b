"""The generated row function gives for any mapping and any row what the readable interpreter gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overgrow import errors
from overgrow.envelope import SqlType
from overgrow.mapping import OUTSIDE, RowCodec, Translator, copy_line, interpret
from tests.property.rows import CORNERS, KINDS
from tests.unit.mapping import sample

MARK = sample.OWN_PLACEHOLDER
CATALOGUE = "table: public.t\nkey: [k]\nreplica_identity: full\ncolumns:\n  k: {type: int, nullable: false}\n"
TRANSLATORS = {
    "pair": Translator(
        name="pair", function=lambda a, b: None if a == "A" else f"{a}\t{b}", inputs=("text", "text"), output="text"
    ),
    "shout": Translator(name="shout", function=lambda a: a and a + "\\!", inputs=("text",), output="text"),
    "wrong": Translator(name="wrong", function=lambda a: a if a != 1 else "1", inputs=("integer",), output="bigint"),
}


@dataclass(frozen=True)
class Case:
    codec: RowCodec
    rows: list[dict[str, Any]]


def _target_type(do: str, source: str) -> str:
    """The type of the last step's result: asked of the compiler, column by column."""
    columns = CATALOGUE + f"  c: {{type: '{source}', nullable: true}}\n"
    for candidate in sample.all_types():
        made, _ = sample.build(
            _mapping([f"f: {{from: c, do: {do}}}"], ""),
            columns=columns,
            target=f"CREATE TABLE crm.t (id int PRIMARY KEY, f {candidate})",
            translators=TRANSLATORS,
        )
        if made is not None:
            return candidate
    raise AssertionError(f"no target type fits {do} on {source}")


def _mapping(fields: list[str], where: str) -> str:
    listed = "".join(f"  {field}\n" for field in fields)
    return (
        "mapping: t\nversion: 1\nsource: {table: public.t, key: [k]}\ntarget: {table: crm.t, key: [id]}\n"
        f"{where}fields:\n  id: k\n{listed}on: {{drift: stop, truncate: stop, partial: set_aside}}\n"
    )


FITTING = {(source, do): _target_type(do, source) for source, (_, chains) in KINDS.items() for do in chains}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    chosen = draw(st.lists(st.sampled_from(sorted(FITTING)), min_size=1, max_size=6))
    nullable = [draw(st.booleans()) for _ in chosen]
    columns = "".join(
        f"  c{n}: {{type: '{source}', nullable: {str(null).lower()}}}\n"
        for n, ((source, _), null) in enumerate(zip(chosen, nullable, strict=True))
    )
    fields = [f"f{n}: {{from: c{n}, do: {do}}}" for n, (_, do) in enumerate(chosen)]
    target = [f"f{n} {FITTING[one]}" for n, one in enumerate(chosen)]
    texts = [n for n, (source, _) in enumerate(chosen) if source in {"text", "varchar(5)", "char(2)"}]
    if texts:
        fields.append(f"pair: {{from: [c{texts[0]}, c{texts[-1]}], do: pair}}")
        target.append("pair text")
    fields.append("odd: {from: k, do: wrong}")
    fields.append('fixed: {const: "a\\tb\\\\N"}')
    relation = draw(st.sampled_from(["", "A", "{not: A}", "{in: [A, B]}"]))
    where = f"where: {{c{texts[0]}: {relation}}}\n" if texts and relation else ""
    plan, problems = sample.build(
        _mapping(fields, where),
        columns=CATALOGUE + columns,
        target=f"CREATE TABLE crm.t (id int PRIMARY KEY, odd bigint, fixed text, {', '.join(target)})",
        translators=TRANSLATORS,
    )
    assert plan is not None, problems
    values = {
        f"c{n}": st.none() | KINDS[source][0] if null else KINDS[source][0]
        for n, ((source, _), null) in enumerate(zip(chosen, nullable, strict=True))
    }
    rows = draw(st.lists(st.fixed_dictionaries({"k": st.integers(0, 3), **values}), min_size=1, max_size=4))
    return Case(codec=RowCodec(plan, placeholder=MARK), rows=rows)


def oracle(codec: RowCodec, row: dict[str, Any]) -> str | errors.TranslationError | None:
    try:
        found = interpret(codec.plan, row)
    except errors.TranslationError as error:
        return error
    if found is OUTSIDE:
        return None
    return copy_line([found.get(name) for name in codec.target_columns])


def generated(codec: RowCodec, row: dict[str, Any], absent: frozenset[str]) -> str | Exception | None:
    names = [column.name for column in codec.plan.used]
    after = codec.row_type(*[MARK if name in absent else row[name] for name in names])
    try:
        return codec.partial_line(after, absent) if absent else codec.line(after)
    except Exception as error:  # noqa: BLE001 - any failure is what is compared
        assert isinstance(codec.explain_row({n: v for n, v in row.items() if n not in absent}), errors.TranslationError)
        return error


def assert_equal(codec: RowCodec, row: dict[str, Any], absent: frozenset[str]) -> None:
    expected = oracle(codec, {name: value for name, value in row.items() if name not in absent})
    found = generated(codec, row, absent)
    if isinstance(expected, errors.TranslationError):
        assert isinstance(found, Exception), (row, expected, found)
    else:
        assert found == expected, codec.source


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_generated_function_equals_the_interpreter(case: Case) -> None:
    for row in case.rows:
        assert_equal(case.codec, row, frozenset())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.data())
def test_a_partial_line_holds_what_the_present_columns_give(case: Case, data: st.DataObject) -> None:
    plan = case.codec.plan
    filtered = plan.where.columns
    can_go = [column.name for column in plan.used if not column.key and column.name not in filtered]
    absent = frozenset(data.draw(st.sets(st.sampled_from(can_go))) if can_go else ())
    present = case.codec.present(absent)
    assert {"id", "fixed"} <= set(present)
    for row in case.rows:
        assert_equal(case.codec, row, absent)
        line = generated(case.codec, row, absent)
        if isinstance(line, str):
            cells = dict(zip(case.codec.target_columns, line.split("\t"), strict=True))
            assert {name for name, cell in cells.items() if name not in present} <= {
                name for name, cell in cells.items() if cell == "\\N"
            }


@pytest.mark.parametrize(("source", "do"), sorted(FITTING))
@pytest.mark.parametrize("nullable", [True, False])
def test_each_chain_on_each_corner(source: str, do: str, nullable: bool) -> None:  # noqa: FBT001 - a parameter
    plan, problems = sample.build(
        _mapping([f"f: {{from: c, do: {do}}}", "g: {from: c, do: []}"], ""),
        columns=CATALOGUE + f"  c: {{type: '{source}', nullable: {str(nullable).lower()}}}\n",
        target=f"CREATE TABLE crm.t (id int PRIMARY KEY, f {FITTING[source, do]}, g {FITTING[source, '[]']})",
        translators=TRANSLATORS,
    )
    assert plan is not None, problems
    codec = RowCodec(plan, placeholder=MARK)
    kind = plan.used[1].type.wire.kind
    for value in [*CORNERS[kind], *([None] if nullable else [])]:
        assert_equal(codec, {"k": 1, "c": value}, frozenset())


def test_every_supported_type_is_among_the_cases() -> None:
    covered = {str(SqlType.parse(source)).partition("(")[0] for source in KINDS}
    assert covered | {"smallint", "bigint", "real"} >= set(sample.all_types())
