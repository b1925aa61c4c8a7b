"""Words on JSON and lists: documents checked, flattened and built."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from overgrow.envelope import SqlType
from overgrow.mapping import parse, reading, render
from overgrow.mapping.words.step import JSONB, TEXT, OneValue, Step
from overgrow.mapping.words.times import Pass
from overgrow.mapping.words.word import TEXT_ARGUMENT, TEXTS, Place, Word, options_schema

DOCUMENTS = frozenset({"json", "jsonb", "text"})
_NESTED = frozenset({"text", "char", "int", "numeric", "bool", "uuid", "date", "timestamp", "timestamptz", "jsonb"})
_DEPTH = 20  # of a path
_LEADING_ZEROS = re.compile(r"(?<![0-9.])0+(?=[0-9])")  # PostgreSQL reads them, JSON does not
_quote = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseJson(OneValue):
    """Text that must be a JSON document."""

    word: ClassVar[str] = "json"
    yields: SqlType = JSONB
    one_way: str = "spacing, the order of names and repeated names are gone"

    def apply(self, value: str) -> str:
        """Pass the text or fail."""
        return render.json(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick(OneValue):
    """One value out of a JSON document, as text; NULL where the path leads nowhere or to null."""

    word: ClassVar[str] = "pick"
    gives_null: ClassVar[bool] = True
    path: tuple[str, ...]
    yields: SqlType = TEXT
    one_way: str = "the rest of the document is gone"

    def apply(self, value: str) -> str | None:
        """Follow the path: names of objects, places of lists. Numbers keep their digits; objects are JSON text."""
        at = document(value)
        for name in self.path:
            if isinstance(at, dict):
                at = at.get(name)
            elif isinstance(at, list) and name.isascii() and name.isdecimal() and int(name) < len(at):
                at = at[int(name)]
            else:
                return None
        if isinstance(at, bool):
            return "true" if at else "false"
        return at if at is None or isinstance(at, str) else dumped(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nest(OneValue):
    """Several columns as one JSON object; NULL when all of them are."""

    word: ClassVar[str] = "nest"
    takes_row: ClassVar[bool] = True
    sees_null: ClassVar[bool] = True
    gives_null: ClassVar[bool] = True
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    yields: SqlType = JSONB
    one_way: str = ""

    def apply(self, value: tuple[Any, ...]) -> str | None:
        """Print the object as PostgreSQL prints it: short names first."""
        if all(one is None for one in value):
            return None
        parts = {
            name: f"{_quote(name)}: {_json(one, kind)}"
            for name, one, kind in zip(self.names, value, self.kinds, strict=True)
        }
        ordered = sorted(self.names, key=lambda name: (len(name.encode()), name.encode()))
        return f"{{{', '.join(parts[name] for name in ordered)}}}"

    def invert(self, value: str | None) -> tuple[Any, ...]:
        """Take the object apart."""
        if value is None:
            return (None,) * len(self.names)
        found = document(value)
        if not isinstance(found, dict) or found.keys() != set(self.names):
            raise ValueError(f"not an object of {', '.join(self.names)}")
        return tuple(_value(found[name], kind) for name, kind in zip(self.names, self.kinds, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitList(OneValue):
    """Text with a separator as a JSON list of texts."""

    word: ClassVar[str] = "list"
    separator: str
    yields: SqlType = JSONB
    one_way: str = ""

    def apply(self, value: str) -> str:
        """Split; empty text is a list of one empty text."""
        return f"[{', '.join(map(_quote, value.split(self.separator)))}]"

    def invert(self, value: str) -> str:
        """Join."""
        found = document(value)
        if not isinstance(found, list) or not found or any(not isinstance(one, str) for one in found):
            raise ValueError("not a list of texts")
        if any(self.separator in one for one in found):
            raise ValueError(f"a text of the list holds the separator {self.separator!r}")
        return self.separator.join(found)


class _Number(str):
    """A number of a document, with the digits it was written in."""

    __slots__ = ()


def document(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON document; numbers keep their digits."""
    try:
        return json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def dumped(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """The compact text of a value of `document`."""
    match value:
        case _Number():
            return str(value)
        case dict():
            return f"{{{', '.join(f'{_quote(name)}: {dumped(one)}' for name, one in value.items())}}}"
        case list():
            return f"[{', '.join(map(dumped, value))}]"
        case _:
            return _quote(value)


def _json(value: Any, kind: str) -> str:  # noqa: ANN401 - one Python type per family
    if value is None:
        return "null"
    if kind in {"int", "numeric"}:
        return _LEADING_ZEROS.sub("", render.numeric(str(value)))
    if kind == "bool":
        return "true" if value else "false"
    return render.json(value) if kind == "jsonb" else _quote(render.RENDER[kind](value))


def _value(found: Any, kind: str) -> Any:  # noqa: ANN401 - one Python type per family
    if kind == "jsonb":
        return None if found is None else dumped(found)
    if found is None or isinstance(found, bool) is not (kind == "bool"):
        if found is None:
            return None
        raise ValueError(f"{found!r} is not of the family {kind}")
    if kind == "bool":
        return found
    if isinstance(found, _Number) is not (kind in {"int", "numeric"}) or not isinstance(found, str):
        raise ValueError(f"{found!r} is not of the family {kind}")
    return parse.value(str(found), kind)


def _parse_json(place: Place) -> Step | None:
    place.no_argument()
    if place.arriving.name == "jsonb":
        return Pass(word="json", yields=place.arriving)
    return ParseJson()


def _pick(place: Place) -> Step | None:
    path = place.text(place.argument, what="the path")
    if path is None:
        if place.argument is None:
            place.problem("bad-argument", "pick needs a path, as in {pick: address.city}")
        return None
    names = tuple(path.split("."))
    if not all(names) or len(names) > _DEPTH:
        place.problem("bad-argument", f"pick: {path[:60]!r} is no path of at most {_DEPTH} names with dots between")
        return None
    return Pick(path=names)


def _nest(place: Place) -> Step | None:
    names = [one.text for one in reading.scalars(place.argument, place.problems, what="nest")]
    arriving = place.all_arriving or (place.arriving,)
    if len(names) != len(arriving) or len(set(names)) < len(names):
        place.problem("bad-argument", f"nest needs a name of its own for each of the {len(arriving)} columns")
        return None
    for one in arriving:
        if one.wire.kind not in _NESTED:
            place.problem("type-mismatch", f"nest cannot take {one}")
            return None
    return Nest(names=tuple(names), kinds=tuple(one.wire.kind for one in arriving))


def _list(place: Place) -> Step | None:
    found = place.options(("separator",), needs=("separator",))
    separator = None if found is None else place.text(found["separator"], what="separator")
    return None if separator is None else SplitList(separator=separator)


WORDS = (
    Word(
        name="json", takes=DOCUMENTS, gives="jsonb",
        does="Text that must be a JSON document; anything else is a dead letter.",
        back="of a jsonb column: yes. Of other columns none: jsonb keeps neither spacing nor the order of names, and "
        "of names that come twice the last one", example="{from: prefs, do: json}", build=_parse_json,
    ),
    Word(
        name="pick", takes=DOCUMENTS, gives="text, or NULL",
        does="One value out of a JSON document: names of objects and places of lists with dots between. Numbers keep "
        "their digits, objects and lists are JSON text; where the path leads nowhere, or to null, the value is NULL.",
        back="none: the rest of the document is gone",
        example="{from: prefs, do: [{pick: mail.weekly}, {bool: {true: true, false: false}}]}",
        build=_pick, schema=TEXT_ARGUMENT,
    ),
    Word(
        name="nest", takes=_NESTED, gives="jsonb, or NULL",
        does="The columns of `from` as one JSON object with the given names; NULL when all of them are NULL.",
        back="yes", example="{from: [addr_1, city, zip], do: {nest: [street, city, postcode]}}", build=_nest,
        schema={"type": "array", "items": TEXT_ARGUMENT, "minItems": 1}, several=True,
    ),
    Word(
        name="list", takes=TEXTS, gives="jsonb",
        does="Text with a separator as a JSON list of texts; empty text is a list of one empty text.",
        back="yes", example="{from: tags, do: {list: {separator: ','}}}", build=_list,
        schema=options_schema({"separator": TEXT_ARGUMENT}),
    ),
)  # fmt: skip
