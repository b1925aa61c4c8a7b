"""One random schedule: source, connector, workers that die, sleep and return, and the target, step by step.

Guarantees: the same seed gives the same schedule, whatever watches it. A watcher sees every claim and every chunk that
reaches the target, with its fault: the real engine is driven that way. Called by the tests.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from tests.model.checks import Checks, Violation
from tests.model.connector import PARTITIONS, Chunk, Connector
from tests.model.rules import ModelSink, Outcome
from tests.model.source import Profile, Source

WORKERS = 3
FAULTS = ("", "", "", "", "away", "ambiguous", "dies before", "dies after")


@dataclass(slots=True)
class Seat:
    """A partition as one worker sees it: its claim, its fetch position, chunks fetched and not yet written."""

    token: int
    position: int
    chunks: deque[Chunk] = field(default_factory=deque)


class Watcher(Protocol):
    """Sees what reaches the target."""

    def claimed(self, part: int, token: int, at: int) -> None:
        """A claim was given."""

    def fed(self, chunk: Chunk, token: int, fault: str, outcome: Outcome, sink: ModelSink) -> None:
        """A chunk was written or refused."""


def profile_of(seed: int) -> Profile:
    """The profiles take turns."""
    return Profile(seed % 2 == 0, ("initial", "incremental", "blocking")[seed // 2 % 3])


class World:
    """The whole system of one seed."""

    def __init__(self, seed: int, *, weak: frozenset[str] = frozenset(), watcher: Watcher | None = None) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - a schedule, not a secret
        self.source = Source(self.rng, profile_of(seed))
        self.trace: list[str] = []
        for _ in range(self.rng.randint(5, 30)):
            self.trace.append(self.source.step())
        self.connector = Connector(self.rng, self.source)
        self.source.last.clear()  # what the snapshot shows is not streamed
        self.sink = ModelSink(PARTITIONS, weak)
        self.checks = Checks(self.source, self.connector.logs, self.sink)
        self.watcher = watcher
        self.workers: list[dict[int, Seat]] = [{} for _ in range(WORKERS)]
        self.owner = [-1] * PARTITIONS  # the token granted last

    def run(self, steps: int) -> None:
        """`steps` random steps, then the drain, then the final checks."""
        for _ in range(steps):
            luck = self.rng.random()
            if luck < 0.35:
                self.trace.append(self.source.step())
            elif luck < 0.6:
                self.trace.append(self.connector.step())
            else:
                self.trace.append(self._worker_step())
        self._drain()
        self.checks.drained()

    def _worker_step(self) -> str:
        rng = self.rng
        seats = [(worker, part) for worker, held in enumerate(self.workers) for part in held]
        if not seats or rng.random() < 0.1:
            return self._assign(rng.randrange(WORKERS), rng.randrange(PARTITIONS))
        worker, part = rng.choice(seats)
        seat, luck = self.workers[worker][part], rng.random()
        if luck < 0.02:
            return self._die(worker)
        if luck < 0.1:
            seat.position = rng.randint(
                max(0, seat.position - 6), seat.position
            )  # a consumer that was sent back: chunks come twice
            return f"worker {worker} part {part} back to {seat.position}"
        if luck < 0.14 and seat.chunks:
            return f"worker {worker} part {part} loses {seat.chunks.popleft()[:3]}"
        if luck < 0.5 or not seat.chunks:
            return self._fetch(worker, part, seat)
        return self._feed(worker, part, seat, rng.choice(FAULTS))

    def _assign(self, worker: int, part: int) -> str:
        """The partition moves here; whoever had it is not told: it sleeps, or is a zombie."""
        token, at = self.sink.claim(part)
        self.owner[part] = token
        self.workers[worker][part] = Seat(token, at)
        if self.watcher:
            self.watcher.claimed(part, token, at)
        return f"worker {worker} claims part {part} as {token} at {at}"

    def _die(self, worker: int) -> str:
        self.workers[worker].clear()
        return f"worker {worker} dies"

    def _fetch(self, worker: int, part: int, seat: Seat) -> str:
        chunk = self.connector.logs[part].fetch(seat.position, self.rng.randint(1, 8), far=self.rng.random())
        if chunk.next > chunk.start:
            seat.chunks.append(chunk)
            seat.position = chunk.next
        return f"worker {worker} part {part} fetches {chunk.start}..{chunk.next}"

    def _feed(self, worker: int, part: int, seat: Seat, fault: str) -> str:
        chunk = seat.chunks.popleft()
        commits = len(self.sink.commits)
        outcome = self.sink.feed(chunk, seat.token, dies=fault == "dies before")
        if fault == "ambiguous" and outcome.kind == "written":
            outcome = self.sink.feed(chunk, seat.token)  # it committed, the worker cannot know, and writes again
        told = f"worker {worker} part {part} feeds {chunk.start}..{chunk.next} under {seat.token} {fault}: {outcome}"
        self.trace += [told, *(f"    {record}" for record in chunk.records)]
        if len(self.sink.commits) > commits:
            self.checks.after_commit(part, self.owner[part])
        if self.watcher:
            self.watcher.fed(chunk, seat.token, fault, outcome, self.sink)
        if fault.startswith("dies"):
            self._die(worker)
        elif outcome.kind == "hole":
            seat.chunks.clear()
            seat.position = outcome.at
        elif outcome.kind == "fenced":
            del self.workers[worker][part]
        return f"    checkpoint {outcome.at}"

    def _drain(self) -> None:
        while self.source.open:
            self.trace.append(self.source.finish(self.source.open[0], "commit"))
        connector = self.connector
        while connector.sent < len(self.source.stream) or connector.window or any(connector.queues):
            self.trace.append(connector.stream())
            self.trace.append(connector.produce(4))
        for part, log in enumerate(connector.logs):
            self.trace.append(self._assign(0, part))
            seat = self.workers[0][part]
            for _ in range(4 * log.end + 10):
                if self.sink.checkpoints[part].next >= log.end:
                    break
                self._fetch(0, part, seat)
                if seat.chunks:
                    self.trace.append(self._feed(0, part, seat, ""))
            else:
                raise Violation(
                    f"part {part} does not drain: checkpoint {self.sink.checkpoints[part].next} of {log.end}"
                )
