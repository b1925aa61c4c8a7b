"""An independent fold of the topics: what the target must hold, found without the engine.

    last event per source key (highest position wins, reads lowest, later offset on a tie) -> the readable interpreter

Guarantees: shares nothing with the apply path but the plan and its interpreter; everything is read, nothing sampled.
Rows of three origins (topics, source, target) come in one comparable form. Never writes; needs memory for every row,
so it is for tests and the demo only.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
import psycopg
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from psycopg import sql

from overgrow import errors
from overgrow.mapping.interpret import OUTSIDE, interpret
from overgrow.mapping.plan import Field, TablePlan
from overgrow.model import Part

SILENCE_SECONDS = 30.0
POLL_SECONDS = 0.2
BATCH = 2000
Key = tuple[Any, ...]
Row = dict[str, Any]
Rows = dict[Key, Row]  # by target key, values in comparable form


class Record(NamedTuple):
    """One record as it lies in the topic. `op` None is a Kafka tombstone, `lsn` None a read."""

    part: Part
    offset: int
    key: Mapping[str, Any]
    op: str | None
    after: Row | None
    lsn: int | None
    ts_us: int  # of the source's commit; of a read, when it was read

    @property
    def streamed(self) -> bool:
        """Whether it tells of a change, not of a snapshot's read."""
        return self.op is not None and self.op != "r"

    @property
    def rank(self) -> tuple[int, int, int]:
        """Who wins among the events of one key: the highest position, reads lowest."""
        return (1, self.lsn or 0, self.offset) if self.streamed else (0, 0, self.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """`rows` by target key. `poison`: source keys with an event that does not translate; an older one stands."""

    rows: Rows
    poison: frozenset[Key]


class Unequal(NamedTuple):
    """A key whose rows differ in these columns."""

    key: Key
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one set of rows has against another; `missing` and `extra` from the view of the expected ones."""

    missing: tuple[Key, ...]
    extra: tuple[Key, ...]
    unequal: tuple[Unequal, ...]

    @property
    def count(self) -> int:
        """Rows that are not the same on both sides."""
        return len(self.missing) + len(self.extra) + len(self.unequal)


class _Source(msgspec.Struct):
    lsn: int | None = None
    ts_us: int | None = None


class _Payload(msgspec.Struct):
    op: str
    source: _Source
    after: Row | None = None


class _Value(msgspec.Struct):
    payload: _Payload


class _Key(msgspec.Struct):
    payload: dict[str, Any]


_value = msgspec.json.Decoder(_Value).decode
_key = msgspec.json.Decoder(_Key).decode


def read_topics(bootstrap: str, topics: Iterable[str]) -> list[Record]:
    """Every record from each partition's begin to the end it has now, by partition and offset."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "overgrow.testing.fold",  # never joined, nothing is committed: partitions are assigned by hand
            "enable.auto.commit": False,
            "enable.partition.eof": False,
            "log_level": 0,
        }
    )
    try:
        ends = {part: end for topic in topics for part, end in _ends(consumer, topic).items() if end}
        consumer.assign([TopicPartition(part.topic, part.partition, 0) for part in ends])
        found = _consume(consumer, ends)
    finally:
        consumer.close()
    return sorted(found, key=attrgetter("part", "offset"))


def _ends(consumer: Any, topic: str) -> dict[Part, int]:  # noqa: ANN401 - an untyped client
    known = consumer.list_topics(topic, timeout=SILENCE_SECONDS).topics[topic]
    if known.error is not None:
        raise errors.UnreachableError(f"topic {topic}: {known.error}; next: `overgrow apply`")
    ends = {}
    for partition in known.partitions:
        where = TopicPartition(topic, partition)
        low, high = consumer.get_watermark_offsets(where, timeout=SILENCE_SECONDS, cached=False)
        if low:
            raise errors.Refused(f"{topic}[{partition}] begins at {low}: what lay before cannot be folded any more")
        ends[Part(topic, partition)] = high
    return ends


def _consume(consumer: Any, ends: Mapping[Part, int]) -> list[Record]:  # noqa: ANN401 - an untyped client
    records: list[Record] = []
    heard = time.monotonic()
    while left := [part for part, end in ends.items() if _position(consumer, part) < end]:
        messages = consumer.consume(BATCH, timeout=POLL_SECONDS)  # waits that long for a full batch
        if messages:
            heard = time.monotonic()
        elif time.monotonic() - heard > SILENCE_SECONDS:
            raise errors.UnreachableError(f"no record of {left[0]} (and {len(left) - 1} others) arrives")
        for message in messages:
            if message.error():
                raise KafkaException(message.error())
            record = read(message)
            if record.offset < ends[record.part]:
                records.append(record)
    return records


def _position(consumer: Any, part: Part) -> int:  # noqa: ANN401 - an untyped client
    position: int = consumer.position([TopicPartition(part.topic, part.partition)])[0].offset
    return max(position, 0)  # negative: nothing was consumed yet


