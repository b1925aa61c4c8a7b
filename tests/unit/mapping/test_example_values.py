"""Values as psql prints them: what each type reads, refuses, and calls equal."""

from __future__ import annotations

from typing import Any

import pytest

from overgrow.envelope import SqlType
from overgrow.envelope.types import WIRES
from overgrow.mapping import TargetColumn
from overgrow.mapping.examples import jsonb, values
from overgrow.mapping.render import RENDER
from tests.property.rows import CORNERS


def of(text: str) -> SqlType:
    made = SqlType.parse(text)
    assert made is not None
    return made


def test_every_type_of_the_wire_can_be_written() -> None:
    assert {wire.kind for wire in WIRES.values()} == set(values.PARSERS)


@pytest.mark.parametrize(
    ("written", "text", "wire"),
    [
        ("smallint", "-32768", -32768),
        ("bigint", "9223372036854775807", 2**63 - 1),
        ("boolean", "t", True),
        ("boolean", "false", False),
        ("char(3)", "A", "A  "),
        ("varchar(3)", "A ", "A "),
        ("text", "null", "null"),
        ("numeric(12,2)", "12.5", "12.50"),
        ("numeric(12,2)", "-0.00", "0.00"),
        ("numeric(5)", "99999", "99999"),
        ("numeric", "12.50", "12.50"),
        ("numeric", "NaN", "NAN"),
        ("date", "1969-12-31", -1),
        ("date", "4714-11-24 BC", -2_440_588),
        ("date", "5874897-12-31", 2_145_042_905),
        ("date", "infinity", 2**31 - 1),
        ("timestamp", "1970-01-01 00:00:00.5", 500_000),
        ("timestamp", "1970-01-01", 0),
        ("timestamp", "0001-12-31 23:59:59.999999 BC", -62_135_596_800_000_001),
        ("timestamp", "-infinity", -(2**63)),
        ("timestamptz", "2024-02-29 18:29:59.5+00", "2024-02-29T18:29:59.5Z"),
        ("timestamptz", "2024-02-29 18:29:59+05:30", "2024-02-29T12:59:59Z"),
        ("timestamptz", "2024-01-01 00:00:00-0330", "2024-01-01T03:30:00Z"),
        ("timestamptz", "1847-11-30 23:58:45-00:01:15", "1847-12-01T00:00:00Z"),
        ("timestamptz", "0044-03-15 00:00:00+00 BC", "-0043-03-15T00:00:00Z"),
        ("timestamptz", "0001-12-31 00:00:00+00 BC", "0000-12-31T00:00:00Z"),
        ("timestamptz", "12000-01-01 00:00:00+00", "+12000-01-01T00:00:00Z"),
        ("timestamptz", "infinity", "infinity"),
        ("time", "24:00:00", 86_400_000_000),
        ("json", '{"b":1,  "a":2}', '{"b":1,  "a":2}'),
        ("jsonb", '{"b":1,  "aa":2, "a":3, "b":4}', '{"a": 3, "b": 4, "aa": 2}'),
        ("uuid", "0F8FAD5B-D9CB-469F-A165-70867728950E", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("bytea", "\\x00fF", b"\x00\xff"),
        ("bytea", "\\x", b""),
        ("double precision", "1e+20", 1e20),
        ("real", "-Infinity", "-Infinity"),
    ],
)
def test_a_text_becomes_what_the_wire_carries(written: str, text: str, wire: Any) -> None:
    found = values.parse(text, of(written))
    assert (found, type(found)) == (wire, type(wire))


@pytest.mark.parametrize(
    ("written", "text", "cause"),
    [
        ("smallint", "32768", "not a smallint"),
        ("integer", "1.0", "not a integer"),
        ("integer", "\uff11", "not a integer"),
        ("boolean", "Y", "is not one of t, true, f, false"),
        ("char(3)", "ABCD", r"longer than char\(3\)"),
        ("varchar(3)", "ABC ", r"longer than varchar\(3\)"),
        ("text", "a\0", "NUL"),
        ("text", "a\ud800", "half a surrogate pair"),
        ("numeric(12,2)", "1.234", r"more decimals than numeric\(12,2\)"),
        ("numeric(4,2)", "100.00", r"does not fit numeric\(4,2\)"),
        ("numeric", "1e3", "not a decimal number"),
        ("date", "2023-02-29", "there is no such day"),
        ("date", "0000-01-01", "there is no year 0"),
        ("date", "5874898-01-01", "outside the dates PostgreSQL knows"),
        ("date", "29.02.2024", "not a date"),
        ("timestamp", "2024-01-01 00:00:00+00", "the column has none"),
        ("timestamp", "2024-01-01 25:00:00", "not a time"),
        ("timestamp", "294277-01-01 00:00:00", "outside the years"),
        ("timestamptz", "2024-01-01 00:00:00", r"no offset from UTC: add \+00"),
        ("timestamptz", "2024-01-01 00:00:00+1", "no offset from UTC as in"),
        ("time", "24:00:01", "not a time"),
        ("json", "{", "not JSON"),
        ("jsonb", "NaN", "no JSON number"),
        ("jsonb", '"\\u0000"', "NUL"),
        ("jsonb", '"\\ud800"', "half a surrogate pair"),
        ("jsonb", "1e999999999999999999999", "does not fit"),
        ("jsonb", "[" * 100_000, "not JSON|nested too deeply"),
        ("uuid", "0f8fad5b", "not a uuid"),
        ("bytea", "00ff", "hexadecimal"),
        ("bytea", "\\x0", "hexadecimal"),
        ("double precision", "1e999", "not a double precision"),
        ("double precision", "nan", "not a double precision"),
    ],
)
def test_what_is_no_value_of_the_type_is_refused_with_the_reason(written: str, text: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        values.parse(text, of(written))


@pytest.mark.parametrize("name", sorted(WIRES))
def test_what_a_mapping_prints_is_read_as_the_same_value(name: str) -> None:
    kind = WIRES[name].kind
    read = 0
    for value in [*CORNERS[kind], *(["0f8fad5b-d9cb-469f-a165-70867728950e"] if kind == "uuid" else [])]:
        try:
            printed = RENDER[kind](value)
            wire = values.parse(printed, SqlType(name=name))
        except (ValueError, AttributeError, TypeError):
            continue  # a value the wire never carries, or that the type does not hold
        read += 1
        again = values.comparable(RENDER[kind](wire), SqlType(name=name))
        assert again == values.comparable(printed, SqlType(name=name))
    assert read >= 2


@pytest.mark.parametrize(
    ("written", "one", "other", "equal"),
    [
        ("numeric", "1.5", "1.500", True),
        ("numeric", "NaN", "NaN", True),
        ("numeric", "1.5", "1.51", False),
        ("char(3)", "A", "A  ", True),
        ("varchar(3)", "A", "A ", False),
        ("jsonb", '{"a":1, "b":2}', '{"b": 2, "a": 1}', True),
        ("json", '{"a":1}', '{"a": 1}', False),
        ("timestamptz", "2024-01-01 01:00:00+01", "2024-01-01 00:00:00+00", True),
        ("boolean", "t", "true", True),
        ("double precision", "100", "1e2", True),
    ],
)
def test_texts_are_equal_where_their_type_says_so(written: str, one: str, other: str, equal: bool) -> None:  # noqa: FBT001
    assert (values.comparable(one, of(written)) == values.comparable(other, of(written))) is equal


@pytest.mark.parametrize(
    ("written", "one", "other", "equal"),
    [
        ("numeric", "1.5", "1.50", True),
        ("numeric", "NAN", "NAN", True),
        ("numeric", "1.5", 1.5, False),
        ("bigint", 1, True, False),
        ("json", '{"a":1,"b":2}', '{"b": 2, "a": 1}', True),
        ("timestamptz", "2024-01-01T00:00:00.50Z", "2024-01-01 00:00:00.5+00", True),
        ("timestamptz", "infinity", "infinity", True),
        ("text", "a", "a ", False),
        ("char(2)", "a", "a ", True),
        ("text", None, None, True),
        ("jsonb", None, "null", False),
    ],
)
def test_wire_values_are_one_where_their_type_says_so(written: str, one: Any, other: Any, equal: bool) -> None:  # noqa: FBT001
    assert values.same(one, other, of(written)) is equal


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1.50", "1.50"),
        ("1e2", "100"),
        ("-0.0", "0.0"),
        ("1E-3", "0.001"),
        ("[1,[],{}]", "[1, [], {}]"),
        ('"\\u00e9\\u0001\\/"', '"é\\u0001/"'),
        ('{"bb":1,"é":2,"a":3}', '{"a": 3, "bb": 1, "é": 2}'),
        (" true ", "true"),
    ],
)
def test_json_prints_as_jsonb_does(text: str, printed: str) -> None:
    assert jsonb.canonical(text) == printed


@pytest.mark.parametrize(
    ("type_text", "nullable", "text", "cause"),
    [
        ("text", True, None, ""),
        ("text", False, None, "NULL into text not null"),
        ("varchar(3)", True, "abcd", "'abcd' is longer than varchar(3), into varchar(3)"),
        ("smallint", True, "40000", "'40000' is not a smallint, into smallint"),
        ("tsvector", True, "whatever", ""),
    ],
)
def test_what_a_column_cannot_hold_is_said(type_text: str, nullable: bool, text: str | None, cause: str) -> None:  # noqa: FBT001
    column = TargetColumn(
        name="c", type_text=type_text, type=SqlType.parse(type_text), nullable=nullable, default=False
    )
    assert values.refused(text, column) == cause
