"""Words that replace a value by what it means: code tables written in the mapping or kept in a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from overgrow.envelope import SqlType
from overgrow.mapping import reading, render
from overgrow.mapping.tree import Map, Node, Scalar
from overgrow.mapping.words.step import BOOLEAN, TEXT, OneValue, Step
from overgrow.mapping.words.word import SCALAR, TEXT_ARGUMENT, Place, Word, options_schema

CODED = frozenset({"text", "char", "int", "bool"})
_MOST = 100_000  # rows of a file
Pairs = list[tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes(OneValue):
    """Replace each code by its meaning; codes have the type of the column, meanings are text or booleans.

    `otherwise`: the meaning of every other code; None: an unknown code is an error.
    """

    word: str  # `codes`, `lookup` or `bool`
    pairs: tuple[tuple[Any, Any], ...]
    yields: SqlType
    otherwise: Any = None
    file: str | None = None

    @property
    def one_way(self) -> str:
        """Why two codes cannot be told apart again."""
        if self.otherwise is not None:
            return "every other code means the same"
        seen = set()
        for _, meaning in self.pairs:
            if meaning in seen:
                return f"several codes mean {render.RENDER[self.yields.wire.kind](meaning)}"
            seen.add(meaning)
        return ""

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - code and meaning have the types of the columns
        """Look the code up."""
        for code, meaning in self.pairs:
            if code == value:
                return meaning
        if self.otherwise is not None:
            return self.otherwise
        raise ValueError(f"unknown code {value!r}")

    def invert(self, value: Any) -> Any:  # noqa: ANN401 - as above
        """Look the meaning up."""
        for code, meaning in self.pairs:
            if meaning == value:
                return code
        raise ValueError(f"no code means {value!r}")


def _codes(place: Place) -> Step | None:
    """`{A: active}`, `{table: {A: active}, otherwise: X}` or `{file: F}`."""
    argument = place.argument
    keys = set(argument.keys()) if isinstance(argument, Map) else set()
    if "file" in keys or ("table" in keys and any(isinstance(node, Map) for _, node in argument.entries)):  # type: ignore[union-attr]  # keys: it is a map
        found = place.options(("file", "table", "code", "meaning", "otherwise"))
        return None if found is None else _declared(place, found, code="code", meaning="meaning")
    pairs = _table(place, argument)
    return Codes(word=place.word, pairs=tuple(pairs), yields=TEXT) if pairs else None


def _lookup(place: Place) -> Step | None:
    found = place.options(("file", "key", "value", "otherwise"), needs=("file", "key", "value"))
    return None if found is None else _declared(place, found, code="key", meaning="value")


def _declared(place: Place, found: dict[str, Node], *, code: str, meaning: str) -> Step | None:
    """A table with options; `code` and `meaning`: the options that name a file's columns."""
    if ("file" in found) is ("table" in found):
        place.problem("bad-argument", f"{place.word} takes either a file or a table")
        return None
    file = place.text(found.get("file"), what="file")
    if file is None:
        pairs = _table(place, found["table"]) if "table" in found else []
    else:
        columns = [place.text(found[name], what=name) if name in found else name for name in (code, meaning)]
        pairs = _file(place, file, [one for one in columns if one])
    otherwise = place.text(found.get("otherwise"), what="otherwise")
    if not pairs:
        return None
    return Codes(word=place.word, pairs=tuple(pairs), yields=TEXT, otherwise=otherwise, file=file)


def _table(place: Place, node: Node | None) -> Pairs:
    pairs = []
    for key, value in _entries(place, node):
        code = place.literal(key)
        meaning = reading.scalar(value, place.problems, what=f"the meaning of {key.text}")
        if code is not None and meaning is not None:
            pairs.append((code, meaning.text))
    return pairs


def _entries(place: Place, node: Node | None) -> list[tuple[Scalar, Node]]:
    if not isinstance(node, Map) or not node.entries:
        place.problem("bad-argument", f"{place.word} needs a table of codes, as in {{{place.word}: {{A: active}}}}")
        return []
    listed = reading.entries(node, place.problems, what=place.word, repeated="duplicate-code")
    return list(listed.values())


