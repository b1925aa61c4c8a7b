"""Wire values to try a translator with: random ones of a type, and variations of values that were met.

Guarantees: values the wire can carry for the type (no NUL, no half surrogate pair); the same draws give the same
values. Its only randomness is the `draw` it is given. Called by `trips`.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from overgrow.envelope import SqlType
from overgrow.mapping import render
from overgrow.mapping.examples import jsonb

Draw = Callable[[int], int]  # a number in 0 .. limit - 1, as random.Random(seed).randrange

_SPICE = (
    "'",
    '"',
    "\\",
    "\\n",
    "\n",
    "\t",
    " ",
    "",
    "a",
    "Z",
    "7",
    "é",
    "ß",
    "😀",
    "e\u0301",
    "\u00a0",
    "{",
    "null",
    "-",
)
_CLASSES = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_EDGES = {"int16": 2**15, "int32": 2**31, "int64": 2**63}
_LONGEST, _FEW = 12, 5
_DAY_SPAN, _FIRST_DAY = 60_000, -20_000  # 1915 to 2079


class Chance:
    """Makes values; every call moves its draws on."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def value(self, of: SqlType) -> Any:  # noqa: ANN401 - one Python type per SQL type
        """A value of a type; one in eight is NULL."""
        return None if self._draw(8) == 0 else self._makers()[of.wire.kind](of)

    def variations(self, row: tuple[Any, ...], types: Sequence[SqlType]) -> Iterator[tuple[Any, ...]]:
        """Variations of one input: each value changed alone, neighbours of one type swapped, all NULL."""
        for at, (value, of) in enumerate(zip(row, types, strict=True)):
            for other in self._others(value, of):
                yield (*row[:at], other, *row[at + 1 :])
        for at in range(len(row) - 1):
            if types[at] == types[at + 1]:
                yield (*row[:at], row[at + 1], row[at], *row[at + 2 :])
        yield tuple(None for _ in row)

    def _others(self, value: Any, of: SqlType) -> Iterator[Any]:  # noqa: ANN401 - a wire value of the type
        yield None
        kind = of.wire.kind
        if value is None or kind not in {"text", "char", "int", "bool", "bytes"}:
            yield from (self.value(of) for _ in range(_FEW))
        elif kind == "bool":
            yield not value
        elif kind == "int":
            half = _EDGES[of.wire.connect]
            yield from (one for one in (0, value + 1, value - 1, -value) if -half <= one < half)
        elif kind == "bytes":
            yield from (b"", value[:-1], value + b"\0")
        else:
            size = of.size or 0
            texts = self._other_texts(value.rstrip(" ") if kind == "char" else value)
            yield from (one.ljust(size if kind == "char" else 0) for one in texts if not size or len(one) <= size)

    def _other_texts(self, value: str) -> Iterator[str]:
        yield from ("", value[1:], value[:-1], value.upper(), value.lower(), value.strip(), f" {value} ", value * 2)
        for spice in _SPICE:
            at = self._draw(len(value) + 1)
            yield from (f"{value}{spice}", f"{spice}{value}", f"{value[:at]}{spice}{value[at:]}")
        for at, character in enumerate(value[:40]):
            for letters in _CLASSES:
                if character in letters:
                    yield f"{value[:at]}{self._pick(letters)}{value[at + 1 :]}"

    def _pick(self, choices: Sequence[str]) -> str:
        return choices[self._draw(len(choices))]

    def _makers(self) -> dict[str, Callable[[SqlType], Any]]:
        return {
            "text": self._text,
            "char": lambda of: self._text(of).ljust(of.size or 0),
            "int": self._integer,
            "bool": lambda _: self._draw(2) == 1,
            "numeric": self._numeric,
            "date": lambda _: _FIRST_DAY + self._draw(_DAY_SPAN),
            "timestamp": lambda _: self._micros(),
            "timestamptz": lambda _: render.timestamp(self._micros()).replace(" ", "T") + "Z",
            "time": lambda _: self._draw(render.DAY_US),
            "json": lambda of: json.dumps(self._document(of), ensure_ascii=False),
            "jsonb": lambda of: jsonb.canonical(json.dumps(self._document(of))),
            "uuid": lambda _: "-".join(self._hexadecimal(count) for count in (8, 4, 4, 4, 12)),
            "bytes": lambda _: bytes(self._draw(256) for _ in range(self._draw(_LONGEST))),
            "float": lambda _: (self._draw(2_000_001) - 1_000_000) / 2 ** self._draw(12),
        }

    def _text(self, of: SqlType) -> str:
        parts = [self._pick((*_SPICE, *_CLASSES[self._draw(3)])) for _ in range(self._draw(_LONGEST))]
        return "".join(parts)[: of.size]

    def _integer(self, of: SqlType) -> int:
        half = _EDGES[of.wire.connect]
        if self._draw(4) == 0:
            return (0, 1, -1, half - 1, -half)[self._draw(5)]
        return self._draw(2_000) - 1_000

    def _numeric(self, of: SqlType) -> str:
        scale = of.scale if of.size is not None else self._draw(5)
        decimals = "".join(self._pick(string.digits) for _ in range(scale or 0))
        whole = str(self._draw(10 ** min(9, (of.size or 9) - (of.scale or 0))))
        sign = "-" if self._draw(3) == 0 and (whole + decimals).strip("0") else ""
        return f"{sign}{whole}" + (f".{decimals}" if decimals else "")

    def _micros(self) -> int:
        day = (_FIRST_DAY + self._draw(_DAY_SPAN)) * render.DAY_US
        return day + self._draw(86_400) * 1_000_000 + (self._draw(1_000_000) if self._draw(2) else 0)

    def _document(self, of: SqlType) -> Any:  # noqa: ANN401 - any JSON value
        plain = [None, True, self._draw(1000), self._text(SqlType(name="text"))]
        match self._draw(6):
            case 4:
                return [self._document(of) for _ in range(self._draw(3))]
            case 5:
                return {self._text(SqlType(name="text")): self._document(of) for _ in range(self._draw(4))}
            case number:
                return plain[number]

    def _hexadecimal(self, count: int) -> str:
        return "".join(self._pick(string.hexdigits[:16]) for _ in range(count))
