"""The few fields of Debezium's records that the source's books need; everything else is skipped unread. Pure.

Guarantees: bytes that are not such a record are an error that names where they lie. Called by `source_reading`.
"""

from __future__ import annotations

import msgspec

from overgrow import errors
from overgrow.model import Part
from overgrow.reconcile.source_books import Seen, Told


class _Transaction(msgspec.Struct, gc=False):
    id: str
    data_collection_order: int


class _Source(msgspec.Struct, gc=False):
    lsn: int | None = None
    sequence: str | None = None  # '["last commit","position"]', as text


class _Change(msgspec.Struct, gc=False):
    op: str
    source: _Source
    transaction: _Transaction | None = None


class _ChangeValue(msgspec.Struct, gc=False):
    payload: _Change


class _Count(msgspec.Struct, gc=False):
    data_collection: str
    event_count: int


class _Bound(msgspec.Struct, gc=False):
    status: str
    id: str
    data_collections: list[_Count] | None = None


class _BoundValue(msgspec.Struct, gc=False):
    payload: _Bound


_change = msgspec.json.Decoder(_ChangeValue).decode
_bound = msgspec.json.Decoder(_BoundValue).decode
_sequence = msgspec.json.Decoder(tuple[str | None, str | None]).decode


def seen(part: Part, offset: int, raw: bytes) -> Seen:
    """A record of a table's topic."""
    try:
        change = _change(raw).payload
        source, transaction = change.source, change.transaction
        after = _sequence(source.sequence)[0] if source.sequence else None
        return Seen(
            read=change.op == "r",
            position=source.lsn,
            after=None if after is None else int(after),
            xid=None if transaction is None else int(transaction.id.partition(":")[0]),
            order=None if transaction is None else transaction.data_collection_order,
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise _foreign(part, offset, "a change event", error) from error


def told(part: Part, offset: int, raw: bytes) -> Told | None:
    """A record of the transaction topic; None for a BEGIN."""
    try:
        bound = _bound(raw).payload
        if bound.status != "END":
            return None
        # In PostgreSQL the number behind the colon is the position of the record itself: of an END, its commit.
        xid, _, position = bound.id.partition(":")
        counts = {one.data_collection: one.event_count for one in bound.data_collections or ()}
        return Told(bound.id, int(xid), int(position), counts)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _foreign(part, offset, "a transaction's bound", error) from error


def _foreign(part: Part, offset: int, what: str, error: Exception) -> errors.DecodeError:
    return errors.DecodeError(f"{part} offset {offset} is not {what} of Debezium: {error}")
