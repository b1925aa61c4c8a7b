"""One pipeline under live writes, two armed workers behind a proxy, and the question that every fault ends with: has
each partition moved again, and how long did that take?

Guarantees: the checkpoints are read past the proxy, on a session of its own; nothing here decides whether what was
applied is right, that is `findings.py`. Called by `scenario.py`; the faults themselves are in `acts/`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from overgrow.model import Part
from overgrow.stack import Stack
from overgrow.testing.faults import Plant, order
from overgrow.testing.proxy import Proxy
from tests.faults.pipeline import Connection, Pipeline, made
from tests.faults.waiting import until
from tests.faults.worker import ARMED, Worker
from tests.faults.writer import Writer

SEEDED = 400
RATE = 200.0
NAMES = ("w1", "w2")
LIMIT_SECONDS = 180.0  # of any wait for progress; what is promised is asked of the report, not of the test
LONGEST_SECONDS = 1800.0
NOTHING: Mapping[str, str] = {}


class Stood(NamedTuple):
    """A checkpoint: where it stood, under whose claim."""

    next: int
    owner: str


Standing = Mapping[Part, Stood]


class Scene:
    """What the acts work with. `workers`: the newest process of each name."""

    def __init__(
        self, pipeline: Pipeline, stack: Stack, proxy: Proxy, *, entry: list[str], env: Mapping[str, str]
    ) -> None:
        """`entry`, `env`: how its workers are started."""
        self.pipeline, self.stack, self.proxy = pipeline, stack, proxy
        self._entry, self._env = entry, env
        self.workers: dict[str, Worker] = {}
        self.writer: Writer | None = None
        self._eye: Connection | None = None
        self._through = make_conninfo(pipeline.target_dsn, host="127.0.0.1", port=proxy.port)

    # -- who plays

    def write(self) -> None:
        """Live writes, from now on."""
        self.writer = self.pipeline.writer(rate=RATE, seconds=LONGEST_SECONDS)

    def stop_writing(self) -> None:
        """No more; raises what the writer raised."""
        if self.writer is not None:
            self.writer.done()
            self.writer = None

    def start(self, name: str, plant: Plant | None = None, *, clock: float = 0.0) -> Worker:
        """A worker of this name, armed; the next process of a static member."""
        more = {**self._env, **({"OVERGROW_FAULT": plant.text()} if plant else {})}
        self.workers[name] = self.pipeline.worker(
            name,
            entry=self._entry,
            OVERGROW_TARGET_DSN=self._through,
            OVERGROW_FAULT_ORDERS=str(self._orders(name)),
            OVERGROW_CLOCK=f"{clock:f}",
            **more,
        )
        return self.workers[name]

    def order(self, name: str, plant: Plant) -> Worker:
        """Plant a fault in the running worker."""
        order(self._orders(name), plant)
        return self.workers[name]

    def planted(self, worker: Worker, count: int) -> None:
        """Wait for its `count`-th planted fault."""
        until(lambda: len(worker.events("planted")) >= count, f"{worker.name} reaches the point", self.pipeline.state)

    def _orders(self, name: str) -> Path:
        return self.pipeline.folder / f"{name}.orders"

    def victim(self, dice: random.Random) -> str:
        """One of the workers."""
        return dice.choice(NAMES)

    def whole(self) -> None:
        """Wait until both workers live and share the partitions."""

        def share() -> bool:
            for worker in self.workers.values():
                assert worker.code is None, f"{worker.name} has ended unasked\n{worker.tail()}"
            return self.owners() == len(NAMES) and all(self._claimed(one) for one in self.workers.values())

        until(share, "both workers share the partitions", self.pipeline.state, seconds=LIMIT_SECONDS)

    def settle(self) -> None:
        """Wait until the snapshot is over and applied: the faults meet a stream."""
        self.whole()
        self.pipeline.drained()

    def afresh(self) -> None:
        """After a fault that nobody recovered from: everything as at the start, so that the rows can be judged."""
        self.proxy.heal()
        for worker in self.pipeline.workers:
            worker.kill()
            worker.expected = True
        self.workers.clear()
        self.stack.up()
        self.pipeline.connect.wait_running(self.pipeline.name)
        for name in NAMES:
            self.start(name)

    @staticmethod
    def _claimed(worker: Worker) -> bool:
        return any(event["parts"] for event in worker.events("claimed"))

    # -- where it stands

    def standing(self) -> Standing | None:
        """Each partition's checkpoint; None while the target is away."""
        rows = self._look("SELECT topic, partition, next_offset, owner FROM overgrow.checkpoint")
        return None if rows is None else {Part(topic, number): Stood(*one) for topic, number, *one in rows}

    def stood(self) -> Standing:
        """The same, once the target answers."""
        return until(lambda: self.standing() or {}, "the target answers", self.pipeline.state)

    def recovered(self, since: Standing, began: float) -> float:
        """Wait until every partition with something to apply has moved beyond `since`; the seconds since `began`.

        Of the partitions of each worker that held some at `since`, one at least must have moved.
        """

        def moved() -> bool:
            now = self.standing()
            if now is None:
                return False
            going = {part for part, one in since.items() if now[part].next > one.next}
            owners = {since[part].owner for part in going}
            return owners == self._holders(since) and not self._has_records(since.keys() - going, since)

        until(moved, "every partition moves again", self.pipeline.state, seconds=LIMIT_SECONDS)
        return time.monotonic() - began

    @staticmethod
    def _holders(since: Standing) -> set[str]:
        return {one.owner for one in since.values()}

    def _has_records(self, parts: Iterable[Part], since: Standing) -> bool:
        """Whether any of these has records behind the place where it stood: the shop's small tables change seldom."""
        for topic, theirs in groupby(sorted(parts), key=lambda part: part.topic):
            ends = self.pipeline.topics.end_offsets(topic)
            if any(ends[part.partition] > since[part].next for part in theirs):
                return True
        return False

    def progress(self) -> float:
        """The same from now on."""
        return self.recovered(self.stood(), time.monotonic())

    def behind(self, name: str) -> int:
        """Records that wait in the partitions that a worker owns."""
        ends, mine = self.pipeline.ends(), set[str]()
        for event in self.workers[name].events("claimed"):
            mine = set(event["parts"])
        return sum(ends[part] - one.next for part, one in self.stood().items() if str(part) in mine)

    def owners(self) -> int:
        """How many workers hold claims."""
        rows = self._look("SELECT count(DISTINCT owner) FROM overgrow.checkpoint")
        return int(rows[0][0]) if rows else 0

    def _look(self, query: str) -> list[tuple[Any, ...]] | None:
        try:
            if self._eye is None or self._eye.closed:
                self._eye = psycopg.connect(self.pipeline.target_dsn, autocommit=True, connect_timeout=2)
            return self._eye.execute(query.encode()).fetchall()
        except psycopg.OperationalError:
            self.blink()
            return None

    def blink(self) -> None:
        """Close its own session: somebody wants the target for himself."""
        if self._eye is not None:
            self._eye.close()
            self._eye = None


@contextmanager
def played(
    stack: Stack,
    folder: Path,
    *,
    host: str,
    seed: int,
    entry: list[str] = ARMED,
    env: Mapping[str, str] = NOTHING,
) -> Iterator[Scene]:
    """A scene with its writer and both workers at work; everything of it is removed at the end."""
    endpoints = stack.up()
    where = conninfo_to_dict(endpoints.target_dsn)
    with (
        made(endpoints, folder) as pipeline,
        Proxy(str(where["host"]), int(str(where["port"])), seed=seed) as proxy,
    ):
        pipeline.host = host
        pipeline.seed(SEEDED)
        pipeline.apply()
        scene = Scene(pipeline, stack, proxy, entry=entry, env=env)
        scene.write()
        for name in NAMES:
            scene.start(name)
        yield scene
        scene.blink()
