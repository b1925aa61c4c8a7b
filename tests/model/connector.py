"""The connector of the model: commit order into partitions by key, acknowledged late, re-sent after a crash.

Guarantees: a partition receives a prefix of what was handed to the producer, then, after a crash, everything since the
last flushed position again. Loses changes only where an operator's act says so. Called by the world and the operator.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import NamedTuple

from tests.model.dice import Dice
from tests.model.source import TABLE, Change, Source

PARTITIONS = 2  # at the start; a topic can grow


class Record(NamedTuple):
    """A Kafka record; `change` None: Kafka's tombstone that follows a delete. A TRUNCATE's has no key of its own."""

    offset: int
    key: int
    change: Change | None


class Chunk(NamedTuple):
    """Records of a partition between two fetch positions."""

    part: int
    start: int
    next: int
    records: tuple[Record, ...]


class Log:
    """One partition: offsets with holes where control batches stand."""

    def __init__(self, part: int) -> None:
        self.part, self.end = part, 0
        self.records: list[Record] = []

    def append(self, key: int, change: Change | None) -> None:
        """Write at the end."""
        self.records.append(Record(self.end, key, change))
        self.end += 1

    def fetch(self, position: int, count: int, *, far: float) -> Chunk:
        """Up to `count` records; with luck `far` < 0.5 the position also passes the control batches behind them."""
        first = bisect_left(self.records, position, key=lambda record: record.offset)
        taken = tuple(self.records[first : first + count])
        beyond = self.records[first + count].offset if len(self.records) > first + count else self.end
        end = taken[-1].offset + 1 if taken and far >= 0.5 else beyond
        return Chunk(self.part, position, end, taken)


class Window(NamedTuple):
    """An incremental snapshot chunk, read between two watermarks of the log."""

    low: int
    high: int
    reads: dict[int, Change]


class Connector:
    """Snapshot, then stream."""

    def __init__(self, rng: Dice, source: Source) -> None:
        self.rng, self.source = rng, source
        self.logs = [Log(part) for part in range(PARTITIONS)]
        self.queues: list[deque[tuple[int, int, Change | None]]] = [deque() for _ in self.logs]
        self.window: Window | None = None
        reads = source.reads("first")
        self.slot = self.sent = self.flushed = len(source.stream)
        self._send_all(reads)

    def step(self) -> str:
        """One random thing the connector does."""
        luck = self.rng.random()
        if luck < 0.4:
            return self.stream()
        if luck < 0.75:
            return self.produce(self.rng.between(1, 4))
        if luck < 0.79:
            self.flushed = max(self.flushed, self.rng.between(min(self.flushed, self._acked()), self._acked()))
            return f"flush {self.flushed}"
        if luck < 0.9:
            return self._crash()
        return self._reread()

    def stream(self) -> str:
        """Hand the next committed changes to the producer."""
        for _ in range(self.rng.between(1, 5)):
            self._close_window()
            if self.sent == len(self.source.stream):
                break
            change = self.source.stream[self.sent]
            self._send(change)
            self.sent += 1
            if self.window is not None and self.sent > self.window.low:
                self.window.reads.pop(change.key, None)  # the stream knows better
        return f"stream to {self.sent}"

    def produce(self, count: int) -> str:
        """The broker takes some records of one partition."""
        part = self.rng.below(len(self.logs))
        queue, log = self.queues[part], self.logs[part]
        for _ in range(min(count, len(queue))):
            _, key, change = queue.popleft()
            log.append(key, change)
        if self.rng.random() < 0.15:
            log.end += 1
        return f"produce part {part} to {log.end}"

    @property
    def in_snapshot(self) -> bool:
        """Whether reads of a whole snapshot have not reached the topic yet."""
        return any(c is not None and c.snapshot in ("first", "true") for queue in self.queues for _, _, c in queue)

    def stop(self) -> str:
        """Stop it, cleanly or not; the topic's ends stand still then. A snapshot is always let finish."""
        if self.in_snapshot or self.rng.random() < 0.5:
            for queue, log in zip(self.queues, self.logs, strict=True):
                for _, key, change in queue:
                    log.append(key, change)
            self.flushed = self.sent
        for queue in self.queues:
            queue.clear()
        self.sent = self.flushed
        return f"the connector stops at {self.sent}"

    def snapshot(self, *, slot: str) -> str:
        """Start it with a snapshot. `slot` "lost": it streams what commits from now on; "kept": all it had not sent."""
        reads = self.source.reads("first")
        if slot == "lost":
            self.sent = self.flushed = len(self.source.stream)
            self.source.last.clear()  # what the snapshot shows is not streamed
        self._send_all(reads)
        return f"snapshot, then the stream from {self.sent}"

    def recreate(self) -> None:
        """The topic is deleted and made again, empty."""
        self.logs[:] = [Log(part) for part in range(len(self.logs))]

    def grow(self) -> None:
        """One partition more; keys move."""
        self.logs.append(Log(len(self.logs)))
        self.queues.append(deque())

    def _send_all(self, reads: list[Change]) -> None:
        for read in reads:
            self._send(read)

    def _send(self, change: Change) -> None:
        parts = len(self.queues)  # a record without a key goes anywhere, and elsewhere when it is sent again
        queue = self.queues[self.rng.below(parts) if change.key == TABLE else change.key % parts]
        queue.append((self.sent, change.key, change))
        if change.op == "d":
            queue.append((self.sent, change.key, None))

    def _acked(self) -> int:
        return min((entry[0] for queue in self.queues for entry in queue), default=self.sent)

    def _crash(self) -> str:
        first = self.in_snapshot
        if first and self.source.profile.reads != "blocking":
            return "no crash in the first snapshot: it begins again, which is a named stop"
        for queue in self.queues:
            queue.clear()
        self.sent, self.window = self.flushed, None
        if first:
            self.sent = self.flushed = self.slot
            self._send_all(self.source.reads("first"))
        return f"crash, again from {self.sent}"

    def _reread(self) -> str:
        kind = self.source.profile.reads
        if kind == "blocking":
            self._send_all(self.source.reads("blocking"))
        elif kind == "incremental" and self.window is None:
            low = len(self.source.stream)
            for _ in range(self.rng.between(0, 3)):
                self.source.step()
            reads = {read.key: read for read in self.source.reads("incremental")}
            for _ in range(self.rng.between(0, 3)):
                self.source.step()
            self.window = Window(low, len(self.source.stream), reads)
        return f"{kind} re-snapshot"

    def _close_window(self) -> None:
        if self.window is not None and self.sent >= self.window.high:
            self._send_all(list(self.window.reads.values()))
            self.window = None
