"""Single values: what each type prints as, what each step does, and what is refused with which words."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from typing import Any

import pytest

from overgrow import errors
from overgrow.mapping import OUTSIDE, RowCodec, copy_line, interpret, render
from overgrow.mapping.copytext import escape
from overgrow.mapping.instants import Zone
from tests.unit.mapping import sample

ROW: dict[str, Any] = {
    "kd_nr": 7,
    "name": " Ann ",
    "status": "A",
    "saldo": "-0.05",
    "angelegt": 1_709_251_199_999_999,
    "geaendert": "2024-02-29T18:29:59.5Z",
    "attrs": '{"a": 1}',
    "notiz": "a\tb\\N\nc",
    "aktiv": True,
    "geburt": -1,
    "zeit": 86_400_000_000,
    "foto": b"\x00\xff",
    "ext_id": None,
}


@pytest.fixture(scope="module")
def codec() -> RowCodec:
    return RowCodec(sample.plan(), placeholder=sample.OWN_PLACEHOLDER)


def microseconds(text: str) -> int:
    moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        (render.day, 0, "1970-01-01"),
        (render.day, -719_162, "0001-01-01"),
        (render.day, -719_163, "0001-12-31 BC"),
        (render.day, -2_440_588, "4714-11-24 BC"),
        (render.day, 2_145_042_905, "5874897-12-31"),
        (render.timestamp, -1, "1969-12-31 23:59:59.999999"),
        (render.timestamp, -62_135_596_800_000_001, "0001-12-31 23:59:59.999999 BC"),
        (render.time, 86_400_000_000, "24:00:00"),
        (render.timestamptz, "+12000-01-01T00:00:00Z", "12000-01-01 00:00:00+00"),
        (render.timestamptz, "-0043-03-15T00:00:00Z", "0044-03-15 00:00:00+00 BC"),
        (render.timestamptz, "2024-02-29T10:00:00.120Z", "2024-02-29 10:00:00.12+00"),
        (render.numeric, "1E-7", "0.0000001"),
        (render.numeric, "1.5e3", "1500"),
        (render.double, math.inf, "Infinity"),
        (render.double, "NaN", "NaN"),
        (render.binary, b"\x00\xff", "\\x00ff"),
    ],
)
def test_a_value_prints_as_postgresql_prints_it(function: Any, value: Any, text: str) -> None:
    assert function(value) == text


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (render.day, 2_146_033_979),  # what Debezium sends for infinity, by version
        (render.day, -2_147_472_691),
        (render.day, -622_191_234),
        (render.timestamp, 2**63 - 1),
        (render.timestamp, -(2**63)),
        (render.timestamp, 9_223_372_036_825_200_000),
        (render.timestamp, -9_223_372_036_853_775_810),  # a wrapped year 294276
        (render.timestamptz, "infinity"),
        (render.numeric, "NAN"),
        (render.numeric, "POSITIVE_INFINITY"),
        (render.time, 86_400_000_001),
        (render.text, "a\0"),
        (render.json, '"\\u0000"'),
        (render.json, "{"),
        (render.double, "1.0"),
    ],
)
def test_a_value_that_would_become_another_is_refused(function: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        function(value)


def test_json_with_an_escaped_backslash_before_u0000_is_fine() -> None:
    assert render.json('"\\\\u0000"') == '"\\\\u0000"'


def test_copy_text_escapes_what_copy_would_read_otherwise() -> None:
    assert copy_line(["\\N", None, "\\.", "a\tb\nc\rd", "", "\\"]) == "\\\\N\t\\N\t\\\\.\ta\\tb\\nc\\rd\t\t\\\\"
    with pytest.raises(ValueError, match="NUL"):
        escape("a\0b")


def test_a_row_through_the_whole_sample_mapping(codec: RowCodec) -> None:
    assert interpret(codec.plan, ROW) == {
        "id": "7",
        "name": "Ann",
        "status": "active",
        "balance_cents": "-5",
        "created_at": "2024-02-29 23:59:59.999999+00",
        "changed_at": "2024-02-29 18:29:59.5+00",
        "attributes": '{"a": 1}',
        "note": "a\tb\\N\nc",
        "active": "t",
        "born": "1969-12-31",
        "at": "24:00:00",
        "photo": "\\x00ff",
        "external": None,
        "segment": "retail",
    }
    line = codec.line(codec.row_type(*ROW.values()))
    assert line is not None
    assert line.split("\t")[7] == "a\\tb\\\\N\\nc"
    assert line.split("\t")[11:] == ["\\\\x00ff", "\\N", "retail"]


@pytest.mark.parametrize(
    ("column", "value", "field", "cause"),
    [
        ("status", "Q", "status", "unknown code 'Q'"),
        ("name", "x" * 81, "name", "81 characters, max_length is 80"),
        ("saldo", "1.234", "balance_cents", "1.234 has more than 2 decimals"),
        ("saldo", "NAN", "balance_cents", "'NAN' is not a finite decimal number"),
        ("angelegt", microseconds("2024-10-27T01:30:00"), "created_at", "exists twice in Europe/London"),
        ("angelegt", microseconds("2024-03-31T01:30:00"), "created_at", "does not exist in Europe/London"),
        ("geaendert", "infinity", "changed_at", "'infinity' is not an instant in UTC"),
        ("notiz", "a\0", "note", "NUL"),
    ],
)
def test_a_bad_value_is_explained_by_field_column_and_cause(
    codec: RowCodec, column: str, value: Any, field: str, cause: str
) -> None:
    after = codec.row_type(*{**ROW, column: value}.values())
    with pytest.raises((KeyError, ValueError)):
        codec.line(after)
    found = codec.explain(after)
    assert (found.field, found.column) == (field, column)
    assert re.search(re.escape(cause), found.cause)


def test_a_failure_the_interpreter_does_not_share_is_a_bug(codec: RowCodec) -> None:
    with pytest.raises(RuntimeError, match="customers"):
        codec.explain(codec.row_type(*ROW.values()))


def test_a_row_outside_the_filter(codec: RowCodec) -> None:
    outside = {**ROW, "status": "X"}
    assert interpret(codec.plan, outside) is OUTSIDE
    assert codec.line(codec.row_type(*outside.values())) is None
    assert codec.plan.where_sql == "\"status\" is distinct from 'X'"


def test_a_partial_row_keeps_the_placeholder_out(codec: RowCodec) -> None:
    after = codec.row_type(*{**ROW, "notiz": sample.OWN_PLACEHOLDER, "foto": sample.OWN_PLACEHOLDER.encode()}.values())
    absent = codec.absent(after)
    assert absent == {"notiz", "foto"}
    present = codec.present(absent)
    assert set(codec.target_columns) - set(present) == {"note", "photo"}
    line = codec.partial_line(after, absent)
    assert line is not None
    assert "og_absent" not in line
    assert dict(zip(codec.target_columns, line.split("\t"), strict=True))["note"] == "\\N"
    with pytest.raises(RuntimeError, match="filter"):
        codec.partial_line(after, frozenset({"status"}))
    assert isinstance(codec.explain(codec.row_type(*{**ROW, "status": "Q"}.values())), errors.TranslationError)


def test_keys_are_canonical_and_come_from_the_key_alone(codec: RowCodec) -> None:
    key = codec.key_type(20001)
    assert (codec.key_text(key), codec.target_key(key)) == ("[20001]", "20001")
    assert codec.plan.key_identity
    composite = sample.plan(
        sample.changed(
            sample.MAPPING,
            ("key: [kd_nr]", "key: [name, kd_nr]"),
            ("key: [id]", "key: [name, id]"),
            ("partial: set_aside", "partial: set_aside, collision: set_aside"),
        ),
        columns=sample.changed(sample.CATALOGUE, ("key: [kd_nr]", "key: [name, kd_nr]"), ("default", "full")),
        target=sample.changed(
            sample.DDL, ("bigint PRIMARY KEY", "bigint"), ("DEFAULT now()", "DEFAULT now(), PRIMARY KEY (id, name)")
        ),
    )
    codec = RowCodec(composite, placeholder=sample.OWN_PLACEHOLDER)
    key = codec.key_type(' Ä"\t', 3)
    assert codec.key_text(key) == '[" Ä\\"\\t",3]'
    assert codec.target_key(key) == 'Ä"\\t\t3'
    assert not codec.plan.key_identity, "a trimmed name is not its key under another name"


def test_instants_agree_with_the_zone_database_around_every_change() -> None:
    zone = Zone(name="Europe/London", ambiguous="earlier", missing="shift_forward")
    assert render.timestamp(zone.to_utc(microseconds("2024-10-27T01:30:00"))) == "2024-10-27 00:30:00"
    later = Zone(name="Europe/London", ambiguous="later")
    assert render.timestamp(later.to_utc(microseconds("2024-10-27T01:30:00"))) == "2024-10-27 01:30:00"
    assert render.timestamp(zone.to_utc(microseconds("2024-03-31T01:30:00"))) == "2024-03-31 01:30:00"
    for outside in (2**63 - 1, -(2**63)):
        with pytest.raises(ValueError, match="outside the years"):
            zone.to_utc(outside)


def test_minor_units_are_exact_where_floats_are_not(codec: RowCodec) -> None:
    for cents in (*range(-1100, 1100, 7), 10**17 + 1):
        after = codec.row_type(*{**ROW, "saldo": f"{Decimal(cents).scaleb(-2):.2f}"}.values())
        line = codec.line(after)
        assert line is not None
        assert line.split("\t")[3] == str(cents)


def test_columns_with_awkward_names_work() -> None:
    columns = "table: public.t\nkey: [class]\nreplica_identity: full\ncolumns:\n" + "".join(
        f'  "{name}": {{type: int, nullable: false}}\n' for name in ("class", "Größe", "a b", "_0", "line", "1st")
    )
    plan = sample.plan(
        "mapping: t\nversion: 1\nsource: {table: public.t, key: [class]}\ntarget: {table: crm.t, key: [a]}\n"
        "fields: {a: class, b: Größe, c: a b, d: _0, e: line, f: 1st}\non: {drift: stop, truncate: stop}\n",
        columns=columns,
        target="CREATE TABLE crm.t (a int PRIMARY KEY, b int, c int, d int, e int, f int)",
    )
    codec = RowCodec(plan, placeholder=sample.OWN_PLACEHOLDER)
    assert codec.line(codec.row_type(1, 2, 3, 4, 5, 6)) == "1\t2\t3\t4\t5\t6"
    assert codec.source_select() == '"class", "Größe", "a b", "_0", "line", "1st"'
