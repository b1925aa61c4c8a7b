"""Failover and lag, computed from what was recorded: topics, and the log of committed ranges. Pure.

    lag of an event    = target's commit that covers its offset - source's commit it tells of
    failover           = from the kill until the last partition that the dead one owned is served again: by another
                         owner's first commit where a change waited for it, by its claim where none did

Never estimates: an event without a commit, or a partition that nobody serves, gives no number. Called by the story.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A worker that was killed: the identity its commits carry, what it owned, and who has claimed that since."""

    owner: str
    at: float
    parts: set[Part]
    claims: Mapping[Part, float]


def failover(ranges: Iterable[Range], records: Iterable[Record], death: Death) -> Window:
    """When each of the dead owner's partitions was served again."""
    first = _first_by_another(ranges, death)
    waited = _changed_at(records, {part: one.start for part, one in first.items()})
    served = dict(death.claims)
    for part, one in first.items():
        if part not in served or waited.get(part, 0.0) <= served[part]:
            served[part] = one.committed_at.timestamp()
    whole = death.parts and served.keys() >= death.parts
    return Window(begin=death.at, end=max(served[part] for part in death.parts) if whole else None)


def _first_by_another(ranges: Iterable[Range], death: Death) -> dict[Part, Range]:
    first: dict[Part, Range] = {}
    for one in ranges:
        part = Part(one.topic, one.partition)
        if part in death.parts and one.owner != death.owner and one.committed_at.timestamp() >= death.at:
            first[part] = min(one, first.get(part, one), key=lambda found: found.committed_at)
    return first


def _changed_at(records: Iterable[Record], starts: Mapping[Part, int]) -> dict[Part, float]:
    """When the source made the first change that lies at or behind each of the offsets."""
    found: dict[Part, tuple[int, float]] = {}
    for record in records:
        part, offset = record.part, record.offset
        if record.streamed and part in starts and starts[part] <= offset < found.get(part, (offset + 1, 0.0))[0]:
            found[part] = (offset, record.ts_us / US)
    return {part: at for part, (_, at) in found.items()}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """One second of the live writes: events the source committed in it, with their lag, and events applied in it."""

    second: int
    changed: int
    applied: int
    lag_p50_ms: float | None
    lag_max_ms: float | None


def timeline(records: Iterable[Record], commits: Commits, began: float) -> list[Second]:
    """Every second from the first live write to the last commit."""
    lags: dict[int, list[float]] = {}
    applied: dict[int, int] = {}
    for record in records:
        changed, at = record.ts_us / US, commits.at(record)
        if not record.streamed or at is None:
            continue
        lags.setdefault(math.floor(changed - began), []).append((at - changed) * 1000)
        second = math.floor(at - began)
        applied[second] = applied.get(second, 0) + 1
    found = []
    for second in range(max([*lags, *applied], default=-1) + 1):
        here = sorted(lags.get(second, ()))
        found.append(
            Second(
                second=second,
                changed=len(here),
                applied=applied.get(second, 0),
                lag_p50_ms=quantile(here, 0.5),
                lag_max_ms=quantile(here, 1.0),
            )
        )
    return found


def snapshot(records: Iterable[Record], commits: Commits) -> tuple[int, float | None]:
    """How many rows were read, and the seconds from the first read at the source to the last one's commit."""
    reads = [record for record in records if record.op == "r"]
    applied = [at for record in reads if (at := commits.at(record)) is not None]
    if not reads or len(applied) < len(reads):
        return len(reads), None
    return len(reads), round(max(applied) - min(record.ts_us for record in reads) / US, 3)
