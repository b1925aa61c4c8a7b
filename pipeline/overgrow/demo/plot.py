"""Plots as SVG texts: lines over time, and bars. Pure; nothing is loaded from anywhere.

Guarantees: every number given is in the picture, at its place on the axis, and again as a text that appears when it is
pointed at; colours are names that the page defines. Called by the report's page.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 920, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 26, 34
BAR, GAP, NAMES = 22, 10, 150
_TICKS = 6
_STEPS = (1, 2, 5, 10)
_MOST_TICKS = 8
_DECADES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series: `points` of time and value (None leaves a gap); `colour` a CSS class."""

    name: str
    colour: str
    points: Sequence[tuple[float, float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened `at` a time, and how long it took; `seconds` None has no length."""

    name: str
    at: float
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of stacked parts: name of the part to its length."""

    name: str
    parts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """From values to places. A logarithmic one begins and ends at a round number."""

    low: float
    high: float
    begin: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Where a value lies; one beyond an end lies at the end."""
        low, high, here = (self._scaled(one) for one in (self.low, self.high, min(max(value, self.low), self.high)))
        return self.begin + (here - low) / (high - low or 1.0) * (self.end - self.begin)

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def ticks(self) -> list[float]:
        """Round numbers inside."""
        if self.log:
            inside = [one for one in _round_numbers(self.low) if one <= self.high * 1.001]
            return inside if len(inside) <= _MOST_TICKS else [one for one in inside if math.log10(one) % 1 == 0]
        rough = (self.high - self.low) / _TICKS or 1.0
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * one for one in _STEPS if unit * one >= rough * 0.999)
        return [index * step for index in range(math.ceil(self.low / step), math.floor(self.high / step + 0.001) + 1)]


def lines(series: Sequence[Line], marks: Sequence[Mark], *, unit: str, log: bool = False) -> str:
    """Values over seconds. With `log`, each factor of ten has the same height."""
    times = [at for one in series for at, _ in one.points]
    values = [value for one in series for _, value in one.points if value is not None]
    across = _Axis(low=0.0, high=max(times, default=1.0) or 1.0, begin=LEFT, end=WIDTH - RIGHT)
    up = _upward(values, log=log)
    body = [
        *_grid(across, up, unit),
        *(part for mark in marks for part in _mark(mark, across)),
        *(part for one in series for part in _line(one, across, up, unit)),
    ]
    return _svg(HEIGHT, f"{', '.join(one.name for one in series)} over seconds", body)


def _upward(values: Sequence[float], *, log: bool) -> _Axis:
    begin, end = HEIGHT - BOTTOM, TOP
    if not log:
        return _Axis(low=0.0, high=max(values, default=1.0) * 1.05 or 1.0, begin=begin, end=end)
    positive = [value for value in values if value > 0] or [1.0, 10.0]
    rounds = _round_numbers(10.0 ** math.floor(math.log10(min(positive))))
    low = max(one for one in rounds if one <= min(positive))
    high = next(one for one in rounds if one >= max(positive) and one > low)
    return _Axis(low=low, high=high, begin=begin, end=end, log=True)


def _round_numbers(low: float) -> list[float]:
    """1, 2, 5, 10, 20, … from a round number on."""
    power = math.floor(math.log10(low) + 0.001)
    found = [step * 10.0**one for one in range(power, power + _DECADES) for step in (1, 2, 5)]
    return [one for one in found if one >= low * 0.999]


def _grid(across: _Axis, up: _Axis, unit: str) -> Iterator[str]:
    for tick in up.ticks():
        y = up.at(tick)
        yield f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(tick)}</text>'
    for tick in across.ticks():
        yield f'<text class="tick" x="{across.at(tick):.1f}" y="{HEIGHT - 14}" text-anchor="middle">{tick:g} s</text>'
    yield f'<text class="tick" x="{LEFT - 8}" y="14" text-anchor="end">{html.escape(unit)}</text>'


def _mark(mark: Mark, across: _Axis) -> Iterator[str]:
    x, below = across.at(mark.at), HEIGHT - BOTTOM
    if mark.seconds is not None:
        end = across.at(mark.at + mark.seconds)
        yield f'<rect class="span" x="{x:.1f}" y="{TOP}" width="{end - x:.1f}" height="{below - TOP}"/>'
    yield f'<line class="mark" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{below}"/>'
    yield f'<text class="marked" x="{x + 4:.1f}" y="{TOP - 8}">{html.escape(mark.name)}</text>'


def _line(line: Line, across: _Axis, up: _Axis, unit: str) -> Iterator[str]:
    for run in _runs(line.points):
        path = " ".join(f"{across.at(at):.1f},{up.at(value):.1f}" for at, value in run)
        yield f'<polyline class="{line.colour}" points="{path}"/>'
    for at, value in line.points:
        if value is not None:
            told = html.escape(f"{line.name}, second {at:g}: {_number(value)} {unit}")
            where = f'cx="{across.at(at):.1f}" cy="{up.at(value):.1f}" r="2.2"'
            yield f'<circle class="{line.colour}" {where}><title>{told}</title></circle>'


def _runs(points: Sequence[tuple[float, float | None]]) -> Iterator[list[tuple[float, float]]]:
    """The points between gaps."""
    run: list[tuple[float, float]] = []
    for at, value in points:
        if value is None:
            yield from [run] if run else []
            run = []
        else:
            run.append((at, value))
    yield from [run] if run else []


def bars(rows: Sequence[Bar], colours: dict[str, str]) -> str:
    """Stacked bars, one below the other; `colours`: the CSS class of each part."""
    longest = max((sum(row.parts.values()) for row in rows), default=0)
    across = _Axis(low=0.0, high=float(longest or 1), begin=NAMES, end=WIDTH - 70)
    body = [part for index, row in enumerate(rows) for part in _bar(row, index * (BAR + GAP), across.at, colours)]
    return _svg(len(rows) * (BAR + GAP), "records per table, by what became of them", body)


def _bar(row: Bar, y: int, at: Callable[[float], float], colours: dict[str, str]) -> Iterator[str]:
    yield f'<text class="name" x="{NAMES - 8}" y="{y + 15}" text-anchor="end">{html.escape(row.name)}</text>'
    begin = 0
    for name, length in row.parts.items():
        x, width = at(begin), at(begin + length) - at(begin)
        if length:
            told = html.escape(f"{row.name}: {length:,} {name}")
            where = f'x="{x:.1f}" y="{y}" width="{max(width, 1):.1f}" height="{BAR}"'
            yield f'<rect class="{colours[name]}" {where}><title>{told}</title></rect>'
        begin += length
    yield f'<text class="tick" x="{at(begin) + 6:.1f}" y="{y + 15}">{begin:,}</text>'


def _svg(height: int, label: str, body: Sequence[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{html.escape(label)}">'
    return "\n".join([head, *body, "</svg>"])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:,.2g}"  # noqa: PLR2004 - two digits
