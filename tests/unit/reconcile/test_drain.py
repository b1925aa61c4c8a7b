"""The wait, against systems of a few lines: what lets it pass, what ends it, what it says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from overgrow import errors
from overgrow.kafka.connect import ConnectorStatus, TaskStatus
from overgrow.model import Part
from overgrow.reconcile.checkpoints import Checkpoint
from overgrow.reconcile.drain import Drain, StandsStill, committed

PARTS = (Part("t", 0), Part("t", 1))
RUNNING = ConnectorStatus(name="c", connector="RUNNING", trace="", tasks=(TaskStatus(id=0, state="RUNNING", trace=""),))
FAILED = replace(RUNNING, tasks=(TaskStatus(id=0, state="FAILED", trace="Boom\nCaused by: a missing table\n"),))
ZERO = Checkpoint(
    topic="t",
    partition=0,
    topic_id="id",
    partition_count=2,
    epoch=1,
    generation=0,
    next_offset=0,
    claim=1,
    owner="worker-a",
    received=0,
    applied=0,
    superseded=0,
    filtered=0,
    set_aside=0,
    ignored=0,
    idle_seconds=7.0,
)


@dataclass
class World:
    """Time passes by sleeping; each sleep takes the next offset and the next pair of checkpoints, the last for ever."""

    offsets_to_come: list[dict[str, Any]] = field(default_factory=lambda: [{"lsn": 100}])
    checkpoints_to_come: list[tuple[int, ...]] = field(default_factory=lambda: [(5, 9)])
    ends_to_come: list[tuple[int, int]] = field(default_factory=lambda: [(5, 9)])
    state: ConnectorStatus = RUNNING
    now: float = 0.0
    marks: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def position(self) -> int:
        assert not self.marks, "the mark must lie behind the position"
        return 100

    def mark(self, prefix: str) -> None:
        self.marks.append(prefix)

    def offsets(self, name: str) -> dict[str, Any]:
        assert name == "c"
        return self.offsets_to_come[0]

    def status(self, name: str) -> ConnectorStatus:
        assert name == "c"
        return self.state

    def ends(self) -> dict[Part, int]:
        return dict(zip(PARTS, self.ends_to_come[0], strict=True))

    def applied(self) -> dict[Part, Checkpoint]:
        found = zip(PARTS, self.checkpoints_to_come[0], strict=False)
        return {part: replace(ZERO, partition=part.partition, next_offset=at) for part, at in found}

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for line in (self.offsets_to_come, self.checkpoints_to_come, self.ends_to_come):
            if len(line) > 1:
                line.pop(0)

    def drain(self, patience: float = 5.0) -> Drain:
        return Drain(
            source=self,
            connect=self,
            ends=self.ends,
            applied=self.applied,
            connector="c",
            prefix="p",
            patience=patience,
            say=self.said.append,
            clock=lambda: self.now,
            sleep=self.sleep,
        )


def test_it_passes_when_the_last_partition_has_reached_its_end() -> None:
    world = World(checkpoints_to_come=[(0, 0), (5, 8), (4, 9), (6, 9)])
    assert world.drain().run() == dict(zip(PARTS, (5, 9), strict=True))
    assert world.marks == ["p"]
    assert world.now == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("offset", "position"),
    [
        ({}, 0),
        ({"lsn": 70}, 70),
        ({"lsn": 70, "lsn_commit": 60}, 70),
        ({"lsn": 70, "lsn_commit": 80}, 80),
        ({"lsn": 70, "lsn_commit": None}, 70),
        ({"lsn": 70, "lsn_commit": 80, "snapshot": "INITIAL"}, 0),
    ],
)
def test_how_far_an_offset_proves(offset: dict[str, Any], position: int) -> None:
    assert committed(offset) == position


def test_a_snapshots_position_proves_nothing_and_its_records_are_progress() -> None:
    during = {"lsn": 500, "snapshot": "INITIAL"}
    world = World(
        offsets_to_come=[during] * 40 + [{"lsn": 500}],
        ends_to_come=[(at, at) for at in range(41)],
        checkpoints_to_come=[(99, 99)],
    )
    assert world.drain(patience=1.0).run() == dict.fromkeys(PARTS, 40)
    assert any("snapshot is running" in line for line in world.said)


def test_end_offsets_are_read_after_the_connector_has_passed() -> None:
    world = World(offsets_to_come=[{"lsn": 99}, {"lsn": 100}], ends_to_come=[(0, 0), (5, 9)])
    assert world.drain().run() == dict(zip(PARTS, (5, 9), strict=True))


def test_partitions_that_stand_still_are_named() -> None:
    world = World(checkpoints_to_come=[(5, 6)])
    with pytest.raises(StandsStill) as caught:
        world.drain().run()
    text = str(caught.value)
    assert "t[1]: next offset 6, end 9, last commit 7 s ago, owner worker-a" in text
    assert "t[0]" not in text
    assert "overgrow worker" in text


def test_slow_is_not_still() -> None:
    steps: list[tuple[int, ...]] = [*[(0, 0)] * 9, *[(0, 4)] * 9, *[(3, 4)] * 9, (5, 9)]
    world = World(checkpoints_to_come=steps)
    world.drain(patience=1.0).run()
    assert world.now > 2
    assert world.said


def test_a_connector_that_does_not_move_is_named_with_its_state() -> None:
    world = World(offsets_to_come=[{"lsn": 40}], state=replace(RUNNING, connector="PAUSED", tasks=()))
    with pytest.raises(StandsStill, match=r"connector c is PAUSED and has not moved for 5 s: 60 bytes"):
        world.drain().run()


def test_a_failed_task_ends_the_wait_with_its_cause() -> None:
    world = World(offsets_to_come=[{"lsn": 40}], state=FAILED)
    with pytest.raises(StandsStill, match="Caused by: a missing table"):
        world.drain(patience=60.0).run()
    assert world.now < 5


def test_a_partition_without_a_checkpoint_is_refused() -> None:
    world = World(checkpoints_to_come=[(5,)])
    with pytest.raises(errors.Refused, match=r"t\[1\] has no checkpoint") as caught:
        world.drain().run()
    assert caught.value.code == "no-checkpoint"


def test_the_stamps_beyond_a_checkpoint() -> None:
    one = replace(ZERO, epoch=2, generation=3, next_offset=17)
    assert one.horizon == 2 * 2**56 + 3 * 2**48 + 17
    assert one.balanced
    assert not replace(one, received=3, applied=1, superseded=1).balanced
