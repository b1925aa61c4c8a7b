"""Reads the transaction topic and the mapped topics up to the checkpoints, and closes the source's books.

    ENDs            what the source says it sent
    records         of every partition, up to the target's checkpoint: what the workers have passed
    while a transaction lacks events:
        Connect's committed position S >= the newest END      its events are in their topics
        E = the topics' end offsets                           behind all of them
        records up to E                                       what lacks still is missing for good

Guarantees: no clock has a say in what is missing; where connector or workers stand still for `patience` seconds, what
they leave open is said to be open. Joins no group, commits nothing, writes nothing. Called by `overgrow books`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import psycopg

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.model import Part
from overgrow.reconcile import checkpoints, identity, source_records
from overgrow.reconcile.checkpoints import Checkpoint
from overgrow.reconcile.drain import committed
from overgrow.reconcile.failures import naming
from overgrow.reconcile.ports import Say
from overgrow.reconcile.source_books import SourceBooks
from overgrow.reconcile.source_log import Log, Record
from overgrow.reconcile.source_report import PartitionCount, SourceReport
from overgrow.sinks.postgres import install
from overgrow.sources.postgres import connected, session

POLL_SECONDS = 0.1
Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`last`: records to read of each partition, None for all. `block`: ENDs held at a time, for bounded memory."""

    last: int | None = 100_000
    patience: float = 60.0
    block: int = 50_000


