"""Runs inputs in a process of their own, so that one that ends or hangs the process is a finding like any other.

The child tells what became of some hundred inputs at a time; the number of its current one stands in shared memory. An
input that uses too much CPU ends the child (SIGPROF), as does a crash; the next child leaves that input out.
"""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from tests.fuzz.broken import Finding, abridged
from tests.fuzz.files import Files
from tests.fuzz.messages import PER_CHUNK, Messages

MOST_CPU = 1.0  # seconds for one input; above it is a finding
_DEADLY_CPU = 20.0  # ends the process
_MEMORY = 4 << 30
_BATCH = 200  # inputs between two reports
_KEEP = 5000  # inputs after which it is kept how far the run is
_KEPT = 3  # findings of a kind that are written down in full
SHARED = Path("/dev/shm")  # noqa: S108 - a disk in memory, where there is one


class Target(Protocol):
    """What is fuzzed."""

    shown: str

    def one(self, dice: random.Random) -> Counter[str]:
        """Play one input; what became of it. Anything raised is a finding."""


Make = Callable[[int, Path], Target]
TARGETS: dict[str, Make] = {
    "files": lambda _, folder: Files(folder),
    "messages": lambda seed, _: Messages(seed),
}
INPUTS = {"files": 1, "messages": PER_CHUNK}  # of one number


@dataclass(slots=True)
class Tally:
    """What became of the inputs of one target."""

    what: str
    numbers: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  # findings by kind
    findings: list[Finding] = field(default_factory=list)  # the first few of each kind
    cpu: float = 0.0
    slowest: tuple[float, int] = (0.0, 0)

    def add(self, finding: Finding) -> None:
        """Note a finding."""
        self.found[finding.kind] += 1
        if self.found[finding.kind] <= _KEPT:
            self.findings.append(finding)

    def merge(self, other: Tally) -> list[Finding]:
        """Add what another has counted; its findings of a kind that is new."""
        self.numbers += other.numbers
        self.outcomes += other.outcomes
        self.cpu += other.cpu
        self.slowest = max(self.slowest, other.slowest)
        new = []
        for one in other.findings:
            kept = sum(before.kind == one.kind for before in self.findings)
            self.findings += [one] if kept < _KEPT else []
            new += [one] if kept == 0 else []
        self.found += other.found
        return new

    def describe(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "inputs": self.numbers * INPUTS.get(self.what, 1),
            "outcomes": dict(sorted(self.outcomes.items())),
            "cpu_seconds": round(self.cpu, 1),
            "slowest_cpu_seconds": round(self.slowest[0], 3),
            "slowest_number": self.slowest[1],
            "findings_by_kind": dict(self.found),
            "findings": [one.describe() for one in self.findings],
        }


def play(target: Target, what: str, seed: int, number: int, tally: Tally) -> None:
    """One input, its CPU time and its findings."""
    begin = time.process_time()
    try:
        tally.outcomes.update(target.one(dice(what, seed, number)))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        tally.add(Finding.of(what, number, error, target.shown))
    used = time.process_time() - begin
    if used > MOST_CPU:
        slow = TimeoutError(f"{used:.1f} s of CPU")
        tally.add(Finding.of(what, number, slow, target.shown))
    tally.numbers += 1
    tally.cpu += used
    tally.slowest = max(tally.slowest, (used, number))


def dice(what: str, seed: int, number: int) -> random.Random:
    """The dice of one input."""
    return random.Random(f"{seed}:{what}:{number}")  # noqa: S311 - a seeded one is the point


def run(what: str, numbers: range, seed: int, *, make: Make | None = None, kept: Path | None = None) -> Tally:
    """All the inputs, in as many processes one after the other as it takes; `kept`: where to go on after a stop."""
    tally, skipped = Tally(what), set[int]()
    if kept is not None and kept.exists():
        tally, skipped = pickle.loads(kept.read_bytes())  # noqa: S301 - written below
    keep = None if kept is None else lambda: kept.write_bytes(pickle.dumps((tally, skipped)))
    while left := numbers[tally.numbers :]:
        died = _child(_Job(what, left, seed, skipped, make or TARGETS[what]), tally, keep)
        if died is not None:
            number, cause = died
            skipped.add(number)
            tally.add(Finding(what=what, number=number, cause=cause, where="", shown="play it again: --only"))
    return tally


@dataclass(frozen=True, slots=True)
class _Job:
    """What a child is to do."""

    what: str
    numbers: range
    seed: int
    skipped: Container[int]
    make: Make


def _child(job: _Job, tally: Tally, keep: Callable[[], object] | None) -> tuple[int, str] | None:
    """Run until the end or a death; which number the process died of, and how."""
    context = multiprocessing.get_context("fork")
    at = context.Value("q", -1, lock=False)
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, at, there))
    process.start()
    there.close()
    begin = time.monotonic()
    while True:
        try:
            piece: Tally = here.recv()
        except EOFError:
            break
        for new in tally.merge(piece):
            sys.stderr.write(f"\n{new.what}:{new.number}: {new.cause} {new.where}\n")
        _progress(tally, time.monotonic() - begin)
        if keep is not None and tally.numbers % _KEEP == 0:
            keep()
    process.join()
    code = process.exitcode or 0
    if code == 0:
        return None
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    if code == -signal.SIGPROF:
        how = f"more than {_DEADLY_CPU:.0f} s of CPU"
    return at.value, f"the process died: {how}"


def _progress(tally: Tally, seconds: float) -> None:
    found = tally.found.total()
    sys.stderr.write(f"\r{tally.what}: {tally.numbers:,} after {seconds:,.0f} s, findings: {found} ")
    sys.stderr.flush()


def _work(job: _Job, at: Any, tell: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    base = str(SHARED) if SHARED.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="overgrow-fuzz-", dir=base) as folder:
        target = job.make(job.seed, Path(folder))
        gc.freeze()
        for start in range(0, len(job.numbers), _BATCH):
            tally = Tally(job.what)
            for number in job.numbers[start : start + _BATCH]:
                if number in job.skipped:
                    tally.numbers += 1
                    continue
                at.value = number
                signal.setitimer(signal.ITIMER_PROF, _DEADLY_CPU)
                play(target, job.what, job.seed, number, tally)
            signal.setitimer(signal.ITIMER_PROF, 0)
            tell.send(tally)
    tell.close()


def again(what: str, seed: int, number: int) -> Tally:
    """One input in this process, so that a debugger may look."""
    tally = Tally(what)
    with tempfile.TemporaryDirectory(prefix="overgrow-fuzz-") as folder:
        target = TARGETS[what](seed, Path(folder))
        play(target, what, seed, number, tally)
        sys.stderr.write(f"{abridged(target.shown)}\n")
    return tally
