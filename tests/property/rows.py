"""Strategies for wire values of every type, with the chains of steps that may read them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from hypothesis import strategies as st

HOSTILE = st.sampled_from(
    [
        "",
        " ",
        "\\N",
        "\\.",
        "\\",
        "\t",
        "a\tb",
        "\n",
        "\r\n",
        "\0",
        "A",
        " A ",
        "x" * 300,
        "\x01\x7f\u2028\ufeff",
        "ß",
        "😀",
        "'",
        '"',
        "{}",
        "null",
    ]
)
TEXT = HOSTILE | st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBER = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9).map(str)
NUMERIC = NUMBER | st.sampled_from(
    [
        "0",
        "-0.00",
        "12.30",
        "12.3400",
        "007.5",
        "NAN",
        "POSITIVE_INFINITY",
        "1E-7",
        "1.5e3",
        "1E+200",
        "1E-999999",
        "1_0",
        "\uff11\uff12",
        " 1",
        "+5",
        ".5",
        "5.",
        "",
        "9" * 400,
    ]
)


def _local(*parts: int) -> int:
    return (dt.datetime(*parts, tzinfo=dt.UTC) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)  # type: ignore[arg-type,misc]  # year, month, day, hour, minute


CHANGES = st.sampled_from([_local(2024, 3, 31, 1, 30), _local(2024, 10, 27, 1, 30), _local(1916, 5, 21, 2, 30)])
TIMESTAMP = (
    st.integers(-(2**63), 2**63 - 1)
    | st.integers(-(10**16), 10**16)
    | st.builds(lambda a, b: a + b, CHANGES, st.integers(-4_000_000_000, 4_000_000_000))
    | st.sampled_from([0, -1, 86_399_999_999, -62_135_596_800_000_000, 253_402_300_799_999_999])
)
INSTANT = st.datetimes(timezones=st.just(dt.UTC)).map(
    lambda d: d.replace(tzinfo=None).isoformat() + "Z"
) | st.sampled_from(
    [
        "infinity",
        "-infinity",
        "+12000-01-01T00:00:00Z",
        "-0043-03-15T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2024-02-29T10:00:00.120Z",
        "2024-02-29T10:00:00.1234567Z",
        "2024-02-29T10:00Z",
        "2024-02-29 10:00:00+00",
        "2024-02-29T10:00:00+01:00",
        "0044-03-15T00:00:00.000000Z BC",
        "x",
    ]
)
DOCUMENT = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda c: st.lists(c, max_size=3) | st.dictionaries(TEXT, c, max_size=3),
    max_leaves=5,
).map(json.dumps) | st.sampled_from(['{"a":', '"\\u0000"', '"\\\\u0000"', "[1e400]", "NaN", '"\\ud800"'])

# type -> (wire values, the `do` of fields that may read it)
KINDS: dict[str, tuple[st.SearchStrategy[Any], list[str]]] = {
    "text": (
        TEXT,
        [
            "[]",
            "trim",
            "[trim, upper]",
            "lower",
            "{max_length: 5}",
            "[{null_if: ''}, {default: none}]",
            "[trim, {null_if: A}]",
            '{default: "\\t"}',
            "json",
            "[{codes: {A: 'a\tb', \" A \": c}}, {default: d}]",
            "shout",
            "[trim, shout, lower]",
        ],
    ),
    "varchar(5)": (TEXT, ["[]", "{codes: {A: a, '': empty}}", "[upper, {codes: {A: x}}]"]),
    "char(2)": (
        TEXT | st.sampled_from(["A ", "AB", "  "]),
        [
            "[]",
            "trim",
            "{codes: {A: active, AB: both}}",
            "{bool: {A: true, AB: false}}",
            "[{null_if: A}, trim]",
            "{default: B}",
        ],
    ),
    "integer": (
        st.integers(-(2**31), 2**31 - 1) | st.sampled_from([0, 1]),
        [
            "[]",
            "{codes: {0: no, 1: yes}}",
            "{bool: {0: false, 1: true}}",
            "{null_if: 0}",
            "{default: -7}",
            "{minor_units: 2}",
        ],
    ),
    "numeric": (
        NUMERIC,
        [
            "[]",
            "{minor_units: 0}",
            "{minor_units: 2}",
            "[{minor_units: 3}, {null_if: 0}, {default: 5}]",
            "{decimal: {scale: 0}}",
            "{decimal: {scale: 2}}",
            "[{null_if: 12.3}, {decimal: {scale: 3}}, {default: 1.50}]",
            "{null_if: 0}",
        ],
    ),
    "date": (
        st.integers(-(2**31), 2**31 - 1) | st.integers(-800_000, 3_000_000),
        ["[]", "date", "{default: 1970-01-02}", "{null_if: 1970-01-01}"],
    ),
    "timestamp": (
        TIMESTAMP,
        [
            "[]",
            "timestamp",
            "{instant: Europe/London}",
            "{instant: {zone: Europe/London, ambiguous: earlier, missing: shift_forward}}",
            "{instant: {zone: Asia/Kolkata, ambiguous: later}}",
            "[{null_if: 1970-01-01}, {instant: UTC}]",
        ],
    ),
    "timestamptz": (INSTANT, ["[]", "timestamp", "[{null_if: infinity}, timestamp]"]),
    "time": (st.integers(-1, 86_400_000_001), ["[]"]),
    "json": (DOCUMENT, ["[]", "json"]),
    "jsonb": (DOCUMENT, ["[]", "json"]),
    "uuid": (st.uuids().map(str) | TEXT, ["[]"]),
    "bytea": (st.binary(max_size=8), ["[]"]),
    "double precision": (st.floats() | st.sampled_from(["NaN", "Infinity", "-Infinity", "1.0"]), ["[]"]),
    "boolean": (st.booleans(), ["[]", "{default: true}", "{codes: {true: 'y\\n', false: n}}", "{null_if: false}"]),
}
