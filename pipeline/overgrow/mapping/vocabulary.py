"""The words of `do`: how each is read, what it takes, which step it becomes.

Guarantees: a step is only made for a type it can handle; a word nobody knows, a wrong argument or a wrong type is a
problem at its line. Never looks at a row. Called by the compiler, once per step.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from overgrow.envelope import SqlType
from overgrow.mapping import fits, literals, reading, steps
from overgrow.mapping.document import StepDocument
from overgrow.mapping.instants import Zone
from overgrow.mapping.problems import Problems, suggestion
from overgrow.mapping.translators import Translator
from overgrow.mapping.tree import Map, Node, Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a step stands: its document and the type that reaches it."""

    step: StepDocument
    arriving: SqlType
    problems: Problems

    @property
    def argument(self) -> Node | None:
        """What the step is given."""
        return self.step.argument

    @property
    def word(self) -> str:
        """The step's word."""
        return self.step.word.text

    def problem(self, code: str, message: str, line: int | None = None) -> None:
        """Note a problem, at the step unless another line is given."""
        self.problems.add(line or self.step.word.line, code, message)

    def literal(self, node: Scalar) -> Any:  # noqa: ANN401 - one Python type per SQL type
        """A literal of the arriving type; None with the problem noted."""
        try:
            return literals.parse(node.text, self.arriving)
        except ValueError as error:
            self.problem("bad-literal", f"{self.word}: {error}", node.line)
            return None


def _simple(made: steps.Step) -> Callable[[Place], steps.Step | None]:
    def build(place: Place) -> steps.Step | None:
        _no_argument(place)
        return made

    return build


def _passing(place: Place) -> steps.Step | None:
    _no_argument(place)
    return steps.Pass(word=place.word, yields=place.arriving)


def _json(place: Place) -> steps.Step | None:
    _no_argument(place)
    if place.arriving.name == "jsonb":
        return steps.Pass(word="json", yields=place.arriving)
    return steps.ParseJson()


def _no_argument(place: Place) -> None:
    if place.argument is not None:
        place.problem("bad-argument", f"{place.word} takes no argument")


def _max_length(place: Place) -> steps.Step | None:
    length = _number(place, low=1, high=10_000_000)
    yields = steps.TEXT if place.arriving.name == "char" else place.arriving
    return None if length is None else steps.MaxLength(length=length, yields=yields)


def _minor_units(place: Place) -> steps.Step | None:
    digits = _number(place, low=0, high=18)
    return None if digits is None else steps.MinorUnits(digits=digits)


def _number(place: Place, *, low: int, high: int) -> int | None:
    if place.argument is None:
        place.problem("bad-argument", f"{place.word} needs a number, as in {{{place.word}: 2}}")
    return reading.whole_number(place.argument, place.problems, what=place.word, low=low, high=high)


def _decimal(place: Place) -> steps.Step | None:
    found = reading.entries(place.argument, place.problems, what="decimal")
    reading.known(found, ("scale",), place.problems, what="decimal")
    node = reading.required(found, "scale", place.problems, line=place.step.word.line, what="decimal")
    scale = reading.whole_number(node, place.problems, what="scale", high=1000)
    if scale is None:
        return None
    # 1000 is the largest precision PostgreSQL lets one declare.
    return steps.Decimals(yields=SqlType(name="numeric", size=place.arriving.size or 1000, scale=scale))


def _codes(place: Place) -> steps.Step | None:
    pairs = []
    for key, value in _table(place):
        code = place.literal(key)
        meaning = reading.scalar(value, place.problems, what=f"the meaning of {key.text}")
        if code is not None and meaning is not None:
            pairs.append((code, meaning.text))
    return steps.Codes(word="codes", pairs=tuple(pairs), yields=steps.TEXT) if pairs else None


def _bool(place: Place) -> steps.Step | None:
    pairs = []
    for key, value in _table(place):
        code = place.literal(key)
        meaning = reading.choice(value, ("true", "false"), place.problems, what=f"the meaning of {key.text}")
        if code is not None and meaning is not None:
            pairs.append((code, meaning == "true"))
    return steps.Codes(word="bool", pairs=tuple(pairs), yields=steps.BOOLEAN) if pairs else None


def _table(place: Place) -> list[tuple[Scalar, Node]]:
    if not isinstance(place.argument, Map) or not place.argument.entries:
        place.problem("bad-argument", f"{place.word} needs a table of codes, as in {{{place.word}: {{A: active}}}}")
        return []
    listed = reading.entries(place.argument, place.problems, what=place.word, repeated="duplicate-code")
    return list(listed.values())


