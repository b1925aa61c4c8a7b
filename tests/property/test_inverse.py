"""What the way back gives is what the mapping was given, wherever a way back is claimed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overgrow import errors
from overgrow.envelope import SqlType
from overgrow.mapping import OUTSIDE, TablePlan, interpret, render
from overgrow.mapping.inverse import recover, ways
from tests.property.rows import KINDS, TEXT
from tests.property.test_codec import Case, cases
from tests.unit.mapping import sample

COLUMNS = """\
table: public.t
key: [k]
replica_identity: full
columns:
  k: {type: int, nullable: false}
  a: {type: text, nullable: true}
  b: {type: text, nullable: true}
  n: {type: "numeric(12,3)", nullable: true}
  i: {type: bigint, nullable: true}
  d: {type: date, nullable: true}
  j: {type: jsonb, nullable: true}
  y: {type: boolean, nullable: true}
  name: {type: text, nullable: true}
  kind: {type: "char(2)", nullable: false}
"""
TARGET = """\
CREATE TABLE crm.t (id int PRIMARY KEY, both text, doc jsonb, first text, rest text, tags jsonb, cents bigint,
  back numeric(20,4), on_day text)
"""
MAPPING = """\
mapping: t
version: 1
source: {table: public.t, key: [k]}
target: {table: crm.t, key: [id]}
where: {kind: A}
fields:
  id: k
  both: {from: [a, b], do: {join: {with: "|"}}}
  doc: {from: [n, i, d, y, j], do: {nest: [n, i, d, y, long_name]}}
  first: {from: name, do: [{part: {number: 1, of: 2, separator: " ", extra: last}}, {max_length: 99}]}
  rest: {from: name, do: {part: {number: 2, of: 2, separator: " ", extra: last}}}
  tags: {from: a, do: {list: {separator: ","}}}
  cents: {from: n, do: {minor_units: 3}}
  back: {from: i, do: {major_units: 4}}
  on_day: {from: d, do: {cast: text}}
on: {drift: stop, truncate: stop}
"""


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_random_mappings(case: Case) -> None:
    for row in case.rows:
        assert_comes_back(case.codec.plan, row)


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "k": st.integers(0, 9),
            "a": st.none() | TEXT,
            "b": st.none() | TEXT,
            "n": st.none() | KINDS["numeric"][0],
            "i": st.none() | st.integers(-(2**63), 2**63 - 1),
            "d": st.none() | KINDS["date"][0],
            "j": st.none() | KINDS["jsonb"][0],
            "y": st.none() | st.booleans(),
            "name": st.none() | TEXT,
            "kind": st.just("A "),
        }
    )
)
def test_columns_that_share_and_split_fields(row: dict[str, Any]) -> None:
    assert_comes_back(PLAN, row)


PLAN = sample.plan(MAPPING, columns=COLUMNS, target=TARGET)


def test_every_way_is_named() -> None:
    found = {name: [field.target.name for field in way.fields] for name, way in ways(PLAN).items()}
    assert found == {
        "k": ["id"],
        "a": ["both"],
        "b": ["both"],
        "n": ["doc"],
        "i": ["doc"],
        "d": ["doc"],
        "j": ["doc"],
        "y": ["doc"],
        "name": ["first", "rest"],
        "kind": [],
    }
    assert ways(PLAN)["kind"].constant == "A "
    plan = sample.plan()
    lost = {name: way.lost for name, way in ways(plan).items() if way.lost}
    assert lost == {
        "name": "name: the blanks are gone",
        "dauer": "dropped",
    }


def assert_comes_back(plan: TablePlan, row: dict[str, Any]) -> None:
    try:
        texts = interpret(plan, row)
    except errors.TranslationError:
        return
    if texts is OUTSIDE:
        return
    found = recover(plan, texts)
    types = {column.name: column.type for column in plan.columns}
    assert found.keys() == {name for name, way in ways(plan).items() if not way.lost}
    for name, value in found.items():
        assert canonical(value, types[name]) == canonical(row[name], types[name]), (name, row[name], texts)


def canonical(value: Any, sql_type: SqlType) -> Any:
    """A wire value as its type compares it."""
    if value is None:
        return None
    kind = sql_type.wire.kind
    text = render.RENDER[kind](value)
    if kind == "numeric":
        return Decimal(text)
    if kind in {"json", "jsonb"}:
        try:
            return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
        except ValueError:  # what no such column can hold is passed as it is
            return text
    return text.rstrip(" ") if kind == "char" else text
