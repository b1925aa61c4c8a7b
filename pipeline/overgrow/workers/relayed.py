"""A dead letter as the record that is relayed: key, value, headers as they came, then headers that say what happened.

Pure. `__connect.errors.*` are Kafka Connect's own (DeadLetterQueueReporter), so that tools for its dead letter queues
read these as well; `overgrow.*` say the rest. Topic, partition, epoch and offset are the letter's coordinates: a reader
that has seen them has seen the letter. Called by relay.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overgrow import errors
from overgrow.apply.ports import BadRows
from overgrow.envelope import JsonWire
from overgrow.mapping import RowCodec
from overgrow.model.deadletter import LetterKind
from overgrow.sinks.postgres import PostgresSink

# A header is for reading; the whole cause is in the table.
CAUSE_CHARACTERS = 4000

Coordinates = tuple[str, int, int, int]  # topic, partition, epoch, offset


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLetter:
    """A row of overgrow.dead_letter, as far as it is relayed."""

    pipeline: str
    mapping: str
    mapping_version: int
    topic: str
    partition: int
    epoch: int
    offset: int
    source_key: str | None
    kind: LetterKind
    cause: str
    field: str | None
    state: str
    key: bytes | None
    value: bytes | None
    header_names: Sequence[str]
    header_values: Sequence[bytes | None]

    @property
    def coordinates(self) -> Coordinates:
        """What names the record for good: a recreated topic counts its offsets anew, in another epoch."""
        return (self.topic, self.partition, self.epoch, self.offset)


def headers(letter: StoredLetter) -> list[tuple[str, bytes | None]]:
    """The original headers, then Connect's, then ours; what is not known is left out."""
    added = {**_connect(letter), **_own(letter)}
    given: list[tuple[str, bytes | None]] = list(zip(letter.header_names, letter.header_values, strict=True))
    return given + [(name, str(value).encode()) for name, value in added.items() if value is not None]


def _connect(letter: StoredLetter) -> dict[str, object]:
    stage, where, what = _place(letter)
    found = {
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "connector.name": letter.pipeline,
        "task.id": letter.partition,  # a partition is what one worker has at a time
        "stage": stage,
        "class.name": _name(where),
        "exception.class.name": _name(what),
        "exception.message": letter.cause[:CAUSE_CHARACTERS],
    }
    return {f"__connect.errors.{name}": value for name, value in found.items()}


def _own(letter: StoredLetter) -> dict[str, object]:
    found = {
        "kind": letter.kind,
        "cause": letter.cause[:CAUSE_CHARACTERS],
        "field": letter.field,
        "mapping": letter.mapping,
        "mapping_version": letter.mapping_version,
        "state": letter.state,
        "source_key": letter.source_key,
        "epoch": letter.epoch,
    }
    return {f"overgrow.{name}": value for name, value in found.items()}


def _place(letter: StoredLetter) -> tuple[str, type, type]:
    """Connect's name of the stage, the class that gave up, the class of its error."""
    if letter.kind == "decode":
        return ("KEY_CONVERTER" if letter.source_key is None else "VALUE_CONVERTER"), JsonWire, errors.DecodeError
    if letter.kind == "translate":
        return "TRANSFORMATION", RowCodec, errors.TranslationError
    return "TASK_PUT", PostgresSink, BadRows


def _name(one: type) -> str:
    return f"{one.__module__}.{one.__qualname__}"
