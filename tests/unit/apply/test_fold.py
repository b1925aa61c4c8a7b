"""`fold`: what a chunk becomes, rule by rule."""

from __future__ import annotations

import pytest

from overgrow import errors
from overgrow.apply import Books, Folder, Truncate
from overgrow.model import Chunk
from tests.model.source import Change, Row
from tests.model.wire import PARTS, JsonWire, RowCodec
from tests.unit.apply.events import chunk, delete, fold, garbage, image, other, read, steps, update

IN, OUT, PART = image(1), image(2, inside=False), image(3, big=None)
BAD = image(4, bad="translate")

TABLE: dict[str, tuple[tuple[Change | None, ...], list[object], int]] = {
    # events, steps, superseded
    "nothing": ((), [], 0),
    "one update": ((update(10, IN),), [("upsert", [("0", 0, 10)])], 0),
    "the newer wins": ((update(10, IN), update(20, IN)), [("upsert", [("0", 1, 20)])], 1),
    "an equal position is the same change, sent again": (
        (update(10, IN), update(10, IN)),
        [("upsert", [("0", 1, 10)])],
        1,
    ),
    "a re-send loses": ((update(20, IN), update(10, IN)), [("upsert", [("0", 0, 20)])], 1),
    "delete wins": ((update(10, IN), delete(20), None), [("delete", [("0", 1, 20)])], 1),
    "re-insert after delete wins": ((delete(20), None, update(30, IN)), [("upsert", [("0", 2, 30)])], 1),
    "a re-sent delete loses": ((update(30, IN), delete(20), None), [("upsert", [("0", 0, 30)])], 1),
    "outside the filter": ((update(10, IN), update(20, OUT)), [("filter", [("0", 1, 20)])], 1),
    "a read has no position, only a floor": ((update(20, IN), read(IN)), [("upsert", [("0", 1, 20)])], 1),
    "a read knows no floor of its own": ((read(IN),), [("upsert", [("0", 0, None)])], 0),
    "read, then stream: two layers": (
        (read(IN), update(10, IN)),
        [("upsert", [("0", 0, None)]), ("upsert", [("0", 1, 10)])],
        0,
    ),
    "read, then streamed delete: two layers": (
        (read(IN), delete(10)),
        [("upsert", [("0", 0, None)]), ("delete", [("0", 1, 10)])],
        0,
    ),
    "a partial row needs what came before it": (
        (update(10, IN), update(20, PART)),
        [("upsert", [("0", 0, 10)]), ("patch", [("0", 1, 20)])],
        0,
    ),
    "partial after partial": (
        (update(10, PART), update(20, PART)),
        [("patch", [("0", 0, 10)]), ("patch", [("0", 1, 20)])],
        0,
    ),
    "whole after partial replaces it": ((update(10, PART), update(20, IN)), [("upsert", [("0", 1, 20)])], 1),
    "a partial row outside the filter is an exit": (
        (update(10, image(5, big=None, inside=False)),),
        [
            ("filter", [("0", 0, 10)]),
        ],
        0,
    ),
    "poison falls back to the older event": ((update(10, IN), update(20, BAD)), [("upsert", [("0", 0, 10)])], 0),
    "poison leaves its floor": ((update(20, BAD), update(10, IN)), [], 1),
    "a read after poison keeps its floor": ((update(20, BAD), read(IN)), [("upsert", [("0", 1, 20)])], 1),
    "poison that lost is not looked at": ((update(10, BAD), update(20, IN)), [("upsert", [("0", 1, 20)])], 1),
    "outside the filter nothing is translated": (
        (update(10, image(6, inside=False, bad="translate")),),
        [("filter", [("0", 0, 10)])],
        0,
    ),
    "keys do not meet": (
        (update(10, IN, key=0), update(5, IN, key=2), delete(7, key=4)),
        [("delete", [("4", 2, 7)]), ("upsert", [("0", 0, 10), ("2", 1, 5)])],
        0,
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_steps(case: str) -> None:
    events, wanted, superseded = TABLE[case]
    batch = fold(*events)
    assert steps(batch) == wanted
    assert batch.books.superseded == superseded
    assert batch.books.received == len(events)
    assert batch.books.ignored == events.count(None)
    assert (batch.start, batch.next) == (0, len(events))


def test_a_patch_names_only_the_columns_that_were_sent() -> None:
    step = fold(update(10, PART)).steps[0]
    assert step.columns == ("id", "version", "note")
    assert step.rows[0][5].split("\t")[2] == r"\N"


def test_records_below_the_start_are_not_looked_at() -> None:
    batch = fold(garbage(), update(10, IN), start=1)
    assert steps(batch) == [("upsert", [("0", 1, 10)])]
    assert batch.books == Books(received=1)
    assert not batch.letters


def test_a_translation_letter_says_what_and_where() -> None:
    (letter,) = fold(update(10, IN), update(20, BAD, xid=7)).letters
    assert (letter.record.offset, letter.key, letter.lsn, letter.xid) == (1, "0", 20, 7)
    assert (letter.kind, letter.field) == ("translate", "note")
    assert "unknown code 'translate'" in letter.cause


def test_what_the_target_refused_becomes_a_letter_and_the_older_event_the_winner() -> None:
    batch = fold(update(10, IN), update(20, IN), poison={1: ("data", "22001 too long", None)})
    assert steps(batch) == [("upsert", [("0", 0, 10)])]
    assert [(letter.kind, letter.cause, letter.lsn) for letter in batch.letters] == [("data", "22001 too long", 20)]


def test_a_decode_error_with_a_key_keeps_the_key_and_no_position() -> None:
    (letter,) = fold(garbage(key=2)).letters
    assert (letter.kind, letter.key, letter.lsn, letter.xid) == ("decode", "2", None, None)
    assert letter.record.value == b'{"op": 1'


@pytest.mark.parametrize("key", [None, b"{"])
def test_a_decode_error_without_a_key_has_none(key: bytes | None) -> None:
    raw = Chunk(part=PARTS[0], start=0, next=1, offsets=[0], keys=[key], values=[b"{"], headers=[()])
    (letter,) = Folder(JsonWire(), RowCodec()).fold(raw, start=0).letters
    assert (letter.kind, letter.key, letter.record.key) == ("decode", None, key)


def test_a_record_without_a_key_is_set_aside_even_if_its_value_decodes() -> None:
    whole = chunk(update(10, IN))
    raw = Chunk(part=PARTS[0], start=0, next=1, offsets=[0], keys=[None], values=whole.values, headers=[()])
    (letter,) = Folder(JsonWire(), RowCodec()).fold(raw, start=0).letters
    assert letter.kind == "decode"
    assert "no key" in letter.cause


@pytest.mark.parametrize(
    "broken",
    [
        Change("u", 0, 10, None, IN, 0),  # no transaction
        Change("u", 0, 10, 1, None, 0),  # an update that carries no row
        Change("d", 0, 10, 1, IN, 0),
        Change("x", 0, 10, 1, IN, 0),
    ],
)
def test_an_event_that_makes_no_sense_is_a_decode_error(broken: Change) -> None:
    batch = fold(broken)
    assert [letter.kind for letter in batch.letters] == ["decode"]
    assert not batch.steps


def test_a_later_read_supersedes_the_letters_of_its_key() -> None:
    assert fold(garbage(), read(IN), garbage(key=2)).stale_letters == {0}
    assert not fold(read(IN), garbage()).stale_letters


@pytest.mark.parametrize(("op", "code"), [("t", "truncate"), ("m", "message")])
def test_a_stop_in_the_middle_ends_the_batch_before_it_then_raises(op: str, code: str) -> None:
    events = (update(10, IN), None, other(op), update(20, IN))
    batch = fold(*events)
    assert (batch.next, steps(batch)) == (2, [("upsert", [("0", 0, 10)])])
    assert batch.books == Books(received=2, ignored=1)
    with pytest.raises(errors.Refused, match=r"t\[0\] offset 2") as stop:
        fold(*events, start=2)
    assert stop.value.code == code


def test_a_truncate_that_is_applied_is_a_batch_of_its_own() -> None:
    chunk_of = chunk(update(10, IN), other("t", lsn=15), update(20, IN))
    folder = Folder(JsonWire(), RowCodec(), truncates=True)
    first = folder.fold(chunk_of, start=0)
    assert (first.next, first.truncate, steps(first)) == (1, None, [("upsert", [("0", 0, 10)])])
    second = folder.fold(chunk_of, start=1)
    assert (second.next, second.truncate, second.steps) == (2, Truncate(1, 15, 15), ())
    assert (second.books, second.position) == (Books(received=1), 15)
    third = folder.fold(chunk_of, start=2)
    assert (third.next, third.truncate, steps(third)) == (3, None, [("upsert", [("0", 2, 20)])])


def test_a_read_after_a_streamed_event_is_another_snapshot() -> None:
    events = (read(IN), update(10, IN, key=2), read(IN, key=4))
    batch = fold(*events, rereads=False)
    assert (batch.next, batch.reads) == (2, 1)
    with pytest.raises(errors.Refused) as stop:
        fold(read(IN, snapshot="incremental"), rereads=False)
    assert stop.value.code == "second-snapshot"


def test_a_snapshot_that_opens_twice_in_a_chunk_ends_the_batch_before_the_second() -> None:
    folder = Folder(JsonWire(), RowCodec())
    piece = chunk(
        read(image(1), key=0, snapshot="first"), read(image(1), key=1), read(image(2), key=0, snapshot="first")
    )
    batch = folder.fold(piece, start=0)
    assert (batch.next, batch.first_read, batch.books.received) == (2, 0, 2)


@pytest.mark.parametrize("mark", ["first", "first_in_data_collection"])
def test_the_opening_read_of_a_snapshot_is_reported(mark: str) -> None:
    batch = fold(read(IN, key=2), read(IN, snapshot=mark), read(IN, key=4), rereads=False)
    assert (batch.first_read, batch.reads, batch.position) == (1, 3, None)
    assert fold(read(IN), rereads=False).first_read is None


def test_the_position_is_the_highest_even_of_what_lost_or_was_set_aside() -> None:
    assert fold(update(20, IN), update(10, IN)).position == 20
    assert fold(update(20, BAD), update(10, IN, key=2)).position == 20


def test_folding_twice_gives_the_same() -> None:
    events = (read(IN), update(10, BAD), update(20, PART, key=2), garbage(key=4), update(30, IN))
    one, two = fold(*events), fold(*events)
    assert (one.steps, one.letters, one.books, one.stale_letters) == (
        two.steps,
        two.letters,
        two.books,
        two.stale_letters,
    )


@pytest.mark.parametrize("poison", [BAD, image(5, bad="translate", big=7)])
def test_the_position_is_of_records_that_the_batch_covers(poison: Row) -> None:
    batch = fold(update(10, IN), update(20, poison), update(30, PART), other("t"))
    assert batch.position == (10, 20, 30)[batch.next - 1]
