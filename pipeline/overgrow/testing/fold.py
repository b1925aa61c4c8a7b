"""An independent fold of one topic: what its events say each source row is. The oracle beside the apply path.

    per source key, walking its partition in offset order, an event is taken iff it is a read or its position is not
    below the highest of the key's streamed events so far; the last one taken is the row

Guarantees: shares nothing with the apply path but the plan; everything is read, nothing sampled; a value that did not
travel is what the key's row held before, and never made up. Needs memory for every image, so it is for tests and the
demo only.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from overgrow import errors
from overgrow.mapping.plan import TablePlan
from overgrow.model import Part
from overgrow.testing.topics import Record

Key = tuple[Any, ...]
Row = dict[str, Any]


@dataclass(slots=True)
class Newest:
    """A source key's last taken event. `floor`: the highest position the key has seen, None while only reads came.
    `images`: the rows that its taken events left, oldest first, None for a delete.
    """

    offset: int
    floor: int | None
    images: list[Row | None]

    @property
    def row(self) -> Row | None:
        """The source row as wire values, None when it was deleted."""
        return self.images[-1]


@dataclass(slots=True)
class Folded:
    """One topic. `resent`: events that are not taken; `again`: streamed events seen before; `partial`: events that came
    without a large value; `truncates`: where the last one stands (a worker does not pass it where the mapping says
    stop); `gone`: events that are older than the newest truncate, where it says apply.
    """

    keys: dict[Key, Newest] = field(default_factory=dict)
    counts: Counter[Part] = field(default_factory=Counter)  # records, Kafka's tombstones as well
    operations: Counter[str] = field(default_factory=Counter)
    truncates: dict[Part, int] = field(default_factory=dict)
    resent: int = 0
    again: int = 0
    partial: int = 0
    gone: int = 0


def fold(
    plan: TablePlan, placeholder: str, records: Iterable[Record], *, since: Mapping[Part, int] | None = None
) -> Folded:
    """Fold these records of the plan's topic, given in any order; those before `since` are only counted."""
    folded, seen = Folded(), set[tuple[Key, str, int]]()
    ordered = sorted(records, key=attrgetter("part", "offset"))
    emptied = max((one.lsn or 0 for one in ordered if one.op == "t"), default=0)
    if plan.policies["truncate"] != "apply":
        emptied = 0
    for record in ordered:
        folded.counts[record.part] += 1
        if record.op is None or (since and record.offset < since[record.part]):
            continue
        folded.operations[record.op] += 1
        if record.op == "t":
            folded.truncates[record.part] = record.offset
            continue
        key = tuple(record.key[name] for name in plan.source_key)
        if record.lsn is not None:
            event = (key, record.op, record.lsn)
            folded.again += event in seen
            seen.add(event)
        if (record.lsn or 0) < emptied:  # a read is older than any streamed truncate
            folded.gone += 1
            continue
        _feed(folded, plan, placeholder, key, record)
    return folded


def _feed(folded: Folded, plan: TablePlan, placeholder: str, key: Key, record: Record) -> None:
    newest = folded.keys.get(key)
    floor = newest.floor if newest else None
    if record.lsn is not None and floor is not None and record.lsn < floor:
        folded.resent += 1
        return
    image, absent = _image(plan, placeholder, record.after)
    if image is not None and absent:
        folded.partial += 1
        before = newest.row if newest else None
        if before is None:
            msg = f"{record.part} at {record.offset}: {key} came without {absent}, and no row before it has them"
            raise errors.Refused(msg)
        image |= {name: before[name] for name in absent}
    if newest is None:
        folded.keys[key] = Newest(record.offset, record.lsn, [image])
    else:
        newest.offset, newest.floor = record.offset, record.lsn if record.lsn is not None else floor
        newest.images.append(image)


def _image(plan: TablePlan, placeholder: str, after: Row | None) -> tuple[Row | None, list[str]]:
    """The used columns of a row, and the names of those that did not travel."""
    if after is None:
        return None, []
    image, absent = {}, []
    for column in plan.used:
        value = after[column.name]
        if value is not None and column.type.wire.python is bytes:
            value = base64.b64decode(value)
        if column.large and value in (placeholder, placeholder.encode()):
            absent.append(column.name)
        else:
            image[column.name] = value
    return image, absent
