"""Words on text: blanks, case, Unicode forms, length, and text that was decoded wrongly once."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import ClassVar, Literal

from overgrow.envelope import SqlType
from overgrow.mapping.words.step import TEXT, OneValue, SameValue, Step
from overgrow.mapping.words.word import TEXTS, Place, Word, options_schema, simple, whole

_LONGEST = 10_000_000


def unpadded(arriving: SqlType) -> SqlType:
    """The type of a text that may have become shorter, never longer."""
    return TEXT if arriving.size is None else SqlType(name="varchar", size=arriving.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim(OneValue):
    """Cut the blanks at both ends."""

    word: ClassVar[str] = "trim"
    yields: SqlType = TEXT
    one_way: str = "the blanks are gone"

    def apply(self, value: str) -> str:
        """Cut blanks only: tabs and newlines are content."""
        return value.strip(" ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Squeeze(OneValue):
    """One blank for every run of white space."""

    word: ClassVar[str] = "squeeze"
    yields: SqlType = TEXT
    one_way: str = "the white space is gone"

    def apply(self, value: str) -> str:
        """Split at Unicode white space and join with blanks."""
        return " ".join(value.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(OneValue):
    """Upper or lower case."""

    word: str  # `upper` or `lower`
    yields: SqlType = TEXT  # of any length: one letter may become two
    one_way: str = "the case is gone"

    def apply(self, value: str) -> str:
        """Fold by Unicode's rules."""
        return value.upper() if self.word == "upper" else value.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalize(OneValue):
    """One Unicode form for equal texts."""

    word: ClassVar[str] = "normalize"
    form: Literal["NFC", "NFKC"]
    yields: SqlType = TEXT
    one_way: str = "the other forms are gone"

    def apply(self, value: str) -> str:
        """Compose."""
        return unicodedata.normalize(self.form, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxLength(SameValue):
    """Refuse longer text."""

    word: ClassVar[str] = "max_length"
    length: int
    yields: SqlType
    one_way: str = ""

    def apply(self, value: str) -> str:
        """Pass the text or fail."""
        if len(value) > self.length:
            raise ValueError(f"{len(value)} characters, max_length is {self.length}")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair(OneValue):
    """Text whose UTF-8 bytes were once read in another encoding, and stored like that."""

    word: ClassVar[str] = "repair"
    read_as: str  # a Python codec
    otherwise: Literal["error", "keep"]
    yields: SqlType = TEXT
    one_way: str = "what was damaged and what was not cannot be told apart"

    def apply(self, value: str) -> str:
        """Undo the wrong reading; text that cannot come from one is refused or kept, as declared."""
        if value.isascii():
            return value
        try:
            return value.encode(self.read_as).decode("utf-8")
        except UnicodeError:
            if self.otherwise == "keep":
                return value
            raise ValueError(f"{value[:40]!r} is not UTF-8 that was read as {self.read_as}") from None


def _normalize(place: Place) -> Step | None:
    form = place.choice(place.argument, ("NFC", "NFKC"), what="the form", otherwise="NFC")
    return Normalize(form="NFKC" if form == "NFKC" else "NFC")


def _max_length(place: Place) -> Step | None:
    length = place.number(place.argument, low=1, high=_LONGEST)
    if length is None:
        return None
    return MaxLength(length=length, yields=SqlType(name="varchar", size=length))


def _repair(place: Place) -> Step | None:
    found = place.options(("read_as", "otherwise"), needs=("read_as",))
    if found is None:
        return None
    read_as = place.choice(found["read_as"], ("latin1", "cp1252"), what="read_as", otherwise="latin1")
    otherwise = place.choice(found.get("otherwise"), ("error", "keep"), what="otherwise", otherwise="error")
    return Repair(read_as=read_as, otherwise="keep" if otherwise == "keep" else "error")


WORDS = (
    Word(
        name="trim", takes=TEXTS, gives="text", does="Cuts the blanks at both ends; tabs and newlines are content.",
        back="none: the blanks are gone", example="{from: cust_nm, do: trim}",
        build=simple(lambda place: Trim(yields=unpadded(place.arriving))),
    ),
    Word(
        name="squeeze", takes=TEXTS, gives="text",
        does="Makes every run of white space one blank and cuts it at both ends.",
        back="none: the white space is gone", example="{from: cust_nm, do: squeeze}",
        build=simple(lambda place: Squeeze(yields=unpadded(place.arriving))),
    ),
    Word(
        name="upper", takes=TEXTS, gives="text", does="Upper case by Unicode's rules (`ß` becomes `SS`).",
        back="none: the case is gone", example="{from: iso2, do: upper}",
        build=simple(lambda _: Case(word="upper")),
    ),
    Word(
        name="lower", takes=TEXTS, gives="text", does="Lower case by Unicode's rules.",
        back="none: the case is gone", example="{from: email, do: lower}",
        build=simple(lambda _: Case(word="lower")),
    ),
    Word(
        name="normalize", takes=TEXTS, gives="text",
        does="Brings text into one Unicode form: NFC (composed) or NFKC (compatible characters become one).",
        back="none: the other forms are gone", example="{from: cust_nm, do: {normalize: NFC}}",
        build=_normalize, schema={"enum": ["NFC", "NFKC"]},
    ),
    Word(
        name="max_length", takes=TEXTS, gives="varchar(n)",
        does="Refuses text of more characters (a dead letter); nothing is ever cut.",
        back="yes: the text is not changed", example="{from: cust_nm, do: {max_length: 80}}",
        build=_max_length, schema=whole(1, _LONGEST),
    ),
    Word(
        name="repair", takes=TEXTS, gives="text",
        does="Repairs text whose UTF-8 was once read as `latin1` or `cp1252` and stored so (`Ã©` for `é`). Text that "
        "cannot come from that is refused, or kept with `otherwise: keep`.",
        back="none: what was damaged cannot be told apart", build=_repair,
        example="{from: cust_nm, do: {repair: {read_as: cp1252, otherwise: keep}}}",
        schema=options_schema({"read_as": {"enum": ["latin1", "cp1252"]}}, {"otherwise": {"enum": ["error", "keep"]}}),
    ),
)  # fmt: skip
