"""Where a report goes, and what it is compared with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from overgrow import errors
from overgrow.demo import story
from overgrow.demo.measure import Lag
from overgrow.demo.report import Kill, Planted, Report
from overgrow.demo.settings import Options
from overgrow.project import Project

ROOT = Path(__file__).parents[3]
NO_LAG = Lag(events=0, p50_ms=None, p99_ms=None, max_ms=None)
REPORT = Report(
    started_at="2026-01-01T00:00:00+00:00",
    snapshot_rows=0,
    snapshot_seconds=None,
    live_changes=0,
    live_seconds=0.0,
    streamed_events=0,
    kills=1,
    kill=Kill(worker="w1", parts=[], idle_parts=[], seconds_into_live=1.0, failover_seconds=2.0),
    books=[],
    verdict="equal",
    wrong=0,
    tables=[],
    range_faults=[],
    events_without_commit=0,
    planted=Planted(table="t", column="c", key={}, found=True, expected=None, actual=None),
    lag=NO_LAG,
    lag_failover_window=NO_LAG,
    timeline=[],
    workers=[],
    cpu_seconds={},
    durations={"stack": 10.5, "total": 100.0},
    versions={},
    pids={},
)


class Began(Exception):
    """The stack would start now."""


def tell(monkeypatch: pytest.MonkeyPatch, report: Path) -> None:
    @contextmanager
    def stack(*_: object) -> Iterator[None]:
        raise Began
        yield

    monkeypatch.setattr(story, "_stack", stack)
    story.tell(Project.require(ROOT), Options(seconds=10, rows=1, rate=50, keep=False, report=report))


def test_the_reports_folder_is_made_before_anything_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(Began):
        tell(monkeypatch, tmp_path / "out" / "deep" / "x.json")
    assert (tmp_path / "out" / "deep").is_dir()


def test_a_report_that_cannot_be_written_is_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.ConfigurationError, match=r"--report .*file/x\.json: .*; choose another"):
        tell(monkeypatch, tmp_path / "file" / "x.json")


def test_a_report_that_would_be_overwritten_by_its_page_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(errors.ConfigurationError, match=r"--report .*x\.html: the page takes that name"):
        tell(monkeypatch, tmp_path / "x.html")


def test_an_old_report_goes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "x.json").touch()
    (tmp_path / "x.html").touch()
    with pytest.raises(Began):
        tell(monkeypatch, tmp_path / "x.json")
    assert list(tmp_path.iterdir()) == []


def test_a_report_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        REPORT.write(tmp_path / "x.json")
    finally:
        os.umask(before)
    assert (tmp_path / "x.json").stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["x.json"]
    assert json.loads((tmp_path / "x.json").read_text())["kills"] == 1


def test_a_slow_start_of_the_stack_is_told() -> None:
    limits = {one.name: one for one in REPORT.limits}
    assert (limits["stack_seconds"].value, limits["stack_seconds"].wanted, limits["stack_seconds"].held) == (
        10.5,
        "<= 10",
        False,
    )
    assert limits["total_seconds"].held
