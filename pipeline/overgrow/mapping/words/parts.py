"""Words on text in several columns: columns joined into one text, one text taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from overgrow.envelope import SqlType
from overgrow.mapping.words.step import TEXT, OneValue, Step
from overgrow.mapping.words.word import TEXT_ARGUMENT, TEXTS, Place, Word, options_schema, whole

_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(OneValue):
    """Several columns of text as one; NULL when all of them are."""

    word: ClassVar[str] = "join"
    takes_row: ClassVar[bool] = True
    sees_null: ClassVar[bool] = True
    gives_null: ClassVar[bool] = True
    separator: str
    parts: int
    nulls: Literal["error", "skip"]
    yields: SqlType = TEXT

    @property
    def one_way(self) -> str:
        """Why it cannot be taken apart again."""
        return "a NULL was left out" if self.nulls == "skip" else ""

    def apply(self, value: tuple[str | None, ...]) -> str | None:
        """Join; a part that holds the separator could not be told apart again, so it is refused."""
        found = [one for one in value if one is not None]
        if not found:
            return None
        if self.nulls == "error":
            if len(found) < len(value):
                raise ValueError("some of the columns are NULL; nulls: skip would leave them out")
            if any(self.separator in one for one in found):
                raise ValueError(f"a part holds the separator {self.separator!r}")
        return self.separator.join(found)

    def invert(self, value: str | None) -> tuple[str | None, ...]:
        """Take it apart."""
        if value is None:
            return (None,) * self.parts
        return tuple(taken_apart(value, self.separator, self.parts, extra="error"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(OneValue):
    """One of the parts of a text; all of them together are the way back (`inverse.py`)."""

    word: ClassVar[str] = "part"
    number: int  # counts from 1
    of: int
    separator: str
    extra: Literal["error", "last"]
    yields: SqlType = TEXT
    one_way: str = "the other parts are in other fields"

    def apply(self, value: str) -> str:
        """Take it out; too few parts are an error, too many are one or belong to the last, as declared."""
        return taken_apart(value, self.separator, self.of, extra=self.extra)[self.number - 1]


def taken_apart(value: str, separator: str, of: int, *, extra: str) -> list[str]:
    """The parts of a text; ValueError where their number is another."""
    found = value.split(separator, of - 1 if extra == "last" else -1)
    if len(found) != of:
        raise ValueError(f"{len(found)} parts with {separator!r} between, not {of}")
    return found


def _join(place: Place) -> Step | None:
    found = place.options(("with", "nulls"), needs=("with",))
    separator = None if found is None else place.text(found["with"], what="with")
    if found is None or separator is None:
        return None
    arriving = place.all_arriving or (place.arriving,)
    for one in arriving:
        if one.wire.kind not in TEXTS:
            place.problem("type-mismatch", f"join takes text, not {one}; cast it in the target, or say cast: text")
            return None
    nulls = place.choice(found.get("nulls"), ("error", "skip"), what="nulls", otherwise="error")
    return Join(separator=separator, parts=len(arriving), nulls="skip" if nulls == "skip" else "error")


def _part(place: Place) -> Step | None:
    found = place.options(("number", "of", "separator", "extra"), needs=("number", "of", "separator"))
    if found is None:
        return None
    of = place.number(found["of"], low=2, high=_MOST, what="of")
    number = place.number(found["number"], low=1, high=of or _MOST, what="number")
    separator = place.text(found["separator"], what="separator")
    extra = place.choice(found.get("extra"), ("error", "last"), what="extra", otherwise="error")
    if of is None or number is None or separator is None:
        return None
    return Part(number=number, of=of, separator=separator, extra="last" if extra == "last" else "error")


WORDS = (
    Word(
        name="join", takes=TEXTS, gives="text, or NULL",
        does="The columns of `from` as one text; NULL when all are NULL. One NULL among them, or a part that holds the "
        "separator, is a dead letter; `nulls: skip` leaves NULLs out and lets the separator be.",
        back="yes, unless nulls are skipped",
        example="{from: [first_nm, last_nm], do: {join: {with: ' '}}}", build=_join,
        schema=options_schema({"with": TEXT_ARGUMENT}, {"nulls": {"enum": ["error", "skip"]}}), several=True,
    ),
    Word(
        name="part", takes=TEXTS, gives="text",
        does="One part of a text with a separator, counted from 1. Another number of parts is a dead letter; with "
        "`extra: last` whatever is too much belongs to the last part.",
        back="yes, where other fields take all the other parts of the column in the same way",
        example="{from: cust_nm, do: {part: {number: 1, of: 2, separator: ' ', extra: last}}}", build=_part,
        schema=options_schema(
            {"number": whole(1, _MOST), "of": whole(2, _MOST), "separator": TEXT_ARGUMENT},
            {"extra": {"enum": ["error", "last"]}},
        ),
    ),
)  # fmt: skip