def _file(place: Place, name: str, columns: list[str]) -> Pairs:
    """The pairs of a CSV file with a header; its mistakes are noted with its own line numbers."""
    text = _text(place, name)
    if text is None:
        return []
    rows = csv.reader(io.StringIO(text), strict=True)
    try:
        header = next(rows, [])
        missing = [one for one in columns if one not in header]
        if missing:
            place.problem("bad-codes-file", f"{name}:1: the header has no column {', '.join(missing)}")
            return []
        return _pairs(place, name, enumerate(rows, 2), [header.index(one) for one in columns], len(header))
    except csv.Error as error:
        place.problem("bad-codes-file", f"{name}:{rows.line_num}: {error}")
        return []


def _pairs(place: Place, name: str, rows: Iterable[tuple[int, list[str]]], at: list[int], width: int) -> Pairs:
    pairs: Pairs = []
    seen: dict[Any, int] = {}
    for number, row in rows:
        if not row:
            continue
        if len(row) != width or number > _MOST:
            why = f"more than {_MOST} rows" if number > _MOST else f"{len(row)} columns, the header has {width}"
            place.problem("bad-codes-file", f"{name}:{number}: {why}")
            return []
        code = place.literal(Scalar(text=row[at[0]], line=place.line))
        if code is None:
            return []
        if code in seen:
            place.problem("duplicate-code", f"{name}:{number}: {row[at[0]]} is there twice, first in line {seen[code]}")
        seen[code] = number
        pairs.append((code, row[at[1]]))
    if not pairs:
        place.problem("bad-codes-file", f"{name}: there is no code in it")
    return pairs


def _text(place: Place, name: str) -> str | None:
    if name.startswith("/") or ".." in name.split("/") or "\0" in name:
        place.problem("bad-codes-file", f"{place.word}: {name!r} is not inside the project")
        return None
    if name not in place.outside.files:
        try:
            place.outside.files[name] = place.outside.read(name)
        except (OSError, ValueError) as error:
            why = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
            place.problem("missing-file", f"{place.word}: {name}: {why}")
            return None
    return place.outside.files[name]


def _bool(place: Place) -> Step | None:
    pairs = []
    for key, value in _entries(place, place.argument):
        code = place.literal(key)
        meaning = reading.choice(value, ("true", "false"), place.problems, what=f"the meaning of {key.text}")
        if code is not None and meaning is not None:
            pairs.append((code, meaning == "true"))
    return Codes(word="bool", pairs=tuple(pairs), yields=BOOLEAN) if pairs else None


_INLINE = {"type": "object", "minProperties": 1, "additionalProperties": SCALAR}
_WITH_FILE = options_schema(
    {"file": TEXT_ARGUMENT}, {"code": TEXT_ARGUMENT, "meaning": TEXT_ARGUMENT, "otherwise": SCALAR}
)
_WITH_TABLE = options_schema({"table": _INLINE}, {"otherwise": SCALAR})

WORDS = (
    Word(
        name="codes", takes=CODED, gives="text, or any type whose literals the meanings are",
        does="Replaces each code by its meaning. The table is written here, or kept in a CSV file of the project "
        "with a header (`code,meaning`, or the columns named). An unknown code is a dead letter, unless `otherwise` "
        "says what every other code means.",
        back="yes, while no two codes mean the same and nothing is said `otherwise`",
        example="{from: stat_cd, do: {codes: {A: active, I: inactive}}}\n"
        "{from: stat_cd, do: {codes: {file: codes/status.csv}}}\n"
        "{from: stat_cd, do: {codes: {table: {A: active}, otherwise: other}}}",
        build=_codes, schema={"anyOf": [_WITH_FILE, _WITH_TABLE, _INLINE]},
    ),
    Word(
        name="lookup", takes=CODED, gives="text, or any type whose literals the values are",
        does="Looks the value up in a reference table kept as a CSV file of the project: `key` and `value` name its "
        "columns. A value that is not there is a dead letter, unless `otherwise` is given.",
        back="yes, while no two keys have the same value and nothing is said `otherwise`",
        example="{from: ctry, do: {lookup: {file: codes/countries.csv, key: iso3, value: iso2}}}",
        build=_lookup,
        schema=options_schema(
            {"file": TEXT_ARGUMENT, "key": TEXT_ARGUMENT, "value": TEXT_ARGUMENT}, {"otherwise": SCALAR}
        ),
    ),
    Word(
        name="bool", takes=CODED, gives="boolean",
        does="A boolean from codes. An unknown code is a dead letter.",
        back="yes, while no two codes mean the same", example="{from: vip_yn, do: {bool: {Y: true, N: false}}}",
        build=_bool,
        schema={"type": "object", "minProperties": 1, "additionalProperties": {"type": "boolean"}},
    ),
)  # fmt: skip