def _instant(place: Place) -> steps.Step | None:
    if isinstance(place.argument, Scalar):
        zone: Scalar | None = place.argument
        ambiguous = missing = None
    else:
        found = reading.entries(place.argument, place.problems, what="instant")
        reading.known(found, ("zone", "ambiguous", "missing"), place.problems, what="instant")
        node = reading.required(found, "zone", place.problems, line=place.step.word.line, what="instant")
        zone = reading.scalar(node, place.problems, what="zone")
        options = {name: found[name][1] if name in found else None for name in ("ambiguous", "missing")}
        ambiguous = reading.choice(
            options["ambiguous"], ("error", "earlier", "later"), place.problems, what="ambiguous"
        )
        missing = reading.choice(options["missing"], ("error", "shift_forward"), place.problems, what="missing")
    if zone is None or not _is_zone(zone, place):
        return None
    return steps.Instant(zone=Zone(name=zone.text, ambiguous=ambiguous or "error", missing=missing or "error"))


def _is_zone(zone: Scalar, place: Place) -> bool:
    try:
        zoneinfo.ZoneInfo(zone.text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        hint = suggestion(zone.text, zoneinfo.available_timezones()) or "; write it as in Europe/London"
        place.problem("bad-time-zone", f"{zone.text!r} is no time zone{hint}", zone.line)
        return False
    return True


def _null_if(place: Place) -> steps.Step | None:
    value = _one_literal(place)
    return None if value is None else steps.NullIf(value=value, yields=place.arriving)


def _default(place: Place) -> steps.Step | None:
    value = _one_literal(place)
    return None if value is None else steps.Default(value=value, yields=place.arriving)


def _one_literal(place: Place) -> Any:  # noqa: ANN401 - one Python type per SQL type
    if not isinstance(place.argument, Scalar):
        place.problem("bad-argument", f"{place.word} needs a value, as in {{{place.word}: X}}")
        return None
    return place.literal(place.argument)


_TEXTS = frozenset({"text", "char"})
_LITERAL = frozenset({"text", "char", "int", "bool", "numeric", "date", "timestamp", "timestamptz", "uuid"})
_CODED = frozenset({"text", "char", "int", "bool"})

# word -> (the families it takes, its builder)
WORDS: Mapping[str, tuple[frozenset[str], Callable[[Place], steps.Step | None]]] = {
    "trim": (_TEXTS, _simple(steps.Trim())),
    "upper": (_TEXTS, _simple(steps.Case(word="upper"))),
    "lower": (_TEXTS, _simple(steps.Case(word="lower"))),
    "max_length": (_TEXTS, _max_length),
    "codes": (_CODED, _codes),
    "bool": (_CODED, _bool),
    "minor_units": (frozenset({"numeric", "int"}), _minor_units),
    "decimal": (frozenset({"numeric"}), _decimal),
    "instant": (frozenset({"timestamp"}), _instant),
    "date": (frozenset({"date"}), _passing),
    "timestamp": (frozenset({"timestamp", "timestamptz"}), _passing),
    "json": (frozenset({"json", "jsonb", "text"}), _json),
    "null_if": (_LITERAL, _null_if),
    "default": (_LITERAL, _default),
}


def build(place: Place, translators: Mapping[str, Translator]) -> steps.Step | None:
    """The step for a word on one value; None with the problem noted."""
    if place.word in translators:
        return translate(place, translators[place.word], [place.arriving])
    if place.word not in WORDS:
        unknown(place, translators)
        return None
    takes, builder = WORDS[place.word]
    if place.arriving.wire.kind not in takes:
        taken = ", ".join(sorted(takes))
        place.problem("type-mismatch", f"{place.word} takes {taken}, not {place.arriving}")
        return None
    return builder(place)


def unknown(place: Place, translators: Iterable[str]) -> None:
    """Note a word that is neither a step nor a translator."""
    hint = suggestion(place.word, [*WORDS, *translators])
    code, what = ("unknown-translator", "step or translator") if place.argument is None else ("unknown-step", "step")
    place.problem(code, f"no {what} is called {place.word}{hint}")


def translate(place: Place, translator: Translator, arriving: list[SqlType]) -> steps.Step | None:
    """The step for a translator, its declared types held against those that reach it."""
    _no_argument(place)
    declared = [SqlType.parse(text) for text in translator.inputs]
    output = SqlType.parse(translator.output)
    if output is None or None in declared:
        named = ", ".join([*translator.inputs, translator.output])
        place.problem("bad-translator", f"translator {place.word} declares a type this version cannot carry: {named}")
        return None
    if len(declared) != len(arriving):
        place.problem(
            "translator-inputs", f"translator {place.word} takes {len(declared)} columns, not {len(arriving)}"
        )
        return None
    for expected, found in zip(declared, arriving, strict=True):
        if expected is not None and not fits.taken(found, expected):
            place.problem("type-mismatch", f"translator {place.word} takes {expected}, not {found}")
            return None
    return steps.Translate(translator=translator, yields=output)
