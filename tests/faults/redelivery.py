"""The same captured changes, delivered in many ways through a real Kafka to either host, end in the same target.

    python -m tests.faults.redelivery --deliveries 5 --out docs/evidence/redelivery.json

Debezium's own messages are captured from a pipeline that ran; each delivery is a new pipeline without connector, whose
topics get them once more in another way: stretches again after crashes of Connect, other interleavings of partitions
(`deliveries.logs`). The first delivery sends nothing twice; every other, on either host, must end in its target.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Message, Producer

from overgrow.stack import Endpoints, Options, Stack
from overgrow.testing import rangelog
from overgrow.testing.topics import read
from tests.faults.acts.log import whole_partition
from tests.faults.deliveries import Sent, logs
from tests.faults.matrix import HOSTS, Host
from tests.faults.pipeline import DRAIN_SECONDS, Pipeline, made
from tests.faults.waiting import until

SEEDED, RATE, ROUND = 300, 1000.0, 2  # a change makes less than two records


class Raw(NamedTuple):
    """A captured record, and the table it tells of."""

    table: str
    number: int
    key: bytes | None
    value: bytes | None
    headers: Any


class Captured(NamedTuple):
    """`name`: of the pipeline they were captured from, part of every message. The first `reads` are a snapshot's."""

    name: str
    history: list[Sent]
    reads: int


def captured(endpoints: Endpoints, folder: Path, events: int) -> Captured:
    """So many records of a live pipeline, in the order of the source's log."""
    with made(endpoints, folder) as pipeline:
        pipeline.seed(SEEDED)
        pipeline.apply()
        writer = pipeline.writer(rate=RATE)
        until(
            lambda: sum(pipeline.ends().values()) > ROUND * events,
            f"{events} records are in the topics",
            pipeline.state,
            seconds=DRAIN_SECONDS,
        )
        writer.done()
        placed = [one for part in pipeline.ends() for one in _placed(whole_partition(pipeline, part))]
        placed.sort(key=lambda one: one[0])
        history = [sent for _, sent in placed][:events]
        return Captured(pipeline.name, history, sum(at < 0 for at, _ in placed))


def _placed(messages: Sequence[Message]) -> list[tuple[int, Sent]]:
    """With the source position of each; -1 for reads. Kafka's tombstone stands where its delete stood."""
    found, at = [], -1
    for message in messages:
        record = read(message)
        if record.op is not None:
            at = -1 if record.lsn is None else record.lsn
        table = record.part.topic.rpartition(".")[2]
        raw = Raw(table, record.part.partition, message.key(), message.value(), message.headers())
        found.append((at, Sent((table, record.part.partition), raw)))
    return found


def delivered(endpoints: Endpoints, folder: Path, what: Captured, *, host: Host, seed: int | None) -> str:
    """One delivery (None: each record once) to a new pipeline on this host; the digest of its target without stamps."""
    dice = random.Random(seed)  # noqa: S311 - the same delivery every time
    sent = logs(what.history, dice, reads=what.reads, crashes=0 if seed is None else None)
    with made(endpoints, folder) as pipeline:
        pipeline.host = host
        pipeline.seed(0)
        pipeline.command("apply", "--only", "topics")
        pipeline.command("apply", "--only", "target")
        with pipeline.target() as target:
            rangelog.install(target)
        for name in ("w1", "w2"):
            pipeline.worker(name)
        _produce(pipeline, what.name, sent, dice)
        until(lambda: not pipeline.behind(), "everything is applied", pipeline.state, seconds=DRAIN_SECONDS)
        with pipeline.target() as target:
            assert rangelog.gaps(rangelog.ranges(target)) == []
        assert {part: one.received for part, one in pipeline.checkpoints().items()} == pipeline.ends()
        return _digest(pipeline)


def _produce(pipeline: Pipeline, old: str, sent: dict[Any, list[Raw]], dice: random.Random) -> None:
    """Partition by partition in its order, interleaved at random; the pipeline's name in the messages is replaced."""
    producer = Producer({"bootstrap.servers": pipeline.kafka, "enable.idempotence": True, "linger.ms": 5})
    waiting = {where: iter(records) for where, records in sent.items()}
    while waiting:
        where = dice.choice(sorted(waiting))
        for _ in range(dice.randint(1, 200)):
            record = next(waiting[where], None)
            if record is None:
                del waiting[where]
                break
            key, value = (
                None if one is None else one.replace(old.encode(), pipeline.name.encode())
                for one in (record.key, record.value)
            )
            topic = f"{pipeline.name}.public.{record.table}"
            producer.produce(topic, key=key, value=value, partition=record.number, headers=record.headers)
        producer.poll(0)
    assert producer.flush(DRAIN_SECONDS) == 0, "Kafka does not take everything"


def _digest(pipeline: Pipeline) -> str:
    found = hashlib.sha256()
    with pipeline.target() as target:
        for one in sorted(pipeline.deployment.targets, key=lambda one: one.plan.name):
            columns, keys = ", ".join(f"{name}::text" for name in one.table.columns), ", ".join(one.table.key)
            query = f"SELECT {columns} FROM {one.table.rows.as_string()} t ORDER BY {keys}"
            found.update(repr((one.plan.name, target.execute(query.encode()).fetchall())).encode())
        letters = target.execute("SELECT mapping, source_key, state FROM overgrow.dead_letter WHERE state = 'open'")
        found.update(repr(sorted(letters.fetchall())).encode())
    return found.hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Deliver to both hosts, compare, report; 0 when all ended alike."""
    parser = argparse.ArgumentParser(description="Deliver the same captured changes in many ways to both hosts.")
    parser.add_argument("--deliveries", type=int, default=5, help="to each host")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/redelivery.json"))
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="overgrow-redelivery-") as folder:
        stack = Stack(Path(folder) / "stack")
        try:
            endpoints = stack.up(Options(min_session_timeout_ms=1000))
            what = captured(endpoints, Path(folder), asked.events)
            plain = delivered(endpoints, Path(folder), what, host=HOSTS[0], seed=None)
            report: dict[str, Any] = {"seed": asked.seed, "events": len(what.history), "reads": what.reads}
            report |= {"deliveries": dict.fromkeys(HOSTS, 0), "different": 0}
            for number in range(asked.deliveries):
                for host in HOSTS:
                    digest = delivered(endpoints, Path(folder), what, host=host, seed=asked.seed + number)
                    report["deliveries"][host] += 1
                    report["different"] += digest != plain
                    report["seconds"] = round(time.monotonic() - began, 1)
                    asked.out.parent.mkdir(parents=True, exist_ok=True)
                    asked.out.write_text(json.dumps(report, indent=1) + "\n")
                    sys.stderr.write(f"{report}\n")
        finally:
            stack.down()
    return int(report["different"] > 0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its stack goes with it
    sys.exit(main())
