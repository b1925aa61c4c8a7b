"""A toy topic: rows (id, name, big) as small JSON, with the whole grammar of a change stream.

`name` equal to "!" does not translate (poison), "?" is refused by the target's CHECK, "~" is outside the filter. `big`
may carry the placeholder. The target key is the id without sign: 1 and -1 collide, on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from overgrow import errors
from overgrow.model import Chunk, Part
from overgrow.sinks.postgres import Table

PLACEHOLDER = "<<unchanged>>"
COLUMNS = ("id", "name", "big")
KEY = ("id",)
DDL = """
CREATE TABLE {} (id bigint PRIMARY KEY, name text NOT NULL CHECK (name <> '?'), big text,
                 _og_off bigint NOT NULL, _og_lsn bigint, _og_xid bigint, _og_key text NOT NULL)
"""
TABLE = Table(
    pipeline="toy",
    mapping="toys",
    version=1,
    digest="d",
    topic="toy",
    target="public.toys",
    columns=COLUMNS,
    key=KEY,
    keyed=True,
)


class _Source(msgspec.Struct, gc=False):
    lsn: int | None
    txId: int | None  # noqa: N815 - Debezium's name
    snapshot: str


class _Row(msgspec.Struct, gc=False):
    id: int
    name: str | None
    big: str | None


class _Event(msgspec.Struct, gc=False):
    op: str
    after: _Row | None
    source: _Source


class _Key(msgspec.Struct, gc=False):
    id: int


class ToyWire:
    """Bytes to structs."""

    def __init__(self) -> None:
        self._value = msgspec.json.Decoder(_Event)
        self._key = msgspec.json.Decoder(_Key)

    def value(self, raw: bytes) -> Any:  # noqa: ANN401
        """Decode, or DecodeError."""
        return _decode(self._value, raw)

    def key(self, raw: bytes) -> Any:  # noqa: ANN401
        """Decode, or DecodeError."""
        return _decode(self._key, raw)


class ToyCodec:
    """Structs to COPY lines."""

    def line(self, after: Any) -> str | None:  # noqa: ANN401
        """The target row."""
        if after.name == "!":
            raise ValueError(after.name)
        if after.name == "~":
            return None
        return "\t".join("\\N" if v is None else str(v) for v in (abs(after.id), after.name, after.big))

    def explain(self, after: Any) -> errors.TranslationError:  # noqa: ANN401
        """The one thing that can go wrong."""
        return errors.TranslationError("name", "name", f"{after.name!r} is poison")

    def key_text(self, key: Any) -> str:  # noqa: ANN401
        """The canonical source key."""
        return f"[{key.id}]"

    def target_key(self, key: Any) -> str:  # noqa: ANN401
        """The id without its sign."""
        return str(abs(key.id))

    def absent(self, after: Any) -> frozenset[str]:  # noqa: ANN401
        """`big`, when it carries the placeholder."""
        return frozenset({"big"} if after.big == PLACEHOLDER else ())

    def present(self, absent: frozenset[str]) -> tuple[str, ...]:
        """The other columns."""
        return tuple(name for name in COLUMNS if name not in absent)

    def partial_line(self, after: Any, absent: frozenset[str]) -> str | None:  # noqa: ANN401, ARG002
        """A line with NULL for what is absent."""
        return self.line(_Row(after.id, after.name, None))


def event(
    op: Literal["r", "c", "u", "d", "t"],
    key: int,
    *,
    lsn: int = 0,
    xid: int = 1,
    name: str | None = "n",
    big: str | None = "b",
    snapshot: str | None = None,
) -> tuple[bytes, bytes]:
    """One record: (key, value)."""
    source = {"lsn": lsn, "txId": xid, "snapshot": snapshot or ("true" if op == "r" else "false")}
    after = None if op in "dt" else {"id": key, "name": name, "big": big}
    return json.dumps({"id": key}).encode(), json.dumps({"op": op, "after": after, "source": source}).encode()


def chunk(
    records: Sequence[tuple[bytes | None, bytes | None]],
    *,
    start: int = 0,
    topic: str = "toy",
    partition: int = 0,
    offsets: Sequence[int] | None = None,
    after: int | None = None,
) -> Chunk:
    """A chunk of the records at consecutive offsets from `start`; `after`: the fetch position behind it."""
    places = list(offsets) if offsets is not None else list(range(start, start + len(records)))
    return Chunk(
        part=Part(topic, partition),
        start=start,
        next=after if after is not None else (places[-1] + 1 if places else start),
        offsets=places,
        keys=[key for key, _ in records],
        values=[value for _, value in records],
        headers=[()] * len(records),
    )


def _decode(decoder: Any, raw: bytes) -> Any:  # noqa: ANN401
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise errors.DecodeError(str(error)) from error
