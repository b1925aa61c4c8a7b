"""Words on dates and times: zones, formats, and the values that stand for something else."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from overgrow.envelope import SqlType
from overgrow.mapping import reading, render
from overgrow.mapping.instants import Zone, instant_micros
from overgrow.mapping.problems import suggestion
from overgrow.mapping.tree import Map, Node, Scalar
from overgrow.mapping.words.step import TIMESTAMP, TIMESTAMPTZ, OneValue, SameValue, Step
from overgrow.mapping.words.word import SCALAR, TEXT_ARGUMENT, Place, Word, options_schema, simple

TIMES = frozenset({"date", "timestamp", "timestamptz"})
# What Debezium and our own reads send for an infinity. A timestamp beyond the range that is none of these was wrapped
# around in the source's connector: it stays an error.
_INFINITE: Mapping[int, str] = {
    9_223_372_036_825_200_000: "infinity",
    2**63 - 1: "infinity",
    -9_223_372_036_832_400_000: "-infinity",
    -(2**63): "-infinity",
}
_WORDS_OF_TIME = ("infinity", "-infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant(OneValue):
    """Naive local time to an instant."""

    word: ClassVar[str] = "instant"
    zone: Zone
    yields: SqlType = TIMESTAMPTZ

    @property
    def one_way(self) -> str:
        """Why two local times cannot be told apart again."""
        if self.zone.missing == "shift_forward":
            return "a time that does not exist was moved"
        return "" if self.zone.ambiguous == "error" else "an hour that exists twice was chosen"

    def apply(self, value: int) -> str:
        """Give the instant in UTC."""
        return render.timestamp(self.zone.to_utc(value), "+00")

    def invert(self, value: str) -> int:
        """Give the local time; one in an hour that exists twice was never translated."""
        local = self.zone.to_local(instant_micros(value))
        self.zone.to_utc(local)
        return local


@dataclass(frozen=True, slots=True, kw_only=True)
class Local(OneValue):
    """An instant to naive local time."""

    word: ClassVar[str] = "local"
    zone: Zone
    yields: SqlType = TIMESTAMP
    one_way: str = "an hour a year exists twice"

    def apply(self, value: str) -> int:
        """Give the wall clock's time."""
        return self.zone.to_local(instant_micros(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(SameValue):
    """Pass a value of the stated type: `date`, `timestamp`, and `json` for what is known to be JSON."""

    word: str  # the word used
    yields: SqlType
    one_way: str = ""

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - passes any
        """Change nothing."""
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinels(OneValue):
    """Values that stand for something else: `meanings` by wire value or by the name of an infinity.

    A meaning is None (NULL), a wire value, or an infinity.
    """

    word: ClassVar[str] = "sentinels"
    gives_null: ClassVar[bool] = True
    meanings: tuple[tuple[Any, Any], ...]
    yields: SqlType

    @property
    def one_way(self) -> str:
        """Why the way back is open."""
        changed = [sentinel for sentinel, meaning in self.meanings if sentinel != meaning]
        return "a sentinel and what it stands for are one" if changed else ""

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - one Python type per family
        """Replace a sentinel, pass everything else."""
        name = self._infinity(value)
        for sentinel, meaning in self.meanings:
            if sentinel == (name or value):
                return render.Infinite(meaning) if meaning in _WORDS_OF_TIME else meaning
        if name:
            raise ValueError(f"{name}, and sentinels does not say what it stands for")
        return value

    def invert(self, value: Any) -> Any:  # noqa: ANN401 - one Python type per family
        """An infinity as it is sent, everything else as it is."""
        if not isinstance(value, render.Infinite) or self.yields.wire.kind == "timestamptz":
            return str(value) if isinstance(value, render.Infinite) else value
        return next(number for number, name in _INFINITE.items() if name == value)

    def _infinity(self, value: Any) -> str:  # noqa: ANN401 - one Python type per family
        """The infinity that a wire value is; of a date Debezium does not say which."""
        match self.yields.wire.kind:
            case "timestamptz":
                return value if value in _WORDS_OF_TIME else ""
            case "timestamp":
                return _INFINITE.get(value, "")
            case _:
                return "" if render.DATE_MIN <= value <= render.DATE_MAX else "infinity"


def _zone(place: Place, *, of: type[Step]) -> Step | None:
    """`ZONE`, or the options zone, ambiguous and missing."""
    if isinstance(place.argument, Scalar):
        zone: Scalar | None = place.argument
        ambiguous = missing = "error"
    else:
        names = ("zone", "ambiguous", "missing") if of is Instant else ("zone",)
        found = place.options(names, needs=("zone",))
        if found is None:
            return None
        zone = reading.scalar(found["zone"], place.problems, what="zone")
        ambiguous = place.choice(
            found.get("ambiguous"), ("error", "earlier", "later"), what="ambiguous", otherwise="error"
        )
        missing = place.choice(found.get("missing"), ("error", "shift_forward"), what="missing", otherwise="error")
    if zone is None or not _is_zone(zone, place):
        return None
    made = Zone(name=zone.text, ambiguous=ambiguous, missing=missing)
    return Instant(zone=made) if of is Instant else Local(zone=made)


def _is_zone(zone: Scalar, place: Place) -> bool:
    try:
        zoneinfo.ZoneInfo(zone.text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        hint = suggestion(zone.text, zoneinfo.available_timezones()) or "; write it as in Europe/London"
        place.problem("bad-time-zone", f"{zone.text[:60]!r} is no time zone{hint}", zone.line)
        return False
    return True


def _sentinels(place: Place) -> Step | None:
    if not isinstance(place.argument, Map) or not place.argument.entries:
        place.problem("bad-argument", "sentinels needs a table, as in {sentinels: {9999-12-31: null, infinity: null}}")
        return None
    before = len(place.problems.found)
    listed = reading.entries(place.argument, place.problems, what="sentinels")
    pairs = [(_sentinel(place, key), _meaning(place, node)) for key, node in listed.values()]
    if len(place.problems.found) > before:
        return None
    return Sentinels(meanings=tuple(pairs), yields=place.arriving)


def _sentinel(place: Place, key: Scalar) -> Any:  # noqa: ANN401 - one Python type per family
    if key.text not in _WORDS_OF_TIME:
        return _moment(place, key)
    if key.text == "-infinity" and place.arriving.wire.kind == "date":
        message = "of a date Debezium does not say which infinity it is: `infinity` stands for both"
        place.problem("bad-literal", f"sentinels: {message}", key.line)
    return key.text


def _meaning(place: Place, node: Node) -> Any:  # noqa: ANN401 - one Python type per family
    found = reading.scalar(node, place.problems, what="what a sentinel stands for")
    if found is None or (found.plain and found.text == "null"):
        return None
    if found.text in _WORDS_OF_TIME:
        if place.arriving.wire.kind == "date":
            message = "of a date Debezium does not say which infinity it is: give null or a date"
            place.problem("bad-literal", f"sentinels: {message}", found.line)
        return found.text
    return _moment(place, found)


def _moment(place: Place, node: Scalar) -> Any:  # noqa: ANN401 - one Python type per family
    """A literal; an instant in the notation in which it travels."""
    value = place.literal(node)
    if value is None or place.arriving.wire.kind != "timestamptz":
        return value
    try:
        return render.timestamp(instant_micros(value)).replace(" ", "T") + "Z"
    except ValueError as error:
        place.problem("bad-literal", f"sentinels: {error}", node.line)
        return None


WORDS = (
    Word(
        name="instant", takes=frozenset({"timestamp"}), gives="timestamptz",
        does="Naive local time of a zone as an instant. `ambiguous` says what an hour that exists twice is (`error`, "
        "`earlier`, `later`), `missing` what an hour that does not exist is (`error`, `shift_forward`).",
        back="yes, unless an odd hour was chosen or moved",
        example="{from: crt_dt, do: {instant: Europe/London}}\n"
        "{from: crt_dt, do: {instant: {zone: Europe/London, ambiguous: earlier, missing: shift_forward}}}",
        build=lambda place: _zone(place, of=Instant),
        schema={"anyOf": [TEXT_ARGUMENT, options_schema(
            {"zone": TEXT_ARGUMENT},
            {"ambiguous": {"enum": ["error", "earlier", "later"]}, "missing": {"enum": ["error", "shift_forward"]}},
        )]},
    ),
    Word(
        name="local", takes=frozenset({"timestamptz"}), gives="timestamp",
        does="An instant as the naive local time of a zone.",
        back="none: an hour a year exists twice", example="{from: sent_at, do: {local: Europe/London}}",
        build=lambda place: _zone(place, of=Local), schema=TEXT_ARGUMENT,
    ),
    Word(
        name="date", takes=frozenset({"date"}), gives="the same",
        does="Says that the value is a date; changes nothing.",
        back="yes", example="{from: birth_dt, do: date}",
        build=simple(lambda place: Pass(word="date", yields=place.arriving)),
    ),
    Word(
        name="timestamp", takes=frozenset({"timestamp", "timestamptz"}), gives="the same",
        does="Says that the value is a time that needs no translation; changes nothing.",
        back="yes", example="{from: upd_ts, do: timestamp}",
        build=simple(lambda place: Pass(word="timestamp", yields=place.arriving)),
    ),
    Word(
        name="sentinels", takes=TIMES, gives="the same, or NULL",
        does="Says what the values stand for that are no real date: `infinity`, `9999-12-31`, `0001-01-01`. Each means "
        "`null`, another date, or (not of dates) an infinity. An infinity that is not listed is a dead letter.",
        back="none, unless every sentinel stands for itself",
        example="{from: end_dt, do: {sentinels: {9999-12-31: null, infinity: null}}}",
        build=_sentinels, schema={"type": "object", "minProperties": 1, "additionalProperties": SCALAR},
    ),
)  # fmt: skip
