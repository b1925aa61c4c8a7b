"""Strategies for wire values of every type, with the chains of steps that may read them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from hypothesis import strategies as st


def _local(*parts: int) -> int:
    return (dt.datetime(*parts, tzinfo=dt.UTC) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)  # type: ignore[arg-type,misc]  # year, month, day, hour, minute


# Values each type must be tried with, by family.
_TEXTS = ["", " ", "\\N", "\\.", "\\", "\t", "a\tb", "\n", "\r\n", "\0", "A", "A ", "AB", " A ", "\tA\n", "x" * 300]
_TEXTS += ["\x01\x7f\u2028\ufeff", "\xa0A\xa0", "\xdf", "\U0001f600", "'", '"', "{}", "null"]
_NUMBERS = ["0", "0.00", "-0.00", "-0.05", "12.3", "12.30", "12.3400", "12.345", "007.5", "1500", "9" * 40, "9" * 5000]
_NUMBERS += ["NAN", "POSITIVE_INFINITY", "1E-7", "1.5e3", "1E+200", "1E-999999", "1_0", "1_0.00", "\uff11\uff12"]
_NUMBERS += ["\uff11\uff12.\uff11\uff12", "\uff11\uff12.34", " 1", "1 ", "12.30\n", "+5", "+5.00", ".5", "5.", "", "-"]
_HOURS = [_local(2024, 3, 31, 1, 30), _local(2024, 10, 27, 1, 30), _local(1916, 5, 21, 2, 30), _local(2011, 1, 1, 0, 0)]
_TIMESTAMPS = [h + d for h in _HOURS for d in (-3_600_000_000, -1_800_000_000, 0, 1_799_999_999, 3_599_999_999, 50_000)]
_TIMESTAMPS += [0, -1, 1, 86_399_999_999, -62_135_596_800_000_000, -62_135_596_800_000_001, 253_402_300_799_999_999]
_TIMESTAMPS += [253_402_300_800_000_000, -210_866_803_200_000_000, -210_866_803_200_000_001, 2**63 - 1, -(2**63)]
_TIMESTAMPS += [9_223_372_036_825_200_000, 9_223_372_036_825_199_999]
_INSTANTS = [
    "2024-02-29T10:00:00Z",
    "2024-02-29T10:00:00.12Z",
    "2024-02-29T10:00:00.120Z",
    "2024-02-29T10:00:00.1234567Z",
]
_INSTANTS += [
    "infinity",
    "-infinity",
    "+12000-01-01T00:00:00Z",
    "-0043-03-15T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "x",
    "",
]
_INSTANTS += [
    "2024-02-29T10:00Z",
    "2024-02-29 10:00:00+00",
    "2024-02-29T10:00:00+01:00",
    "0044-03-15T00:00:00.000000Z BC",
]
_INSTANTS += ["2024-02-29T10:00:00Z\n", "\uff12024-02-29T10:00:00Z", "2024-02-29T10:00:00.000000Z"]
_DOCUMENTS = [
    '{"a": "b\\\\n"}',
    '"\\t"',
    '{"a":',
    '"\\u0000"',
    '"\\\\u0000"',
    "[1e400]",
    "NaN",
    '"\\ud800"',
    "1 2",
    "",
    "\0",
    "[\n1]",
]
_DAYS = [
    0,
    1,
    -1,
    19_782,
    -719_162,
    -719_163,
    2_932_896,
    2_932_897,
    2_145_042_905,
    2_145_042_906,
    -2_440_588,
    -2_440_589,
]
CORNERS: dict[str, list[Any]] = {
    "text": _TEXTS,
    "char": _TEXTS,
    "int": [0, 1, -1, 2**31 - 1, -(2**31)],
    "numeric": _NUMBERS,
    "date": [*_DAYS, -622_191_234, 2**31 - 1, -(2**31)],
    "timestamp": _TIMESTAMPS,
    "timestamptz": _INSTANTS,
    "time": [0, 1, 86_399_000_000, 86_399_999_999, 86_400_000_000, 86_400_000_001, -1],
    "json": [*_DOCUMENTS, *_TEXTS],
    "jsonb": [*_DOCUMENTS, *_TEXTS],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", *_TEXTS],
    "bytes": [b"", b"\0\xff\\", b"\\N"],
    "float": [0.0, -0.0, 1.5, 1e22, 5e-324, float("nan"), float("-inf"), "NaN", "Infinity", "-Infinity", "1.0", ""],
    "bool": [True, False],
}

TEXT = st.sampled_from(_TEXTS) | st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBER = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9).map(str)
NUMERIC = NUMBER | st.sampled_from(_NUMBERS)
TIMESTAMP = (
    st.integers(-(2**63), 2**63 - 1)
    | st.integers(-(10**16), 10**16)
    | st.builds(lambda a, b: a + b, st.sampled_from(_HOURS), st.integers(-4_000_000_000, 4_000_000_000))
    | st.sampled_from(_TIMESTAMPS)
)
_MOMENT = st.datetimes(timezones=st.just(dt.UTC)).map(lambda d: d.replace(tzinfo=None).isoformat() + "Z")
INSTANT = _MOMENT | st.sampled_from(_INSTANTS)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda c: st.lists(c, max_size=3) | st.dictionaries(TEXT, c, max_size=3),
    max_leaves=5,
)
DOCUMENT = _JSON.map(json.dumps) | st.sampled_from(_DOCUMENTS)

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
            "[{default: one}, upper, {default: two}]",
            "[trim, {null_if: A}]",
            '{default: "\\t"}',
            "json",
            "[{codes: {A: 'a\tb', \" A \": c}}, {default: d}]",
            "shout",
            "[trim, shout, lower]",
            "squeeze",
            "[{normalize: NFC}, {max_length: 9}]",
            "{repair: {read_as: latin1, otherwise: keep}}",
            "{repair: {read_as: cp1252}}",
            "{codes: {table: {A: a}, otherwise: rest}}",
            "{lookup: {file: ref.csv, key: k, value: v}}",
            "[{codes: {file: ref.csv, code: k, meaning: v}}, required]",
            "[{cast: bigint}, {default: 0}]",
            "{cast: 'numeric(6,2)'}",
            "{cast: date}",
            "{pick: a.0}",
            "[required, {list: {separator: ' '}}]",
            "{part: {number: 2, of: 2, separator: ' ', extra: last}}",
            "{mask: {keep_first: 1, keep_last: 2}}",
            "{hmac: {key: '${env:K}', id: k1}}",
            "{token: {key: '${env:K}', id: k1, prefix: t_}}",
            "{uuid5: {namespace: 6f1c2a9e-5d1b-4c0e-9a57-0d6f6c1e2b11}}",
            "{nest: [only]}",
            "{join: {with: x}}",
            "{parse_date: '%Y-%m-%d'}",
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
            "{major_units: 2}",
            "[{cast: smallint}, required]",
            "{cast: boolean}",
            "[{cast: text}, upper]",
            "[{null_if: 0}, {parse_date: '%Y%m%d'}]",
            "{codes: {table: {1: one}, otherwise: other}}",
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
            "{cast: bigint}",
            "{cast: 'numeric(5,1)'}",
            "{cast: text}",
        ],
    ),
    "date": (
        st.integers(-(2**31), 2**31 - 1) | st.integers(-800_000, 3_000_000),
        [
            "[]",
            "date",
            "{default: 1970-01-02}",
            "{null_if: 1970-01-01}",
            "{sentinels: {infinity: null, 1970-01-02: null, 1970-01-01: 1970-01-03}}",
            "[{cast: timestamp}, {instant: Europe/London}]",
        ],
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
            "{sentinels: {infinity: infinity, -infinity: null, 1970-01-01: null}}",
            "[{sentinels: {infinity: -infinity}}, {default: 2000-01-01}]",
            "{cast: date}",
        ],
    ),
    "timestamptz": (
        INSTANT,
        [
            "[]",
            "timestamp",
            "[{null_if: infinity}, timestamp]",
            "{sentinels: {infinity: infinity, -infinity: null, '2024-02-29T10:00:00Z': null}}",
            "{local: Europe/London}",
        ],
    ),
    "time": (st.integers(-1, 86_400_000_001), ["[]"]),
    "json": (DOCUMENT, ["[]", "json", "[{pick: a}, {default: none}]"]),
    "jsonb": (DOCUMENT, ["[]", "json", "{nest: [inner]}"]),
    "uuid": (st.uuids().map(str) | TEXT, ["[]", "{cast: text}"]),
    "bytea": (st.binary(max_size=8), ["[]"]),
    "double precision": (
        st.floats() | st.sampled_from(["NaN", "Infinity", "-Infinity", "1.0"]),
        ["[]", "{cast: numeric}"],
    ),
    "boolean": (
        st.booleans(),
        ["[]", "{default: true}", "{codes: {true: 'y\\n', false: n}}", "{null_if: false}", "{cast: integer}"],
    ),
}
