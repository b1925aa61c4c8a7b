"""Failover and lag, computed from what was recorded: topics, and the log of committed ranges. Pure.

    lag of an event    = target's commit that covers its offset - source's commit it tells of
    failover           = from the kill to the first commit, by another owner, on the last partition the dead one owned

Never estimates: an event without a commit, or a partition without one, gives no number. Called by the story.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overgrow.model import Part
from overgrow.testing.rangelog import Range
from overgrow.testing.topics import Record

US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From the kill to the end of the failover, in seconds since 1970; `end` None: it never ended."""

    begin: float
    end: float | None

    @property
    def seconds(self) -> float | None:
        """How long it was."""
        return None if self.end is None else self.end - self.begin

    def touches(self, begin: float, end: float) -> bool:
        """Whether an event's way from commit to commit overlaps it."""
        return begin <= (math.inf if self.end is None else self.end) and end >= self.begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """Of `events` events, in milliseconds; None for no event. Quantiles are values that occurred (nearest rank)."""

    events: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Lag:
        """Sum up."""
        found = sorted(one * 1000 for one in seconds)
        return cls(
            events=len(found),
            p50_ms=quantile(found, 0.50),
            p99_ms=quantile(found, 0.99),
            max_ms=quantile(found, 1.0),
        )


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest rank: the smallest value that at least `share` of all do not exceed."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)


def failover(ranges: Iterable[Range], *, parts: set[Part], owner: str, killed_at: float) -> Window:
    """When each of the dead owner's partitions had its first commit by another."""
    first: dict[Part, float] = {}
    for one in ranges:
        part, at = Part(one.topic, one.partition), one.committed_at.timestamp()
        if part in parts and one.owner != owner and at >= killed_at:
            first[part] = min(at, first.get(part, at))
    whole = parts and first.keys() == parts
    return Window(begin=killed_at, end=max(first.values()) if whole else None)


def unchanged(records: Iterable[Record], parts: set[Part], *, since: float) -> set[Part]:
    """Those of the partitions that no change came to since then: nobody had anything to commit there."""
    return parts - {record.part for record in records if record.streamed and record.ts_us >= since * US}


class Commits:
    """When each offset was committed in the target."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._of: dict[Part, list[tuple[int, int, float]]] = {}
        for one in ranges:
            entry = (one.start, one.next, one.committed_at.timestamp())
            self._of.setdefault(Part(one.topic, one.partition), []).append(entry)
        for found in self._of.values():
            found.sort()

    def at(self, record: Record) -> float | None:
        """Seconds since 1970; None if no commit covers the record."""
        commits = self._of.get(record.part, [])
        place = bisect_right(commits, record.offset, key=lambda one: one[0]) - 1
        if place < 0 or record.offset >= commits[place][1]:
            return None
        return commits[place][2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lags:
    """Of streamed events whose way touches the failover window, and of all others; `open_events` have no commit."""

    outside: Lag
    inside: Lag
    open_events: int

    @classmethod
    def of(cls, records: Iterable[Record], commits: Commits, window: Window) -> Lags:
        """Measure each event."""
        outside: list[float] = []
        inside: list[float] = []
        open_events = 0
        for record in records:
            if not record.streamed:
                continue
            changed, applied = record.ts_us / US, commits.at(record)
            if applied is None:
                open_events += 1
            else:
                (inside if window.touches(changed, applied) else outside).append(applied - changed)
        return cls(outside=Lag.of(outside), inside=Lag.of(inside), open_events=open_events)


def snapshot(records: Iterable[Record], commits: Commits) -> tuple[int, float | None]:
    """How many rows were read, and the seconds from the first read at the source to the last one's commit."""
    reads = [record for record in records if record.op == "r"]
    applied = [at for record in reads if (at := commits.at(record)) is not None]
    if not reads or len(applied) < len(reads):
        return len(reads), None
    return len(reads), round(max(applied) - min(record.ts_us for record in reads) / US, 3)