def read(message: Message) -> Record:
    """Decode one record with nothing but a JSON decoder."""
    part, offset, raw = Part(message.topic(), message.partition()), message.offset(), message.value()
    key = _key(message.key()).payload
    if raw is None:
        return Record(part, offset, key, None, None, None, 0)
    payload = _value(raw).payload
    lsn = None if payload.op == "r" else payload.source.lsn
    return Record(part, offset, key, payload.op, payload.after, lsn, payload.source.ts_us or 0)


def fold(plan: TablePlan, placeholder: str, records: Iterable[Record]) -> Folded:
    """What the target of a plan must hold after these records of its topic, in any order."""
    by_key: dict[Key, list[Record]] = {}
    for record in records:
        if record.op is not None:
            by_key.setdefault(tuple(record.key[name] for name in plan.source_key), []).append(record)
    form = Form(plan)
    rows: Rows = {}
    poison = set()
    for source_key, events in by_key.items():
        row, poisoned = _last(plan, placeholder, sorted(events, key=attrgetter("rank")))
        if poisoned:
            poison.add(source_key)
        if row is not None:
            form.put(rows, row)
    return Folded(rows=rows, poison=frozenset(poison))


def _last(plan: TablePlan, placeholder: str, events: Sequence[Record]) -> tuple[dict[str, str | None] | None, bool]:
    """The newest image that translates, and whether a newer one does not."""
    images: list[Row | None] = []
    for event in events:
        images.append(_image(plan, placeholder, event.after, images[-1] if images else None))
    poisoned = False
    for image in reversed(images):
        if image is None:
            return None, poisoned
        try:
            row = interpret(plan, image)
        except errors.TranslationError:
            poisoned = True
            continue
        return (None if row is OUTSIDE else row), poisoned
    return None, poisoned


def _image(plan: TablePlan, placeholder: str, after: Row | None, before: Row | None) -> Row | None:
    """The row an event leaves: unchanged large values come from the row before it."""
    if after is None:
        return None
    image = {}
    for column in plan.used:
        value = after[column.name]
        if value is not None and column.type.wire.python is bytes:
            value = base64.b64decode(value)
        if column.large and value in (placeholder, placeholder.encode()):
            if before is None or column.name not in before:
                continue
            value = before[column.name]
        image[column.name] = value
    return image


def source_rows(connection: psycopg.Connection[Any], plan: TablePlan) -> Rows:
    """The source's rows now, through the readable interpreter."""
    names = [column.name for column in plan.used]
    select = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ".join(column.select for column in plan.used)),  # made by the mapping compiler
        _table(plan.source_table),
    )
    rows: Rows = {}
    form = Form(plan)
    for values in connection.execute(select):
        row = interpret(plan, dict(zip(names, values, strict=True)))
        if row is not OUTSIDE:
            form.put(rows, row)
    return rows


def target_rows(connection: psycopg.Connection[Any], plan: TablePlan) -> Rows:
    """The target's rows now, as PostgreSQL prints them."""
    names = [field.target.name for field in plan.fields]
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), _table(plan.target_table)
    )
    rows: Rows = {}
    form = Form(plan)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'")
        with cursor.copy(query) as copy:
            for values in copy.rows():
                form.put(rows, dict(zip(names, values, strict=True)))
    return rows


def compare(expected: Rows, found: Rows) -> Comparison:
    """Row by row, column by column."""
    both = expected.keys() & found.keys()
    unequal = (Unequal(key, _columns(expected[key], found[key])) for key in both if expected[key] != found[key])
    return Comparison(
        missing=tuple(expected.keys() - found.keys()),
        extra=tuple(found.keys() - expected.keys()),
        unequal=tuple(unequal),
    )


def _columns(one: Row, other: Row) -> tuple[str, ...]:
    nothing = object()
    names = {**one, **other}
    return tuple(name for name in names if one.get(name, nothing) != other.get(name, nothing))


class Form:
    """Texts of a plan's target columns to values that are equal iff PostgreSQL's own are."""

    def __init__(self, plan: TablePlan) -> None:
        self._of = {field.target.name: _comparable(field) for field in plan.fields}
        self._key = plan.target_key

    def put(self, rows: Rows, texts: Mapping[str, str | None]) -> None:
        """Add a row; two of one target key are an error of the mapping."""
        row = {name: None if text is None else self._of[name](text) for name, text in texts.items()}
        key = tuple(row[name] for name in self._key)
        if key in rows:
            raise errors.Refused(f"two rows have the target key {dict(zip(self._key, key, strict=True))}")
        rows[key] = row


def _comparable(field: Field) -> Callable[[str], Any]:
    kind = field.target.type.wire.kind if field.target.type else "text"
    forms: dict[str, Callable[[str], Any]] = {
        "numeric": Decimal,
        "float": float,
        "json": _document,
        "jsonb": _document,
        "char": str.rstrip,
    }
    return forms.get(kind, str)


def _document(text: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split(".", 1))
