"""Holds translators to what they declare: pure, refusing by ValueError only, and back again where they have an inverse.

Guarantees: each input is tried twice; what a target column would print is what the inverse is given (jsonb prints JSON
its own way). Never sees a clock; its randomness is passed in. Called by `overgrow test`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from overgrow import errors
from overgrow.envelope import SqlType
from overgrow.mapping.examples import jsonb, values
from overgrow.mapping.examples.chance import Chance, Draw
from overgrow.mapping.examples.document import ExampleFile
from overgrow.mapping.interpret import field_text
from overgrow.mapping.plan import Field, TablePlan
from overgrow.mapping.translators import Translator

Inputs = dict[str, dict[tuple[Any, ...], None]]  # by translator, in the order met
_RANDOM, _MOST, _SHOWN = 200, 5_000, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One input that does not hold: `code` is stable, `came` what came (back) or was raised."""

    code: str
    given: tuple[Any, ...]
    output: Any
    came: str

    def describe(self) -> dict[str, str]:
        """As plain values; wire values in Python's notation."""
        return {"code": self.code, "given": repr(self.given), "output": repr(self.output), "came": self.came}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one translator did: inputs tried, those it refused, and the shortest inputs that do not hold."""

    translator: str
    tried: int
    refused: int
    inverse: bool
    broken: int
    trips: tuple[Trip, ...]

    def describe(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "translator": self.translator,
            "tried": self.tried,
            "refused": self.refused,
            "inverse": self.inverse,
            "broken": self.broken,
            "trips": [one.describe() for one in self.trips],
        }


def inputs(plans: Iterable[TablePlan], files: Iterable[ExampleFile]) -> Inputs:
    """Every input that an example gives a translator."""
    by_name = {plan.mapping: plan for plan in plans}
    met: Inputs = {}
    for file in files:
        fields = [_recording(field, met) for plan in by_name[file.mapping].targets for field in plan.fields]
        recorded = [field for field in fields if field is not None]
        for example in file.examples:
            for field in recorded:
                _try(field, example.row)
    return met


def translators(plans: Iterable[TablePlan]) -> dict[str, Translator]:
    """The translators that mappings use, by name."""
    steps = (step for plan in plans for one in plan.targets for field in one.fields for step in field.steps)
    used = (getattr(step, "translator", None) for step in steps)
    return {one.name: one for one in used if isinstance(one, Translator)}


def attempt(translator: Translator, met: Iterable[tuple[Any, ...]], draw: Draw) -> Trial:
    """Try one translator with the inputs met, their variations and random ones."""
    types = tuple(SqlType.parse(text) for text in translator.inputs)
    known = [one for one in types if one is not None]
    chance = Chance(draw)
    tried: dict[tuple[Any, ...], None] = dict.fromkeys(met)
    if len(known) == len(types):
        tried |= dict.fromkeys(one for row in list(tried) for one in chance.variations(row, known))
        tried |= dict.fromkeys(tuple(chance.value(one) for one in known) for _ in range(_RANDOM))
    rows = list(tried)[:_MOST]
    first = {row: _call(translator, row) for row in rows}
    trips = [_trip(translator, known, row, *first[row]) for row in rows]
    trips += [_again(translator, row, *first[row]) for row in reversed(rows)]
    broken = sorted((one for one in trips if one is not None), key=lambda one: len(repr(one.given)))
    return Trial(
        translator=translator.name,
        tried=len(rows),
        refused=sum(isinstance(error, ValueError) for _, error in first.values()),
        inverse=translator.inverse is not None,
        broken=len({one.given for one in broken}),
        trips=tuple(broken[:_SHOWN]),
    )


def _recording(field: Field, met: Inputs) -> Field | None:
    """The field with translators that note what they are given; None where it has none."""
    steps = []
    for step in field.steps:
        used = getattr(step, "translator", None)
        steps.append(_noting(step, used, met) if isinstance(used, Translator) else step)
    return replace(field, steps=tuple(steps)) if steps != list(field.steps) else None


def _noting(step: Any, used: Translator, met: Inputs) -> Any:  # noqa: ANN401 - a step with a translator
    def note(*given: Any) -> Any:  # noqa: ANN401 - wire values
        met.setdefault(used.name, {})[given] = None
        return used.function(*given)

    return replace(step, translator=replace(used, function=note))


def _try(field: Field, row: Mapping[str, Any]) -> None:
    try:
        field_text(field, row)
    except errors.TranslationError:
        return  # the input was noted before it was refused


def _call(translator: Translator, row: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    try:
        return translator.function(*row), None
    except Exception as error:  # noqa: BLE001 - a user's code may raise anything; what is not ValueError is named
        return None, error


def _trip(
    translator: Translator,
    types: list[SqlType],
    row: tuple[Any, ...],
    output: Any,  # noqa: ANN401 - anything a user's code may give
    error: Exception | None,
) -> Trip | None:
    """What is wrong with one call."""
    if error is not None:
        said = f"{type(error).__name__}: {error}"
        bad = not isinstance(error, ValueError)
        return Trip(code="bad-refusal", given=row, output=None, came=said) if bad else None
    wrong = _wrong_type(translator, output)
    if wrong:
        return Trip(code="bad-output", given=row, output=output, came=wrong)
    return None if translator.inverse is None else _back(translator, types, row, output)


def _back(translator: Translator, types: list[SqlType], row: tuple[Any, ...], output: Any) -> Trip | None:  # noqa: ANN401
    """Go back from the output, and from what the target would print of it."""
    for shown in dict.fromkeys((output, _printed(translator, output))):
        try:
            back = translator.inverse(shown) if translator.inverse is not None else None
        except Exception as error:  # noqa: BLE001 - as above
            return Trip(code="no-way-back", given=row, output=shown, came=f"{type(error).__name__}: {error}")
        if not isinstance(back, tuple):
            return Trip(code="no-way-back", given=row, output=shown, came=f"{back!r}, which is no tuple of the inputs")
        if not _same(back, row, types):
            return Trip(code="other-way-back", given=row, output=shown, came=repr(back))
    return None


def _again(translator: Translator, row: tuple[Any, ...], output: Any, error: Exception | None) -> Trip | None:  # noqa: ANN401
    second, failed = _call(translator, row)
    if type(failed) is type(error) and repr(second) == repr(output):
        return None
    came = repr(second) if failed is None else f"{type(failed).__name__}: {failed}"
    return Trip(code="not-pure", given=row, output=output, came=came)


def _printed(translator: Translator, output: Any) -> Any:  # noqa: ANN401 - a wire value
    of = SqlType.parse(translator.output)
    return jsonb.canonical(output) if of is not None and of.name == "jsonb" and output is not None else output


def _wrong_type(translator: Translator, output: Any) -> str:  # noqa: ANN401 - anything a user's code may give
    of = SqlType.parse(translator.output)
    if output is None or of is None:
        return ""
    expected = of.wire.python if isinstance(of.wire.python, tuple) else (of.wire.python,)
    if type(output) not in expected:
        return f"{type(output).__name__}, it declares {translator.output}"
    try:
        _printed(translator, output)
    except ValueError as error:
        return str(error)
    return ""


def _same(back: tuple[Any, ...], row: tuple[Any, ...], types: list[SqlType]) -> bool:
    if len(back) != len(row) or len(types) != len(row):  # types nobody knows are refused where a mapping uses them
        return back == row
    return all(values.same(one, other, of) for one, other, of in zip(back, row, types, strict=True))
