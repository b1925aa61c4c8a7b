"""Are the topics the checkpoints', and do they still hold what is not applied?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from overgrow.doctor.facts import Checkpoint, Topic, Wanted
from overgrow.doctor.finding import Finding, On
from overgrow.model import Part

NEAR = 0.1  # of what a partition holds
_START_OVER = "overgrow apply --start-over, if it is meant; if not, find out who did it"
Checkpoints = Mapping[Part, Checkpoint]


def judge(topics: Mapping[str, Topic], checkpoints: Checkpoints, wanted: Wanted) -> Iterator[Finding]:
    """Everything."""
    yield from running(topics, checkpoints, wanted)
    for name in wanted.topics:
        if name in topics:
            yield _partitions(name, topics[name], wanted.partitions)
            yield from _policy(name, topics[name])


def running(topics: Mapping[str, Topic], checkpoints: Checkpoints, wanted: Wanted) -> Iterator[Finding]:
    """What may happen to a topic while the pipeline runs."""
    for name in wanted.topics:
        on = On("topic-exists", "kafka", name)
        mine = {part: one for part, one in checkpoints.items() if part.topic == name}
        topic = topics.get(name)
        if topic is None:
            lost = "it is gone, and what was not applied with it"
            yield on.fail(lost, _START_OVER) if mine else on.warn("not made yet", "overgrow apply")
            continue
        yield on.ok(f"{len(topic.ends)} partitions")
        yield from _identity(name, topic, mine)
        for part, one in mine.items():
            if one.topic_id == topic.id and part.partition in topic.ends:
                yield _log_start(part, topic, one)


def _identity(name: str, topic: Topic, checkpoints: Checkpoints) -> Iterator[Finding]:
    known = {(one.topic_id, one.partitions) for one in checkpoints.values()}
    if not known:
        return
    on, live = On("topic-identity", "kafka", name), (topic.id, len(topic.ends))
    if known == {live}:
        yield on.ok(f"id {topic.id}")
        return
    made_for = " and ".join(f"id {one} with {count} partitions" for one, count in sorted(known))
    yield on.fail(
        f"id {live[0]} with {live[1]} partitions; its checkpoints were made for {made_for}: it was recreated or "
        "re-partitioned, offsets mean other records now",
        _START_OVER,
    )


def _log_start(part: Part, topic: Topic, one: Checkpoint) -> Finding:
    on = On("log-start", "kafka", str(part))
    low, end, at = topic.lows[part.partition], topic.ends[part.partition], one.next_offset
    if at < low:
        return on.fail(
            f"records {at} to {low - 1} were deleted before they were applied",
            "overgrow apply --start-over, once the retention is mended: what was deleted is gone",
        )
    if at > end:
        return on.fail(
            f"it ends at {end}, the checkpoint is at {at}: the brokers have lost records, or it is another log",
            _START_OVER,
        )
    if low and at < end and at - low < NEAR * (end - low):
        return on.warn(
            f"the log begins at {low}, the checkpoint is at {at}: retention is about to overtake the workers",
            "raise the topic's retention.ms and retention.bytes, then see overgrow status",
        )
    return on.ok(f"from {low}, checkpoint {at}, end {end}")


def _partitions(name: str, topic: Topic, wanted: int) -> Finding:
    on = On("topic-partitions", "kafka", name)
    if len(topic.ends) == wanted:
        return on.ok(str(wanted))
    return on.fail(
        f"{len(topic.ends)}, overgrow.yaml says {wanted}",
        f"set kafka.partitions to {len(topic.ends)}, or overgrow apply --start-over",
    )


def _policy(name: str, topic: Topic) -> Iterator[Finding]:
    on, policy = On("cleanup-policy", "kafka", name), topic.config.get("cleanup.policy", "")
    if "compact" in policy:
        yield on.fail(
            f"{policy}: compaction removes events, and deletes with their tombstones, before they are applied",
            f"kafka-configs --alter --entity-type topics --entity-name {name} --add-config cleanup.policy=delete",
        )
    else:
        yield on.ok(policy)
    limits = {key: topic.config.get(key, "-1") for key in ("retention.ms", "retention.bytes")}
    finite = [f"{key}={value}" for key, value in limits.items() if value != "-1"]
    keep = On("retention", "kafka", name)
    if finite:
        yield keep.warn(
            f"{', '.join(finite)}: workers that are away for longer lose events, and no replay reaches further back",
            f"kafka-configs --alter --entity-type topics --entity-name {name} --add-config retention.ms=-1",
        )
    else:
        yield keep.ok("without limit")
