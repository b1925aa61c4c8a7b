"""Random columns: a type, its values as PostgreSQL reads them, and keys that are never the same twice."""

from __future__ import annotations

import json
import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass

Make = Callable[[random.Random], str]
_TEXTS = (
    "",
    " ",
    "a",
    "Ünïcödé",
    "日本語",
    "it's",
    'say "hi"',
    "tab\tnew\nline\\",
    "\U0001f600",
    "x" * 40,
    "\\N",
    "{}",
    "%s",
    "Ã©",
)
_JSONS = (
    "null", "1", "1.50", '"text"', "[]", "{}", '{"a": [1, 2.50, null], "b": {"c": "ü"}}', "[true, false]", '"\\u00e9"',
    '{"a": 1, "a": 2}', '  {"spaced" :  1}', "123456789012345678901234567890", '"\\n\\t\\\\"',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A type as written in DDL and its values."""

    ddl: str
    make: Make


def _text(dice: random.Random, longest: int) -> str:
    if dice.random() < 0.5:
        return dice.choice(_TEXTS)[:longest]
    return "".join(dice.choices(string.ascii_letters + " äöü€", k=dice.randint(0, min(longest, 30))))


def _long(dice: random.Random) -> str:
    """Now and then a text that is stored outside of its row."""
    return "".join(dice.choices(string.printable[:94], k=9000)) if dice.random() < 0.1 else _text(dice, 200)


def _whole(dice: random.Random, bits: int) -> str:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return str(dice.choice([0, 1, -1, low, high, dice.randint(low, high)]))


def _decimal(dice: random.Random, digits: int, scale: int) -> str:
    number = dice.choice([0, 1, 10**digits - 1, dice.randrange(10**digits)])
    sign = dice.choice(["", "-"])
    text = str(number).rjust(scale + 1, "0")
    return sign + (f"{text[:-scale]}.{text[-scale:]}" if scale else text)


def _free_decimal(dice: random.Random) -> str:
    return dice.choice(["NaN", "0", "0.000", "1e30", "-12345678901234567890.123456789", "1e-20", _decimal(dice, 9, 3)])


def _float(dice: random.Random, most: str) -> str:
    return dice.choice(
        ["0", "-0", "NaN", "Infinity", "-Infinity", most, "0.1", repr(round(dice.uniform(-1e4, 1e4), 2))]
    )


def _day(dice: random.Random) -> str:
    odd = ("0001-01-01", "9999-12-31", "1900-01-01", "2024-02-29", "1582-10-10", "0044-03-15 BC", "12345-06-07")
    return dice.choice([*odd, f"{dice.randint(1000, 9999)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"])


def _clock(dice: random.Random, decimals: int) -> str:
    fraction = f".{dice.randrange(10**decimals):0{decimals}}" if decimals else ""
    return f"{dice.randrange(24):02}:{dice.randrange(60):02}:{dice.randrange(60):02}{fraction}"


def _moment(dice: random.Random, decimals: int) -> str:
    if dice.random() < 0.1:
        return dice.choice(["infinity", "-infinity"])
    day, _, era = _day(dice).partition(" ")
    return f"{day} {_clock(dice, decimals)}{f' {era}' if era else ''}"


def _code(codes: str) -> Make:
    return lambda dice: dice.choice(codes)


def carried(dice: random.Random) -> Kind:
    """A type that this version carries."""
    size, digits, decimals = dice.randint(1, 60), dice.randint(2, 18), dice.randint(0, 6)
    scale = dice.randint(1, digits)
    kinds = [
        Kind("smallint", lambda d: _whole(d, 16)),
        Kind("integer", lambda d: _whole(d, 32)),
        Kind("bigint", lambda d: _whole(d, 64)),
        Kind("boolean", lambda d: d.choice("tf")),
        Kind("text", _long),
        Kind("varchar", _long),
        Kind(f"varchar({size})", lambda d: _text(d, size)),
        Kind(f"char({size})", lambda d: _text(d, size)),
        Kind("bpchar", lambda d: _text(d, 20)),
        Kind("char(1)", _code("YN")),
        Kind("char(2)", _code("ABC")),
        Kind(f"numeric({digits},{scale})", lambda d: _decimal(d, digits, scale)),
        Kind(f"numeric({digits})", lambda d: _decimal(d, digits, 0)),
        Kind("numeric", _free_decimal),
        Kind("real", lambda d: _float(d, "3.4028235e38")),
        Kind("double precision", lambda d: _float(d, "1.7976931348623157e308")),
        Kind("date", lambda d: "infinity" if d.random() < 0.02 else _day(d)),
        Kind("timestamp", lambda d: _moment(d, 6)),
        Kind(f"timestamp({decimals})", lambda d: _moment(d, decimals)),
        Kind("timestamptz", lambda d: _moment(d, 6)),
        Kind(f"timestamptz({decimals})", lambda d: _moment(d, decimals)),
        Kind("time", lambda d: d.choice(["24:00:00", "00:00:00", _clock(d, 6)])),
        Kind("uuid", lambda d: str(uuid.UUID(int=d.getrandbits(128)))),
        Kind("bytea", lambda d: f"\\x{d.randbytes(d.choice([0, 1, 9, 60])).hex()}"),
        Kind("json", lambda d: d.choice(_JSONS)),
        Kind(
            "jsonb", lambda d: d.choice([*_JSONS, json.dumps({"long": "".join(d.choices(string.printable, k=3000))})])
        ),
    ]
    return dice.choice(kinds)


def not_carried(dice: random.Random, own_type: str) -> Kind:
    """A type that this version does not carry; `own_type` is an enumeration of the schema."""
    kinds = [
        Kind("interval", lambda d: f"{d.randint(-99, 99)} days"),
        Kind("integer[]", lambda _: "{1,2,NULL}"),
        Kind("text[]", lambda _: '{"a b",c}'),
        Kind("inet", lambda _: "10.0.0.1/8"),
        Kind("money", lambda d: str(d.randint(0, 99))),
        Kind("bit(5)", lambda _: "10101"),
        Kind("point", lambda _: "(1,2)"),
        Kind("timetz", lambda _: "10:00:00+02"),
        Kind('"char"', _code("ab")),
        Kind("int4range", lambda _: "[1,5)"),
        Kind("tsvector", lambda _: "a b"),
        Kind(own_type, _code("xyz")),
    ]
    return dice.choice(kinds)


# Keys by their number: never the same twice, whatever the type rounds or pads.
KEYS: dict[str, Callable[[int], str]] = {
    "integer": lambda n: str(n * 7 - 300),
    "bigint": lambda n: str(2**62 + n),
    "smallint": str,
    "numeric(12,0)": lambda n: str(10**11 + n),
    "text": lambda n: f"ключ '{n}' \"quoted\" \\ \U0001f511",
    "varchar(40)": lambda n: f" Key {n}",
    "char(12)": lambda n: f"  k{n}",
    "uuid": lambda n: str(uuid.UUID(int=n * 2**90 + 1)),
    "date": lambda n: f"{1900 + n}-02-28",
    "timestamp": lambda n: f"2024-01-01 00:00:00.{n:06}",
    "time": lambda n: f"{n // 60 % 24:02}:{n % 60:02}:00",
}
