"""The operator of the model: re-snapshots and their sweeps, adoptions, backups of the target and their return.

Guarantees: acts in the order of the contract: connector stopped, ends written, snapshot taken, ends taken when it was
sent, sweep when the checkpoints have passed them. Called by the world.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tests.model import acts
from tests.model.checks import Checks
from tests.model.connector import Connector
from tests.model.dice import Dice
from tests.model.rules import ModelSink
from tests.model.source import Source, Told
from tests.model.target import Generation, State, Token
from tests.model.watcher import Watcher

MOST_PARTITIONS = 4
TROUBLES = ("slot", "topic", "partitions", "source", "source")


class Operator:
    """Whoever types the commands. `fence` is told the tokens that hold after an act; `catch_up` waits for workers."""

    def __init__(
        self,
        rng: Dice,
        source: Source,
        connector: Connector,
        sink: ModelSink,
        checks: Checks,
        watcher: Watcher,
        fence: Callable[[list[Token]], None],
        catch_up: Callable[[], None],
    ) -> None:
        self.rng, self.source, self.connector = rng, source, connector
        self.sink, self.checks, self.watcher, self.fence, self.catch_up = sink, checks, watcher, fence, catch_up
        self.control: list[Generation] = list(sink.state.generations)  # the topic that outlives the target
        self.copy: tuple[State, dict[int, int], dict[int, int]] | None = None

    def step(self) -> Told:
        """One random act."""
        luck, reads = self.rng.random(), self.source.profile.reads
        if luck < 0.15:
            self.copy = self.sink.state.copy(), dict(self.checks.seen), dict(self.checks.streamed)
            self.watcher.saved()
            return "operator: a backup of the target"
        if luck < 0.3:
            return self.restore()
        if luck < 0.6 or not self.source.profile.generations:
            return self.tidy()
        return self._trouble(self.rng.pick(TROUBLES) if reads == "epochs" else "slot")

    def tidy(self) -> str:
        """What a command that waits for its snapshot does: note its end, then sweep."""
        if not self.connector.in_snapshot:
            acts.arrived(self.sink, self._ends())
        if not acts.due(self.sink):
            return "operator: nothing to sweep"
        before = dict(self.sink.state.rows)
        gone = acts.sweep(self.sink)
        self.watcher.swept(self.sink)
        self.checks.after_sweep({key: before[key][0] for key in gone})
        return f"operator: sweeps {gone}"

    def _ends(self) -> tuple[int, ...]:
        return tuple(log.end for log in self.connector.logs)

    def restore(self) -> str:
        """Put the target back to the backup."""
        if self.copy is None:
            return "operator: no backup"
        state, seen, streamed = self.copy
        acts.restore(self.sink, state)
        self.checks.seen, self.checks.streamed = dict(seen), dict(streamed)
        self.watcher.restored(self.sink)
        for found in acts.learn(self.sink, self.control):
            self.watcher.begun(found.starts, self.sink)
        self.fence([row.token for row in self.sink.state.checkpoints])
        return f"operator: the target is put back to {[row.next for row in self.sink.state.checkpoints]}"

    def _trouble(self, kind: str) -> Told:
        if kind == "partitions" and len(self.connector.logs) == MOST_PARTITIONS:
            kind = "topic"
        told: list[Told] = [self.source.step() for _ in range(self.rng.between(0, 6))]
        if self.rng.random() < 0.5:
            self.catch_up()
        if kind == "topic":
            self.connector.recreate()
            self.checks.lost()
            told += [step for _ in range(self.rng.between(0, 3)) for step in (self.connector.stream(), self._produce())]
        told.append(self.connector.stop())
        if kind == "partitions":
            self.connector.grow()
            self.checks.lost()
        if kind == "source":
            self.source.restart()
        slot = self.source.profile.reads if kind == "slot" else self.rng.pick(("lost", "kept"))
        slot = "lost" if slot == "epochs" or kind == "source" else slot
        if kind != "slot":
            told.append(self._adopt(history="new" if kind == "source" else "same"))
        if kind == "slot" or "adoption takes no snapshot" not in self.sink.weak:
            told.append(self._snapshot(slot=slot, epoch=kind != "slot"))
        return "operator:", kind, *told

    def _produce(self) -> str:
        return self.connector.produce(4)

    def _adopt(self, *, history: Literal["same", "new"]) -> str:
        acts.adopt(self.sink, self._ends(), history=history)
        self.control, self.copy = list(self.sink.state.generations), None
        self.watcher.adopted(self._ends(), history, self.sink)
        self.fence([Token(-1, -1)] * len(self._ends()))  # nobody's, until it is claimed
        return f"adopts epoch {self.sink.state.epoch} at {self._ends()}"

    def _snapshot(self, *, slot: str, epoch: bool) -> str:
        """The snapshot that an epoch asks for is its generation 0."""
        late = "boundary taken after the reads began" in self.sink.weak
        told = self.connector.snapshot(slot=slot) if late else ""
        told += self._produce() if late else ""
        if not epoch:
            found = acts.begin(self.sink, self._ends())
            self.control.append(found)
            self.watcher.begun(found.starts, self.sink)
        return f"{told or self.connector.snapshot(slot=slot)} (slot {slot})"
