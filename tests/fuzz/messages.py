"""Mutated messages, many to a chunk, through the real decoder and the engine's fold.

Every record of a chunk is accounted for: the winner of its key, superseded, set aside with a cause, ignored, or a named
stop at its offset. A good record among them is never lost, and a line that is to be written is one of COPY.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from overgrow import errors
from overgrow.apply import Batch, Folder
from overgrow.envelope import JsonWire
from overgrow.mapping import RowCodec
from overgrow.model import Chunk, Part
from tests.fuzz import ground, mappings
from tests.fuzz.broken import Broken
from tests.fuzz.files import compared, copyable
from tests.fuzz.wire import Sender, Sent, recorded
from tests.unit.mapping import sample

PART = Part("leg.public.kunde", 0)
PER_CHUNK = 20
PLANS = 40
_COMPARED = 0.3  # the part of rows that the interpreter is asked about


class Subject(NamedTuple):
    """One mapping: its decoder, its codec, values that it translates."""

    codec: RowCodec
    wire: JsonWire
    usual: Mapping[str, list[Any]]
    text: str


class Messages:
    """Runs one chunk after the other; `shown` is the latest."""

    def __init__(self, seed: int, *, plans: int = PLANS) -> None:
        self.recorded = recorded()
        self.mappings: list[Subject] = []
        self.shown = ""
        for number in range(plans):
            valid = mappings.mapping(random.Random(f"{seed}:plan:{number}"))  # noqa: S311 - a seeded one
            plan, problems = ground.build(valid.text, valid.ddl)
            if plan is None:
                raise ValueError(f"a mapping that must be valid is not: {problems[0]}\n{valid.text}")
            codec = RowCodec(plan, placeholder=sample.PLACEHOLDER)
            wire = JsonWire(PART.topic, row_type=codec.row_type, key_type=codec.key_type, columns=codec.columns)
            self.mappings.append(Subject(codec, wire, ground.usual(plan), valid.text))

    def one(self, dice: random.Random) -> Counter[str]:
        """One chunk; what became of its records."""
        subject = dice.choice(self.mappings)
        codec, wire, usual, text = subject
        wire._value_prefixes.clear()  # what other chunks have taught must not matter to the one that is played again
        wire._key_prefixes.clear()
        reads = dice.random() < 0.3
        sender = Sender(dice, self.recorded, usual, reads=reads)
        sent = [sender.next() for _ in range(PER_CHUNK)]
        self.shown = "\n".join([text, *(f"{one.key!r} {one.value!r}" for one in sent)]) if sent else text
        chunk = _chunk(dice, sent)
        folder = Folder(wire, codec, codec.also, rereads=dice.random() < 0.5, truncates=dice.random() < 0.5)
        poison = {
            offset: ("data", "22001 refused by the target", None) for offset in chunk.offsets if dice.random() < 0.01
        }
        books, written = _folded(folder, chunk, poison, subject, dice)
        for one, offset in zip(sent, chunk.offsets, strict=True):
            if one.good and not written & {offset, codec.key_text(wire.key(one.key or b""))}:
                raise Broken(f"the good record at offset {offset} is neither written nor set aside")
        return books


def _chunk(dice: random.Random, sent: list[Sent]) -> Chunk:
    offsets, at = [], dice.choice([0, 7, 2**40])
    start = at
    for _ in sent:
        at += 1 if dice.random() < 0.95 else dice.randint(2, 9)
        offsets.append(at)
    return Chunk(
        part=PART,
        start=start,
        next=at + dice.choice([1, 1, 5]),
        offsets=offsets,
        keys=[one.key for one in sent],
        values=[one.value for one in sent],
        headers=[()] * len(sent),
    )


def _folded(
    folder: Folder, chunk: Chunk, poison: dict[int, tuple[str, str, None]], subject: Subject, dice: random.Random
) -> tuple[Counter[str], set[str | int]]:
    """Fold to the end of the chunk, past every named stop; the books of all, the keys written, the offsets of stops."""
    books: Counter[str] = Counter()
    written: set[str | int] = set()
    start = chunk.start
    while start < chunk.next:
        there = [offset for offset in chunk.offsets if offset >= start]
        try:
            batch = folder.fold(chunk, start=start, poison=poison)  # type: ignore[arg-type]  # a letter kind
        except errors.Refused as stop:
            if not (stop.code and str(stop).encode() and there):
                raise Broken(f"a stop without a record or a cause: {stop}") from stop
            books.update({"received": 1, f"stop {stop.code}": 1})
            written.add(there[0])
            start = there[0] + 1
            continue
        if batch.next <= start:
            raise Broken(f"no progress at offset {start}")
        books += _accounted(batch, [one for one in there if one < batch.next], 1 + len(subject.codec.also))
        written |= _checked(batch, subject, dice, books)
        start = batch.next
    if books["received"] != len(chunk.offsets):
        raise Broken(f"{books['received']} of {len(chunk.offsets)} records were received")
    return books, written


def _accounted(batch: Batch, offsets: list[int], targets: int) -> Counter[str]:
    """The fate of each record; a mapping's further targets get rows of the very same records."""
    fates: Counter[str] = Counter()
    touched: list[list[int]] = [[] for _ in range(targets)]
    for step in batch.steps:
        fates[f"winner {step.kind}"] += len(step.rows) if step.target == 0 else 0
        fates["row of a further target"] += 0 if step.target == 0 else len(step.rows)
        touched[step.target] += [row[1] for row in step.rows]
        if len({row[0] for row in step.rows}) != len(step.rows):
            raise Broken(f"a key stands twice in one step: {step}")
    further = fates.pop("row of a further target", 0)
    fates.update(f"letter {letter.kind}" for letter in batch.letters)
    fates.update({"superseded": batch.books.superseded, "ignored": batch.books.ignored})
    fates["truncate"] += batch.truncate is not None
    if batch.books.received != len(offsets) or fates.total() != len(offsets):
        raise Broken(f"{len(offsets)} records, received {batch.books.received}, accounted for {fates}")
    letters = [letter.record.offset for letter in batch.letters]
    for rows in touched:
        fate = rows + letters
        if len(set(fate)) != len(fate) or not set(fate) <= set(offsets) or sorted(rows) != sorted(touched[0]):
            raise Broken(f"a record has two fates, another in each target, or is none of ours: {touched} {letters}")
    records = dict(zip(batch.chunk.offsets, range(len(batch.chunk.offsets)), strict=True))
    for letter in batch.letters:
        if letter.record != batch.chunk.record(records[letter.record.offset]) or not letter.cause:
            raise Broken(f"a letter is not its record, or without a cause: {letter}")
        letter.cause.encode()
    return fates + Counter({"received": len(offsets), "row of a further target": further})


def _checked(batch: Batch, subject: Subject, dice: random.Random, books: Counter[str]) -> set[str]:
    """Hold the lines to COPY and to the interpreter; the keys that were written or set aside."""
    keys = {letter.key for letter in batch.letters if letter.key is not None}
    for step in batch.steps:
        codec = (subject.codec, *subject.codec.also)[step.target]
        width = len(codec.target_columns) if step.kind in {"upsert", "patch"} else len(codec.plan.target_key)
        for key, _, _, _, index, line in step.rows:
            keys.add(key)
            key.encode()
            copyable(line, width)
            if step.kind == "upsert" and dice.random() < _COMPARED:
                after = subject.wire.value(batch.chunk.values[index] or b"").after
                row = {name: getattr(after, attribute) for name, attribute in subject.codec._row_attributes.items()}
                books["compared"] += compared(codec, after, row) == "row translated"
    return keys
