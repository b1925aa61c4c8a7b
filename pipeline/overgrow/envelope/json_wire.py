"""JSON with schemas: the bytes of one topic's keys and values to typed structs.

Guarantees: only rows whose schema was checked come out, with exact types and every used column present; bytes that are
not such a message raise `DecodeError` (poison), another schema raises `SchemaDrift` (a named stop), nothing else is
raised whatever the bytes are. Never looks a value up twice: the schema, constant until DDL, is cut off unread.
Called by the apply engine for each record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol

import msgspec

from overgrow import errors
from overgrow.envelope import schema
from overgrow.envelope.types import WireColumn

_KNOWN_PREFIXES = 4
_BRACE = 125
_HEAD, _MIDDLE = b'{"schema":', b',"payload":'

Operation = Literal["c", "u", "r", "d", "t", "m"]


class Source(msgspec.Struct, gc=False, frozen=True):
    """Where a change comes from. A read of an incremental snapshot has neither position nor transaction."""

    lsn: int | None
    txId: int | None  # noqa: N815 - Debezium's name
    snapshot: str | None
    ts_us: int | None


class Event(Protocol):
    """One decoded change; `after` is the row struct of the mapping, None for deletes and truncates."""

    op: Operation
    after: Any
    source: Source


class _Message(msgspec.Struct):
    schema: msgspec.Raw
    payload: msgspec.Raw


_split = msgspec.json.Decoder(_Message).decode
_FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class JsonWire:
    """The decoder of one topic."""

    def __init__(
        self,
        topic: str,
        *,
        row_type: type[msgspec.Struct],
        key_type: type[msgspec.Struct],
        columns: Iterable[WireColumn],
    ) -> None:
        self.topic = topic
        self._columns = tuple(columns)
        self._key_columns = tuple(column for column in self._columns if column.key)
        event = msgspec.defstruct(
            "Event", [("op", Operation), ("after", row_type | None), ("source", Source)], gc=False
        )
        self._event: Callable[[bytes], Any] = msgspec.json.Decoder(event).decode
        self._key: Callable[[bytes], Any] = msgspec.json.Decoder(key_type).decode
        self._value_prefixes: list[bytes] = []
        self._key_prefixes: list[bytes] = []

    def value(self, raw: bytes) -> Event:
        """Decode a record's value. Tombstones and empty values are not messages: the caller sees them first."""
        for prefix in self._value_prefixes:
            if raw.startswith(prefix) and raw[-1] == _BRACE:
                try:
                    event = self._event(raw[len(prefix) : -1])
                except _FAULTS:
                    break  # the whole document decides, below
                if (event.after is None) is (event.op in "dt"):
                    return event  # type: ignore[no-any-return]  # the generated struct is an Event
                break
        return self._value_slow(raw)

    def key(self, raw: bytes) -> Any:  # noqa: ANN401 - the generated key struct
        """Decode a record's key to the mapping's key struct."""
        for prefix in self._key_prefixes:
            if raw.startswith(prefix) and raw[-1] == _BRACE:
                try:
                    return self._key(raw[len(prefix) : -1])
                except _FAULTS:
                    break
        return self._slow(raw, self._key, self._key_prefixes, schema.check_key, self._key_columns)

    def _value_slow(self, raw: bytes) -> Event:
        event: Event = self._slow(raw, self._event, self._value_prefixes, schema.check_value, self._columns)
        if (event.after is None) is not (event.op in "dt"):
            found = "no row" if event.after is None else "a row"
            raise errors.DecodeError(f"topic {self.topic}: operation `{event.op}` with {found} in `after`")
        return event

    def _slow(
        self,
        raw: bytes,
        decode: Callable[[bytes], Any],
        prefixes: list[bytes],
        check: Callable[[str, bytes, Iterable[WireColumn]], None],
        columns: Iterable[WireColumn],
    ) -> Any:  # noqa: ANN401 - a generated struct
        try:
            message = _split(raw)
        except _FAULTS as error:
            self._refuse_schemaless(raw)
            raise errors.DecodeError(f"topic {self.topic}: not a JSON message with a schema: {error}") from error
        connect, payload = bytes(message.schema), bytes(message.payload)
        if connect == b"null":
            self._refuse_schemaless(raw)
        check(self.topic, connect, columns)
        try:
            decoded = decode(payload)
        except _FAULTS as error:
            raise errors.DecodeError(f"topic {self.topic}: the payload does not fit its schema: {error}") from error
        _learn(prefixes, _HEAD + connect + _MIDDLE, payload, raw)
        return decoded

    def _refuse_schemaless(self, raw: bytes) -> None:
        try:
            document = msgspec.json.decode(raw)
        except _FAULTS:
            return
        if schema.is_schemaless(document):
            raise errors.SchemaDrift(
                f"topic {self.topic}: the message has no schema; set key.converter.schemas.enable and"
                " value.converter.schemas.enable to true in the connector, then run `overgrow apply --only connect`"
            )


def _learn(prefixes: list[bytes], prefix: bytes, payload: bytes, raw: bytes) -> None:
    """Remember the prefix iff the message is exactly prefix + payload + brace; the newest schema is tried first."""
    if prefix + payload + b"}" != raw:
        return
    if prefix in prefixes:
        prefixes.remove(prefix)
    prefixes.insert(0, prefix)
    del prefixes[_KNOWN_PREFIXES:]
