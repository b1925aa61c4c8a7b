"""One random schedule: source, connector, workers that die, sleep and return, operator, and the target, step by step.

Guarantees: the same seed gives the same schedule, whatever watches it. A watcher sees every claim, every act of the
operator and every chunk that reaches the target, with its fault: the real engine is driven that way. Called by play.py.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tests.model.checks import Checks, Violation
from tests.model.connector import PARTITIONS, Chunk, Connector
from tests.model.dice import Dice
from tests.model.operators import Operator
from tests.model.rules import ModelSink
from tests.model.source import Profile, Source, Told
from tests.model.target import Token
from tests.model.watcher import Nobody, Watcher

WORKERS = 3
READS = ("initial", "incremental", "blocking", "lost", "kept", "epochs")
FAULTS = ("", "", "", "", "away", "ambiguous", "dies before", "dies after")


@dataclass(slots=True)
class Seat:
    """A partition as one worker sees it: its claim, its fetch position, chunks fetched and not yet written."""

    token: Token
    position: int
    chunks: deque[Chunk] = field(default_factory=deque)


def profile_of(seed: int) -> Profile:
    """The profiles take turns."""
    return Profile(seed % 2 == 0, READS[seed // 2 % len(READS)])


class World:
    """The whole system of one seed."""

    def __init__(self, seed: int, *, weak: frozenset[str] = frozenset(), watcher: Watcher | None = None) -> None:
        self.rng = Dice(seed)
        self.source = Source(self.rng, profile_of(seed))
        self.trace: list[Told] = []
        for _ in range(self.rng.between(5, 30)):
            self.trace.append(self.source.step())
        self.connector = Connector(self.rng, self.source)
        self.source.last.clear()  # what the snapshot shows is not streamed
        self.sink = ModelSink(PARTITIONS, weak)
        self.checks = Checks(self.source, self.connector.logs, self.sink)
        self.watcher = watcher or Nobody()
        self.workers: list[dict[int, Seat]] = [{} for _ in range(WORKERS)]
        self.owner = [row.token for row in self.sink.state.checkpoints]  # the token granted last
        self.operator = Operator(
            self.rng, self.source, self.connector, self.sink, self.checks, self.watcher, self._fence, self._all_catch_up
        )

    def _fence(self, tokens: list[Token]) -> None:
        self.owner = tokens

    def run(self, steps: int) -> None:
        """`steps` random steps, then the drain, then the final checks."""
        for _ in range(steps):
            luck = self.rng.random()
            if luck < 0.33:
                self.trace.append(self.source.step())
            elif luck < 0.58:
                self.trace.append(self.connector.step())
            elif luck < 0.64:
                self.trace.append(self.operator.step())
            else:
                self.trace.append(self._worker_step())
        self._drain()
        self.checks.drained()

    def _worker_step(self) -> str:
        rng = self.rng
        seats = [(worker, part) for worker, held in enumerate(self.workers) for part in held]
        if not seats or rng.random() < 0.1:
            worker, part = rng.below(WORKERS), rng.below(len(self.connector.logs))
            return self._assign(worker, part) if rng.random() < 0.6 else self._catch_up(worker, part)
        worker, part = rng.pick(seats)
        seat, luck = self.workers[worker][part], rng.random()
        if luck < 0.02:
            return self._die(worker)
        if luck < 0.1:
            seat.position = rng.between(
                max(0, seat.position - 6), seat.position
            )  # a consumer that was sent back: chunks come twice
            return f"worker {worker} part {part} back to {seat.position}"
        if luck < 0.14 and seat.chunks:
            return f"worker {worker} part {part} loses {seat.chunks.popleft()[:3]}"
        if luck < 0.5 or not seat.chunks:
            return self._fetch(worker, part, seat)
        return self._feed(worker, part, seat, rng.pick(FAULTS))

    def _assign(self, worker: int, part: int) -> str:
        """The partition moves here; whoever had it is not told: it sleeps, or is a zombie."""
        token, at = self.sink.claim(part)
        self.owner[part] = token
        self.workers[worker][part] = Seat(token, at)
        self.watcher.claimed(part, token, at)
        return f"worker {worker} claims part {part} as {token.number} at {at}"

    def _die(self, worker: int) -> str:
        self.workers[worker].clear()
        return f"worker {worker} dies"

    def _fetch(self, worker: int, part: int, seat: Seat) -> str:
        chunk = self.connector.logs[part].fetch(seat.position, self.rng.between(1, 8), far=self.rng.random())
        if chunk.next > chunk.start:
            seat.chunks.append(chunk)
            seat.position = chunk.next
        return f"worker {worker} part {part} fetches {chunk.start}..{chunk.next}"

    def _feed(self, worker: int, part: int, seat: Seat, fault: str) -> str:
        chunk = seat.chunks.popleft()
        commits, known = len(self.sink.commits), self.sink.state.truncated
        outcome = self.sink.feed(chunk, seat.token, dies=fault == "dies before")
        if fault == "ambiguous" and outcome.kind == "written":
            outcome = self.sink.feed(chunk, seat.token)  # it committed, the worker cannot know, and writes again
        told = ("worker", worker, "part", part, "feeds", chunk.start, chunk.next, "under", seat.token.number, fault)
        self.trace += [(*told, outcome), *(("   ", record) for record in chunk.records)]
        if len(self.sink.commits) > commits:
            if self.sink.state.truncated is not known:
                self.checks.after_truncate()
            self.checks.after_commit(part, self.owner[part])
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
        self.trace.append(self.operator.tidy())
        for rest in (self.operator.restore if self.rng.random() < 0.3 else self.operator.tidy, self.operator.tidy):
            self._all_catch_up()
            self.trace.append(rest())
            self.trace.append(self.operator.tidy())

    def _all_catch_up(self) -> None:
        for part in range(len(self.connector.logs)):
            self.trace.append(self._catch_up(0, part))

    def _catch_up(self, worker: int, part: int) -> str:
        """One worker, nothing in its way."""
        log, row = self.connector.logs[part], self.sink.state.checkpoints[part]
        self.trace.append(self._assign(worker, part))
        seat = self.workers[worker][part]
        for _ in range(4 * log.end + 10):
            if row.next >= log.end:
                return f"part {part} has caught up"
            self._fetch(worker, part, seat)
            if seat.chunks:
                self.trace.append(self._feed(worker, part, seat, ""))
        raise Violation(f"part {part} does not drain: checkpoint {row.next} of {log.end}")
