"""What a topic says each row is: an independent fold, by the rule of the guard and without any of the product's code.

Per key: a streamed event below the highest position seen so far is a re-send and says nothing; otherwise the later
record wins. A value that did not travel is what the key's row held before.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from overgrow.model import Part

READ_SECONDS = 60.0
FILL_SECONDS = 0.2  # a call waits so long for its batch to fill
Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(slots=True)
class Newest:
    """A key's newest state: `row` None when it was deleted."""

    offset: int
    floor: int | None
    row: Row | None


@dataclass(slots=True)
class Folded:
    """One topic. `resent`: events that say nothing; `again`: seen before, word for word; `partial`: came without a
    large value; `truncates`: where one stands, for no worker goes past it."""

    keys: dict[Key, Newest] = field(default_factory=dict)
    counts: Counter[Part] = field(default_factory=Counter)
    resent: int = 0
    again: int = 0
    partial: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    truncates: dict[Part, int] = field(default_factory=dict)


def fold(bootstrap: str, topic: str, ends: dict[int, int], placeholder: str) -> Folded:
    """Fold the records of every partition below its end."""
    folded, seen = Folded(), set[tuple[Any, ...]]()
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "faults.fold",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
        }
    )
    left = {number: end for number, end in ends.items() if end > 0}
    consumer.assign([TopicPartition(topic, number, 0) for number in left])
    deadline = time.monotonic() + READ_SECONDS
    try:
        while left:
            assert time.monotonic() < deadline, f"{topic}: not read to its ends {left} within {READ_SECONDS:g} s"
            for message in consumer.consume(2000, timeout=FILL_SECONDS):
                assert message.error() is None, message.error()
                number, offset = message.partition(), message.offset()
                if offset >= ends[number]:
                    continue
                folded.counts[Part(topic, number)] += 1
                if message.value() is not None:
                    value = json.loads(message.value())["payload"]
                    folded.operations[value["op"]] += 1
                    if value["op"] == "t":
                        folded.truncates[Part(topic, number)] = offset
                    else:
                        key = tuple(json.loads(message.key())["payload"].values())
                        _feed(folded, seen, key, value, offset, placeholder)
                if offset + 1 == ends[number]:
                    del left[number]
    finally:
        consumer.close()
    return folded


def _feed(folded: Folded, seen: set[Any], key: Key, value: Row, offset: int, placeholder: str) -> None:
    lsn = None if value["op"] == "r" else value["source"]["lsn"]
    event = (key, value["op"], lsn)
    folded.again += lsn is not None and event in seen
    seen.add(event)
    before = folded.keys.get(key)
    floor = before.floor if before else None
    if lsn is not None and floor is not None and lsn < floor:
        folded.resent += 1
        return
    row = value["after"]
    if row is not None and (absent := [name for name, one in row.items() if one == placeholder]):
        folded.partial += 1
        assert before is not None, f"{key}: no row before to take {absent} from"
        assert before.row is not None, f"{key}: no row before to take {absent} from"
        row = {**row, **{name: before.row[name] for name in absent}}
    folded.keys[key] = Newest(offset, lsn if floor is None else max(floor, lsn or floor), row)
