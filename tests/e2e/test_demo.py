"""The demo as a person runs it: a process of its own, judged by its exit code, its report and what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from overgrow.stack.processes import identify

ROOT = Path(__file__).parents[2]
TIMEOUT = 240
Start = Callable[..., subprocess.Popen[str]]
pytestmark = [pytest.mark.stack, pytest.mark.timeout(TIMEOUT + 30)]


@pytest.fixture
def scratch() -> Iterator[Path]:
    """The demo's folder for temporary files; a database's own user must reach it, so it is not pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="og-e2e-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(scratch: Path) -> Iterator[Start]:
    """Starts the demo; one that still runs at the end is told to stop, and stops what it started."""
    started = []

    def run(report: Path, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "overgrow", "--project", str(ROOT), "demo", "--report", str(report), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(scratch)},
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.terminate()
        process.communicate(timeout=TIMEOUT)


def at_work(scratch: Path) -> dict[int, str]:
    """Living processes that know the folder, by their command line or their environment: pid to command line."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = entry.joinpath("cmdline").read_bytes()
            known = str(scratch).encode() in line + entry.joinpath("environ").read_bytes()
        except OSError:  # it has ended, or is another user's
            continue
        if known and identify(int(entry.name)) is not None:
            found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace")
    return found


def test_the_whole_story_holds_and_leaves_nothing(tmp_path: Path, scratch: Path, start: Start) -> None:
    path = tmp_path / "report.json"
    process = start(path, "--seconds", "15", "--rows", "20000")
    printed, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, said
    report: dict[str, Any] = json.loads(path.read_text())
    assert report["ok"]
    assert all(report["checks"].values()), report["checks"]
    assert report["snapshot_rows"] == 20000
    assert report["live_changes"] > 0
    assert (report["kills"], report["lost"], report["wrong"], report["planted_found"]) == (1, 0, 0, True)
    fates = ("applied", "superseded", "filtered", "set_aside", "ignored")
    assert report["received"] == sum(report[name] for name in fates)
    assert report["received"] == sum(one["records"] for one in report["books"])
    assert report["kill"]["parts"]
    assert report["failover_seconds"] > 0
    assert report["lag"]["events"] + report["lag_failover_window"]["events"] == report["streamed_events"]
    assert report["lag_p50_ms"] <= report["lag_p99_ms"] <= report["lag"]["max_ms"]
    assert "all 9 checks hold" in printed
    assert sum(one["applied"] for one in report["timeline"]) == report["streamed_events"]
    page = path.with_suffix(".html").read_text()
    assert "all 9 checks hold" in page
    assert "kill -9 w1" in page
    assert page.count("<svg") == 3
    assert "\x1b[" not in printed
    assert at_work(scratch) == {}
    recorded = {pid: Path(f"/proc/{pid}/cmdline") for pid in report["pids"].values() if identify(pid) is not None}
    assert not [pid for pid, line in recorded.items() if str(ROOT) in line.read_text()], "a recorded process lives on"
    assert list(scratch.iterdir()) == []


def test_a_signal_stops_everything_and_keeps_the_logs(tmp_path: Path, scratch: Path, start: Start) -> None:
    path = tmp_path / "report.json"
    process = start(path, "--seconds", "60", "--rows", "2000")
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if "live writes" in line:
            assert len(at_work(scratch)) >= 8  # itself, supervisor, kafka, connect, two databases, two workers
            process.send_signal(signal.SIGTERM)
            break
    said += process.communicate(timeout=TIMEOUT)[1]
    assert process.returncode == 128 + signal.SIGTERM, said
    assert not path.exists()
    assert not path.with_suffix(".html").exists()
    (kept,) = scratch.iterdir()
    assert str(kept) in said
    assert {"seed.log", "apply.log", "w1.log", "w2.log", "kafka.log"} <= {log.name for log in kept.iterdir()}
    assert at_work(scratch) == {}
