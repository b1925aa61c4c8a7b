"""Is somebody at work where there is work? And do the clocks agree, for what people read from them?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from overgrow.doctor.facts import Checkpoint, Kafka, Wanted
from overgrow.doctor.finding import Finding, On, System
from overgrow.model import Part

CLOCK_SECONDS = 5.0


def judge(kafka: Kafka, checkpoints: Mapping[Part, Checkpoint], wanted: Wanted) -> Iterator[Finding]:
    """The consumer group and what it has left to do."""
    on = On("workers", "workers", wanted.group)
    waiting = _waiting(kafka, checkpoints)
    lag = f"{sum(waiting):,} records wait in {len(waiting)} partitions"
    if not waiting:
        yield on.ok(f"{kafka.members} members, no record waits")
    elif not kafka.members:
        yield on.fail(f"{lag} and the group has no member", "overgrow worker")
    else:
        yield on.ok(f"{lag}; {kafka.members} members")


def syncing(kafka: Kafka, checkpoints: Mapping[Part, Checkpoint]) -> bool:
    """Whether workers are there, or records wait for them."""
    return bool(kafka.members or _waiting(kafka, checkpoints))


def clock(system: System, offset: float) -> Finding:
    """How far a system's clock is from this machine's; no verdict depends on it, what people read does."""
    on, text = On("clock", system, system), f"{offset:+.1f} s from this machine's"
    if abs(offset) <= CLOCK_SECONDS:
        return on.ok(text)
    return on.warn(f"{text}: times in reports and logs do not compare", "mend the time service on either machine")


def _waiting(kafka: Kafka, checkpoints: Mapping[Part, Checkpoint]) -> list[int]:
    behind = [_behind(kafka, part, one) for part, one in checkpoints.items()]
    return [count for count in behind if count > 0]


def _behind(kafka: Kafka, part: Part, one: Checkpoint) -> int:
    topic = kafka.topics.get(part.topic)
    if topic is None or topic.id != one.topic_id:
        return 0  # said elsewhere
    return topic.ends.get(part.partition, 0) - one.next_offset
