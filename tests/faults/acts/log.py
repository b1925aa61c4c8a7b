"""What can happen to a topic and to what Kafka knows of its readers."""

from __future__ import annotations

import random
import sys
import time
from contextlib import closing

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from overgrow.model import Part
from overgrow.testing.topics import read
from tests.faults.matrix import Fault
from tests.faults.pipeline import Pipeline
from tests.faults.scene import NAMES, Scene
from tests.faults.waiting import until

OLD = 300  # so many records are sent again
NEWER = 50  # at least so many lie behind them


def offsets_deleted(scene: Scene, _: Fault, __: random.Random) -> float:
    """The consumer group is deleted with all its offsets; the checkpoints are what counts."""
    for name in NAMES:
        assert scene.workers[name].stop() == 0, scene.workers[name].tail()
    scene.pipeline.forget_group()
    since, began = scene.stood(), time.monotonic()
    for name in NAMES:
        scene.start(name)
    return scene.recovered(since, began)


def old_events_again(scene: Scene, _: Fault, dice: random.Random) -> float:
    """Changes that were applied long ago come again at the end of their partition, behind newer ones."""
    pipeline = scene.pipeline
    busy = until(
        lambda: [part for part, end in pipeline.ends().items() if end > OLD], "a partition is long", pipeline.state
    )
    part = dice.choice(sorted(busy))
    before = _superseded(pipeline, part)
    send_again(pipeline, part, most=OLD)
    seconds = scene.progress()
    until(lambda: _superseded(pipeline, part) > before, "the guard calls old changes superseded", pipeline.state)
    return seconds


def send_again(pipeline: Pipeline, part: Part, *, most: int = sys.maxsize) -> None:
    """Produce old changes of this partition once more, to its end, in their order; `most`: only the last of them."""
    old = _old(pipeline, part, most)
    producer = Producer({"bootstrap.servers": pipeline.kafka})
    for message in old:
        producer.produce(
            part.topic, value=message.value(), key=message.key(), partition=part.partition, headers=message.headers()
        )
    assert producer.flush(30) == 0, f"{part}: not everything was sent again"


def topic_recreated(scene: Scene) -> None:
    """A topic is deleted and made anew: the next worker refuses by name, and nothing is applied. The end of a scene."""
    pipeline = scene.pipeline
    for worker in pipeline.workers:
        worker.kill()
    topic, commits = f"{pipeline.name}.public.cust_master", pipeline.commits()
    pipeline.connect.stop(pipeline.name)
    pipeline.topics.delete([topic])
    pipeline.topics.create({topic: pipeline.deployment.partitions})
    worker = scene.start("late")
    assert worker.ended() == 4, worker.tail()
    assert {event["code"] for event in worker.events("refused")} == {"identity-changed"}, worker.tail()
    assert pipeline.commits() == commits, "something was applied"


def _old(pipeline: Pipeline, part: Part, most: int) -> list[Message]:
    """Streamed changes that have newer ones behind them."""
    end = pipeline.ends()[part] - NEWER
    found = _between(pipeline, part, max(0, end - most), end)
    return [one for one in found if read(one).streamed]


def whole_partition(pipeline: Pipeline, part: Part) -> list[Message]:
    """Every record of it, as it lies there."""
    return _between(pipeline, part, 0, pipeline.ends()[part])


def _between(pipeline: Pipeline, part: Part, start: int, end: int) -> list[Message]:
    consumer = Consumer({"bootstrap.servers": pipeline.kafka, "group.id": "faults.again", "enable.auto.commit": False})
    with closing(consumer):
        consumer.assign([TopicPartition(part.topic, part.partition, start)])
        found: list[Message] = []
        while end > start and (not found or (found[-1].offset() or 0) < end - 1):
            for message in consumer.consume(OLD, timeout=1.0):
                if message.error():
                    raise KafkaException(message.error())
                found.append(message)
    return [one for one in found if (one.offset() or 0) < end]


def _superseded(pipeline: Pipeline, part: Part) -> int:
    with pipeline.target() as target:
        row = target.execute(
            "SELECT superseded FROM overgrow.checkpoint WHERE topic = %s AND partition = %s", list(part)
        ).fetchone()
    return int(row[0]) if row else 0


ACTS = {"offsets-deleted": offsets_deleted, "old-events-again": old_events_again}