class SourceReading:
    """One reading."""

    def __init__(self, deployment: Deployment, settings: Settings, say: Say) -> None:
        self._deployment, self._settings, self._say = deployment, settings, say
        self._application = f"overgrow:{deployment.pipeline}:books"
        self._topics = Topics(deployment.bootstrap)
        self._table = {topic: plan.source_table for topic, plan in deployment.plans.items()}
        self._unreadable = 0
        self._counts: dict[Part, int] = {}

    def run(self) -> SourceReport:
        """Read, wait for what is on its way, judge."""
        began = time.monotonic()
        with ExitStack() as stack:
            self._target = stack.enter_context(
                session(self._deployment.target_dsn, what="target", application=self._application)
            )
            self._check()
            self._connect = stack.enter_context(closing(Connect(self._deployment.connect_url)))
            self._log = stack.enter_context(closing(Log(self._deployment.bootstrap, self._say)))
            self._at = self._checkpoints()
            starts, told = self._starts()
            books = SourceBooks(tables=self._table, starts=starts, told_from=told.start)
            self._next = dict(starts)
            self._counts = dict.fromkeys(starts, 0)
            self._read_blocks(books, told)
            self._check_history(books)
            standing = self._settle(books) if books.open else ""
            return self._report(books, starts, standing if books.open else "", time.monotonic() - began)

    def _check(self) -> None:
        with naming("target"), connected(self._deployment.source_dsn, application=self._application) as source:
            self._target.execute("SET default_transaction_read_only TO on")
            identity.check(self._deployment, source.identity(), self._target, self._topics)

    def _check_history(self, books: SourceBooks) -> None:
        """Positions of two source histories do not compare: the newer one's would look like sent again."""
        with naming("source"), connected(self._deployment.source_dsn, application=self._application) as source:
            position = source.position()
        if books.told_to > position:
            raise errors.Refused(
                f"the transaction topic tells of position {books.told_to}, the source's log ends at {position}: it was "
                "written by an earlier source; next: overgrow books --last RECORDS, so few that they are of this one",
                code="source-history",
            )

    def _checkpoints(self) -> dict[Part, Checkpoint]:
        with naming("target"):
            return checkpoints.read(self._target, self._deployment.pipeline)

    def _starts(self) -> tuple[dict[Part, int], _Told]:
        starts = {part: self._start(part, one.next_offset) for part, one in self._at.items()}
        connector = self._deployment.connector
        name = f"{connector.topic_prefix}.{connector.config.get('topic.transaction', 'transaction')}"
        topic = Part(name, 0)
        if not self._topics.describe([name]):
            self._say(f"there is no topic {name}: the source has told of no transaction yet")
            return starts, _Told(topic, 0, 0)
        end = self._topics.end_offsets(name)[0]
        return starts, _Told(topic, self._start(topic, end), end)

    def _start(self, part: Part, end: int) -> int:
        low, last = self._log.low(part), self._settings.last
        return min(end, low) if last is None else max(min(end, low), end - last)

    def _read_blocks(self, books: SourceBooks, told: _Told) -> None:
        """ENDs in blocks; of each partition what belongs to a block before the next block is read."""
        position = told.start
        while True:
            read = 0

            def end(record: Record) -> bool:
                nonlocal read
                found = source_records.told(record.part, record.offset, record.value or b"")
                if found is not None:
                    books.told(found)
                    read += 1
                return read >= self._settings.block

            position = self._log.read({told.topic: position}, {told.topic: told.end}, end)[told.topic]
            last = position >= told.end
            self._read_events(books, behind=None if last else books.told_to)
            if last:
                return

    def _read_events(self, books: SourceBooks, *, behind: int | None = None) -> None:
        """Every partition up to its checkpoint, or until an event shows a commit behind this position."""

        def event(record: Record) -> bool:
            self._counts[record.part] += 1
            if record.value is None:
                return False
            try:
                seen = source_records.seen(record.part, record.offset, record.value)
            except errors.DecodeError as error:
                self._unreadable += 1
                self._say(str(error))
                return False
            books.received(record.part, seen)
            return behind is not None and seen.after is not None and seen.after > behind

        limits = {part: one.next_offset for part, one in self._at.items()}
        self._next = self._log.read(self._next, limits, event)
        for part, position in self._next.items():
            books.passed(part, position)

    def _settle(self, books: SourceBooks) -> str:
        """Judge what is still open; says what stands still where not all of it could be."""
        name = self._deployment.connector.name

        def sent() -> int:
            return committed(self._connect.offsets(name))

        self._say(f"{books.open} transactions lack events; waiting until the connector has committed them")
        reached, position = self._wait(sent, lambda at: at >= books.told_to)
        ends = self._topics.ends(self._table)
        books.fence(position, ends)
        self._say("reading on to where the topics ended after that")
        passed, _ = self._wait(
            lambda: self._follow(books), lambda at: all(at[part] >= end for part, end in ends.items())
        )
        if not passed:
            part = next(part for part, end in ends.items() if self._next[part] < end)
            return f"{part} stands at {self._next[part]}, its records go on to {ends[part]}: no worker applies them"
        return "" if reached else f"connector {name} stands at {position}, the source told of {books.told_to}"

    def _follow(self, books: SourceBooks) -> dict[Part, int]:
        self._at = self._checkpoints()
        self._read_events(books)
        return self._next

    def _wait(self, look: Callable[[], Any], reached: Callable[[Any], bool]) -> tuple[bool, Any]:
        """Until it is reached, or nothing has moved for `patience` seconds; what was seen last."""
        seen: Hashable = None
        moved = time.monotonic()
        while True:
            found = look()
            if reached(found):
                return True, found
            now, moving = time.monotonic(), str(found)
            if moving != seen:
                seen, moved = moving, now
            elif now - moved > self._settings.patience:
                return False, found
            time.sleep(POLL_SECONDS)

    def _report(self, books: SourceBooks, starts: dict[Part, int], standing: str, seconds: float) -> SourceReport:
        return SourceReport(
            pipeline=self._deployment.pipeline,
            tables=books.books,
            partitions=[
                PartitionCount(
                    part=part,
                    start=starts[part],
                    next=one.next_offset,
                    records=None if starts[part] or one.epoch > install.FIRST_EPOCH else self._counts[part],
                    received=one.received,
                )
                for part, one in self._at.items()
            ],
            closed=books.closed,
            open=books.open,
            unjudged=books.unjudged,
            unreadable=self._unreadable,
            alarms=tuple(books.alarms),
            alarmed=books.alarmed,
            standing=standing,
            seconds=seconds,
        )


@dataclass(frozen=True, slots=True)
class _Told:
    topic: Part
    start: int
    end: int
