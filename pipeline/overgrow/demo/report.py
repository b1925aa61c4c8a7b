"""What a demo run has measured, as `report.json` has it; docs/reference/report.md tells each field.

Guarantees: every number was measured in this run; None is a number that could not be. `checks` decide the exit code,
`limits` are only compared: how fast a run is depends on the machine. Written by the story.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overgrow.demo.measure import Lag, Second

SCHEMA_VERSION = 1
BOOKS = ("received", "applied", "superseded", "filtered", "set_aside", "ignored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """One partition: its checkpoint's columns, and what the topic holds. Balanced: each record has exactly one fate."""

    topic: str
    partition: int
    records: int
    received: int
    applied: int
    superseded: int
    filtered: int
    set_aside: int
    ignored: int

    @property
    def balanced(self) -> bool:
        """Whether received = records in the topic = the sum of all fates."""
        fates = self.applied + self.superseded + self.filtered + self.set_aside + self.ignored
        return self.received == self.records == fates


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """Which worker was killed; `parts` it owned then, `idle_parts` of them saw no change since.

    `failover_seconds` None: one of them was neither committed nor claimed by another since.
    """

    worker: str
    parts: Sequence[str]
    idle_parts: Sequence[str]
    seconds_into_live: float
    failover_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One mapping at the end: rows of the source, of them inside the filter, of the target, and what differs."""

    mapping: str
    topic: str
    source_table: str
    target_table: str
    source_rows: int
    expected_rows: int
    target_rows: int
    lost: int
    fold_differences: int
    source_differences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """The corruption, and what `verify` said of it."""

    table: str
    column: str
    key: Mapping[str, str]
    found: bool
    expected: str | None
    actual: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A number beside what it should be; `held` None where it could not be measured."""

    name: str
    value: float | None
    wanted: str
    held: bool | None

    @classmethod
    def at_most(cls, name: str, value: float | None, bound: float) -> Limit:
        """Not more than."""
        return cls(name=name, value=value, wanted=f"<= {bound:g}", held=None if value is None else value <= bound)

    @classmethod
    def at_least(cls, name: str, value: float | None, bound: float) -> Limit:
        """Not less than."""
        return cls(name=name, value=value, wanted=f">= {bound:g}", held=None if value is None else value >= bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process of a worker, from its start to its end."""

    name: str
    pid: int
    ended_by: str
    rss_peak_mb: float | None
    cpu_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything; see docs/reference/report.md."""

    started_at: str
    snapshot_rows: int
    snapshot_seconds: float | None
    live_changes: int
    live_seconds: float
    streamed_events: int
    kills: int
    kill: Kill
    books: Sequence[Books]
    verdict: str
    wrong: int
    tables: Sequence[Table]
    range_faults: Sequence[str]
    events_without_commit: int
    planted: Planted
    lag: Lag
    lag_failover_window: Lag
    timeline: Sequence[Second]
    workers: Sequence[Worker]
    cpu_seconds: Mapping[str, float | None]
    durations: Mapping[str, float]
    versions: Mapping[str, str]
    pids: Mapping[str, int]

    def total(self, name: str) -> int:
        """A column of the books over all partitions."""
        return sum(getattr(one, name) for one in self.books)

    @property
    def lost(self) -> int:
        """Keys that must be in the target and are not."""
        return sum(one.lost for one in self.tables)

    @property
    def changes_per_second(self) -> float:
        """What the writer achieved."""
        return round(self.live_changes / self.live_seconds, 1) if self.live_seconds else 0.0

    @property
    def checks(self) -> dict[str, bool]:
        """All must hold, or the demo fails."""
        return {
            "nothing lost": self.lost == 0,
            "nothing wrong": self.wrong == 0 and self.verdict == "equal",
            "target = fold of the topics": not sum(one.fold_differences for one in self.tables),
            "target = mapped source": not sum(one.source_differences for one in self.tables),
            "books balance": all(one.balanced for one in self.books),
            "each record applied once": not self.range_faults and not self.events_without_commit,
            "live writes ran": self.live_changes > 0 and self.streamed_events > 0,
            "killed and taken over": self.kills == 1 and self.kill.failover_seconds is not None,
            "planted corruption found": self.planted.found,
        }

    @property
    def ok(self) -> bool:
        """Whether all checks hold."""
        return all(self.checks.values())

    @property
    def limits(self) -> list[Limit]:
        """Numbers that depend on the machine, beside what they should be."""
        peaks = [one.rss_peak_mb for one in self.workers if one.rss_peak_mb is not None]
        return [
            Limit.at_least("changes_per_second", self.changes_per_second, 200),
            Limit.at_most("lag_p50_ms", self.lag.p50_ms, 300),
            Limit.at_most("lag_p99_ms", self.lag.p99_ms, 1000),
            Limit.at_most("failover_seconds", self.kill.failover_seconds, 15),
            Limit.at_most("worker_rss_peak_mb", max(peaks, default=None), 200),
            Limit.at_most("stack_seconds", self.durations.get("stack"), 10),
            Limit.at_most("total_seconds", self.durations.get("total"), 240),
        ]

    def document(self) -> dict[str, Any]:
        """As JSON: first the outcome, then what it rests on."""
        limits = self.limits
        return {
            "schema_version": SCHEMA_VERSION,
            "ok": self.ok,
            "started_at": self.started_at,
            "snapshot_rows": self.snapshot_rows,
            "live_changes": self.live_changes,
            "kills": self.kills,
            **{name: self.total(name) for name in BOOKS},
            "lost": self.lost,
            "wrong": self.wrong,
            "planted_found": self.planted.found,
            "failover_seconds": self.kill.failover_seconds,
            "lag_p50_ms": self.lag.p50_ms,
            "lag_p99_ms": self.lag.p99_ms,
            "changes_per_second": self.changes_per_second,
            "worker_rss_peak_mb": next(one.value for one in limits if one.name == "worker_rss_peak_mb"),
            "checks": self.checks,
            "limits": [dataclasses.asdict(one) for one in limits],
            **dataclasses.asdict(self),
        }

    def write(self, path: Path) -> None:
        """Replace the file in one step."""
        temporary = path.with_name(f".{path.name}-{os.getpid()}")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(self.document(), file, indent=2, ensure_ascii=False)
            file.write("\n")
        temporary.replace(path)
