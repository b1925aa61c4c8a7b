"""The report's page: whole, readable by itself, and every number at its place."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from overgrow.demo.measure import Lag, Second
from overgrow.demo.page import page
from overgrow.demo.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Bar, Line, Mark, bars, lines
from overgrow.demo.report import Books, Report, Table, Worker
from tests.unit.demo.test_report import REPORT

TABLE = Table(
    mapping="m",
    topic="t.s.one",
    source_table="s.one",
    target_table="c.<one>",
    source_rows=7,
    expected_rows=6,
    target_rows=6,
    lost=0,
    fold_differences=0,
    source_differences=0,
)
BOOKS = Books(
    topic="t.s.one",
    partition=0,
    records=1010,
    received=1010,
    applied=1000,
    superseded=0,
    filtered=7,
    set_aside=0,
    ignored=3,
)
SECONDS = [
    Second(second=0, changed=10, applied=5, lag_p50_ms=20.0, lag_max_ms=40.0),
    Second(second=1, changed=0, applied=5, lag_p50_ms=None, lag_max_ms=None),
    Second(second=2, changed=12, applied=12, lag_p50_ms=5000.0, lag_max_ms=9000.0),
]
WHOLE = dataclasses.replace(
    REPORT,
    tables=[TABLE],
    books=[BOOKS, dataclasses.replace(BOOKS, partition=1)],
    timeline=SECONDS,
    workers=[Worker(name="w1", pid=1, ended_by="SIGKILL", rss_peak_mb=99.5, cpu_seconds=None)],
)


class Tags(HTMLParser):
    """Which elements are open, and what an element asks the network for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        self.loads += [tag for name, _ in attrs if name in {"src", "href", "data"}]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"line", "rect", "polyline"}, attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def svg(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own text


def places(plot: ET.Element, colour: str) -> list[tuple[float, float]]:
    return [
        (float(one.attrib["cx"]), float(one.attrib["cy"])) for one in plot.iter("circle") if one.get("class") == colour
    ]


@pytest.mark.parametrize("report", [WHOLE, REPORT])
def test_the_page_is_whole_and_loads_nothing(report: Report) -> None:
    text = page(report)
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.loads == []
    assert "url(" not in text
    assert "<script" not in text


def test_the_page_tells_the_outcome_and_each_check_that_failed() -> None:
    assert "did not hold: killed and taken over" not in page(WHOLE)
    dead = dataclasses.replace(WHOLE, kill=dataclasses.replace(WHOLE.kill, failover_seconds=None))
    assert "killed and taken over" in re.findall("did not hold: ([^<]*)", page(dead))[0]
    fine = dataclasses.replace(WHOLE, live_changes=1, streamed_events=1)
    assert fine.ok
    assert f"all {len(fine.checks)} checks hold" in page(fine)


def test_the_books_of_a_table_are_those_of_its_partitions() -> None:
    text = page(WHOLE)
    assert "<td>s.one</td><td>2,020</td><td>2,020</td><td>2,000</td><td>0</td><td>14</td><td>0</td><td>6</td>" in text
    assert "s.one: 14 filtered" in text


def test_names_are_escaped() -> None:
    text = page(WHOLE)
    assert "c.&lt;one&gt;" in text
    assert "c.<one>" not in text


def test_a_line_is_in_the_frame_and_proportional() -> None:
    plot = svg(lines([Line(name="n", colour="one", points=[(0, 0), (1, 50), (2, 100)])], [], unit="u"))
    at = places(plot, "one")
    assert [x for x, _ in at] == [LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT]
    low, middle, high = (y for _, y in at)
    assert low == HEIGHT - BOTTOM
    assert high > TOP
    assert middle == pytest.approx((low + high) / 2, abs=0.1)


def test_each_factor_of_ten_has_the_same_height_on_a_logarithmic_axis() -> None:
    plot = svg(lines([Line(name="n", colour="one", points=[(0, 10), (1, 100), (2, 1000)])], [], unit="ms", log=True))
    first, second, third = (y for _, y in places(plot, "one"))
    assert first - second == pytest.approx(second - third, abs=0.2)
    ticks = [one.text for one in plot.iter("text") if one.get("text-anchor") == "end"]
    assert ticks == ["10", "20", "50", "100", "200", "500", "1,000", "ms"]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.004, 0.03, ["0.002", "0.005", "0.01", "0.02", "0.05"]),
        (30, 16_000, ["20", "50", "100", "200", "500", "1,000", "2,000", "5,000", "10,000", "20,000"][2::3]),
        (7, 7, ["5", "10"]),
    ],
)
def test_a_logarithmic_axis_ends_at_round_numbers(low: float, high: float, ticks: list[str]) -> None:
    plot = svg(lines([Line(name="n", colour="one", points=[(0, low), (1, high)])], [], unit="ms", log=True))
    assert [one.text for one in plot.iter("text") if one.get("text-anchor") == "end"] == [*ticks, "ms"]
    assert all(TOP <= y <= HEIGHT - BOTTOM for _, y in places(plot, "one"))


def test_a_gap_breaks_the_line() -> None:
    points = [(0.0, 1.0), (1.0, None), (2.0, 2.0), (3.0, 3.0)]
    plot = svg(lines([Line(name="n", colour="one", points=points)], [], unit="u"))
    assert [len(one.attrib["points"].split()) for one in plot.iter("polyline")] == [1, 2]
    assert len(places(plot, "one")) == 3


def test_the_kill_stands_at_its_second_with_the_failover_behind_it() -> None:
    line = Line(name="n", colour="one", points=[(0, 1), (100, 1)])
    plot = svg(lines([line], [Mark(name="kill", at=25, seconds=50)], unit="u"))
    (shade,) = [one for one in plot.iter("rect") if one.get("class") == "span"]
    inner = WIDTH - LEFT - RIGHT
    assert float(shade.attrib["x"]) == pytest.approx(LEFT + inner * 0.25, abs=0.1)
    assert float(shade.attrib["width"]) == pytest.approx(inner * 0.5, abs=0.1)
    unknown = svg(lines([line], [Mark(name="kill", at=25, seconds=None)], unit="u"))
    assert [one.get("class") for one in unknown.iter("rect")] == []


def test_a_bar_is_as_long_as_its_parts_together() -> None:
    rows = [Bar(name="a", parts={"x": 30, "y": 10, "z": 0}), Bar(name="b", parts={"x": 20, "y": 0, "z": 0})]
    plot = svg(bars(rows, {"x": "one", "y": "two", "z": "two"}))
    widths = [float(one.attrib["width"]) for one in plot.iter("rect")]
    assert widths[0] == pytest.approx(3 * widths[1], abs=0.2)
    assert widths[2] == pytest.approx(2 * widths[1], abs=0.2)
    assert len(widths) == 3


@pytest.mark.parametrize("log", [True, False])
def test_nothing_to_show_is_an_empty_frame(log: bool) -> None:  # noqa: FBT001 - a test's parameter
    plot = svg(lines([Line(name="n", colour="one", points=[])], [], unit="u", log=log))
    assert places(plot, "one") == []
    assert svg(bars([], {})).get("viewBox") == f"0 0 {WIDTH} 0"


def test_no_lag_is_no_number() -> None:
    assert "- / -" in page(dataclasses.replace(WHOLE, lag=Lag(events=0, p50_ms=None, p99_ms=None, max_ms=None)))
