"""Debezium's records, cut down to what is read of them and beside that, as they are seen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from overgrow import errors
from overgrow.model import Part
from overgrow.reconcile.source_books import Seen, Told
from overgrow.reconcile.source_records import seen, told

PART = Part("shop.public.t", 3)
SCHEMA = {"type": "struct", "fields": [{"type": "string", "field": "transaction"}], "optional": False}


def record(payload: Any) -> bytes:
    return json.dumps({"schema": SCHEMA, "payload": payload}).encode()


def change(op: str, sequence: str | None, lsn: int | None, transaction: Any) -> bytes:
    source = {"version": "3.7.0.Final", "txId": 733, "lsn": lsn, "sequence": sequence, "table": "t"}
    return record({"before": None, "after": {"id": 1}, "source": source, "transaction": transaction, "op": op})


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            change("u", '["304","311"]', 311, {"id": "730:311", "total_order": 9, "data_collection_order": 3}),
            Seen(read=False, position=311, after=304, xid=730, order=3),
        ),
        (
            change("c", '[null,"5"]', 5, {"id": "730:5", "total_order": 1, "data_collection_order": 1}),
            Seen(read=False, position=5, after=None, xid=730, order=1),
        ),
        (change("r", '[null,"30784536"]', 30784536, None), Seen(True, 30784536, None, None, None)),
        (change("r", None, None, None), Seen(True, None, None, None, None)),
    ],
)
def test_a_change(raw: bytes, expected: Seen) -> None:
    assert seen(PART, 7, raw) == expected


def test_the_bounds_of_a_transaction() -> None:
    counts = [{"data_collection": "public.t", "event_count": 4}, {"data_collection": "public.u", "event_count": 80}]
    end = {"status": "END", "id": "730:30904752", "event_count": 84, "data_collections": counts, "ts_ms": 1}
    assert told(PART, 7, record(end)) == Told("730:30904752", 730, 30904752, {"public.t": 4, "public.u": 80})
    assert told(PART, 7, record({**end, "event_count": 0, "data_collections": None})) == Told(
        "730:30904752", 730, 30904752, {}
    )
    begin = {"status": "BEGIN", "id": "730:30830360", "event_count": None, "data_collections": None, "ts_ms": 1}
    assert told(PART, 7, record(begin)) is None


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"payload":null}', record({"op": "u"})])
def test_what_is_no_record_of_debezium_is_named_by_its_place(raw: bytes) -> None:
    for read in (seen, told):
        with pytest.raises(errors.DecodeError, match=r"shop\.public\.t\[3\] offset 7 is not"):
            read(PART, 7, raw)


def test_an_id_without_numbers_is_named_as_well() -> None:
    with pytest.raises(errors.DecodeError, match="offset 7"):
        told(PART, 7, record({"status": "END", "id": "file=mysql-bin.003,pos=4", "data_collections": []}))
