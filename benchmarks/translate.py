"""`python -m benchmarks.translate`: what it costs to decode and translate an event, beside `json.loads` of its bytes.

One process on one processor, its own CPU time, each part in turn in every round, the median of the rounds. No stack:
recorded Debezium messages with the benchmark's rows in them, half reads, half updates; the benchmark's mapping of
12 columns. Exit code 1 where both bars are missed.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.fill import PROJECT
from benchmarks.messages import Message, messages
from overgrow.apply import Batch, Folder
from overgrow.envelope import JsonWire
from overgrow.model import Chunk, Part
from overgrow.project import Project
from overgrow.workers.settings import WorkerSettings

BAR_US = 9.0  # decode + translate of one event ...
BAR_SHARE = 0.25  # ... or this part of `json.loads`
CHUNK = WorkerSettings().max_poll_records


class Parts:
    """What is measured, each over all messages once."""

    def __init__(self, rows: int) -> None:
        project = Project.require(PROJECT)
        (plan,) = project.plans
        self.codec, self.topic = project.codec(plan), project.topic(plan)
        self.wire = JsonWire(
            self.topic,
            row_type=self.codec.row_type,
            key_type=self.codec.key_type,
            columns=self.codec.columns,
        )
        self.columns = len(self.codec.target_columns)
        self.messages = messages(rows)
        self.values = [one.value for one in self.messages]
        self.keys = [one.key for one in self.messages]
        self.rows = [self.wire.value(value).after for value in self.values]
        self.chunks = list(_chunks(self.topic, self.messages))
        self.folder = Folder(self.wire, self.codec)

    def json_loads(self) -> None:
        """The standard library's decoder on the values, nothing more."""
        loads = json.loads
        for value in self.values:
            loads(value)

    def decode(self) -> None:
        """Values to typed rows."""
        decode = self.wire.value
        for value in self.values:
            decode(value)

    def decode_key(self) -> None:
        """Keys to typed keys and their canonical text."""
        decode, text = self.wire.key, self.codec.key_text
        for key in self.keys:
            text(decode(key))

    def translate(self) -> None:
        """Typed rows to lines of COPY."""
        line = self.codec.line
        for row in self.rows:
            line(row)

    def decode_and_translate(self) -> None:
        """Values to lines of COPY."""
        decode, line = self.wire.value, self.codec.line
        for value in self.values:
            line(decode(value).after)

    def fold(self) -> None:
        """The engine's whole way from chunk to batch: keys and values decoded, compacted, translated, booked."""
        for chunk in self.chunks:
            self.folder.fold(chunk, start=chunk.start)

    def checked(self) -> list[Batch]:
        """The batches, every row of which must be there."""
        batches = [self.folder.fold(chunk, start=chunk.start) for chunk in self.chunks]
        lines = sum(len(step.rows) for batch in batches for step in batch.steps if step.kind == "upsert")
        if lines != len(self.messages) or any(batch.letters for batch in batches):
            msg = f"{lines} of {len(self.messages)} messages were translated"
            raise RuntimeError(msg)
        return batches

    def all(self) -> dict[str, Callable[[], None]]:
        """By name, in the order of a round."""
        return {
            "json_loads": self.json_loads,
            "decode": self.decode,
            "decode_key": self.decode_key,
            "translate": self.translate,
            "decode_and_translate": self.decode_and_translate,
            "fold": self.fold,
        }


def _chunks(topic: str, all_messages: list[Message]) -> Iterator[Chunk]:
    half = len(all_messages) // 2  # no chunk holds a read and an update of the same row
    for first, last in ((0, half), (half, len(all_messages))):
        for start in range(first, last, CHUNK):
            cut = all_messages[start : min(start + CHUNK, last)]
            yield Chunk(
                part=Part(topic, 0),
                start=start,
                next=start + len(cut),
                offsets=range(start, start + len(cut)),
                keys=[one.key for one in cut],
                values=[one.value for one in cut],
                headers=[()] * len(cut),
            )


def measure(parts: Parts, rounds: int) -> dict[str, list[float]]:
    """Microseconds of CPU for each event, of each part in each round."""
    found: dict[str, list[float]] = {name: [] for name in parts.all()}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for name, run in parts.all().items():
            gc.collect()
            begin = time.process_time()
            run()
            found[name].append((time.process_time() - begin) / len(parts.messages) * 1e6)
    return found


def summary(parts: Parts, found: dict[str, list[float]], load: tuple[float, float]) -> dict[str, Any]:
    """The medians, what each round gave, and what they were measured on."""
    median = {name: statistics.median(each) for name, each in found.items()}
    both, limit = median["decode_and_translate"], median["json_loads"]
    return {
        "us_per_event": {name: round(one, 2) for name, one in median.items()},
        "share_of_json_loads": round(both / limit, 3),
        "bars": {"us_per_event": BAR_US, "share_of_json_loads": BAR_SHARE},
        "held": both <= BAR_US or both <= BAR_SHARE * limit,
        "us_per_event_each": {name: [round(one, 2) for one in each] for name, each in found.items()},
        "columns": parts.columns,
        "messages": len(parts.messages),
        "bytes_per_message": round(statistics.fmean(map(len, parts.values))),
        "events_per_chunk": CHUNK,
        "rounds": len(found["fold"]),
        "load": list(load),
        "cpus": os.cpu_count(),
        "versions": {"python": platform.python_version(), "msgspec": importlib.metadata.version("msgspec")},
    }


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.translate", description=__doc__)
    arguments.add_argument("--rows", type=int, default=4000, help="rows (messages: twice as many)")
    arguments.add_argument("--rounds", type=int, default=7, help="the median of so many (default 7)")
    arguments.add_argument("--json", action="store_true")
    chosen = arguments.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    parts = Parts(chosen.rows)
    parts.checked()
    before = os.getloadavg()[0]
    found = measure(parts, chosen.rounds)
    result = summary(parts, found, (round(before, 2), round(os.getloadavg()[0], 2)))
    if chosen.json:
        print(json.dumps(result, indent=1))
    else:
        for name, one in result["us_per_event"].items():
            print(f"{name:<22} {one:>7.2f} us/event")
        print(f"decode + translate is {result['share_of_json_loads']:.0%} of json.loads; load {before:.1f}")
    return 0 if result["held"] else 1


if __name__ == "__main__":
    sys.exit(main())
