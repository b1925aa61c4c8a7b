"""The in-memory sink: claims, checkpoints and what one step does to a row, a tombstone and a letter."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from overgrow import errors
from overgrow.apply import BadRows, Books, Claimed, ClaimLost, Folder, Hole, Moved, Receipt
from overgrow.model import Claim, Part
from overgrow.sinks.memory import MemorySink
from tests.model.source import Change
from tests.model.wire import COLUMNS, PARTS, JsonWire, RowCodec
from tests.unit.apply.events import chunk, delete, fold, garbage, image, read, target, update

IN, OUT, PART = image(1), image(2, inside=False), image(3, big=None)
BAD = image(4, bad="translate")


class Table:
    """A sink and its claim; every event is a chunk of its own unless they come together."""

    def __init__(self, *, rereads: bool = True) -> None:
        self.sink = target(rereads=rereads)
        self.claim = self.take().claim
        self.next = 0

    def take(self) -> Claimed:
        """Claim partition 0."""
        return asyncio.run(self.sink.claim([PARTS[0]]))[PARTS[0]]

    def write(self, *events: Change | None, rereads: bool = True) -> Receipt:
        """One chunk."""
        folder = Folder(JsonWire(), RowCodec(), rereads=rereads)
        batch = folder.fold(chunk(*events, start=self.next), start=self.next)
        receipt = asyncio.run(self.sink.write(batch, self.claim))
        self.next = receipt.next
        return receipt

    def row(self, key: int = 0) -> list[str] | None:
        """The key's fields."""
        cell = self.sink.state.rows.get(f"u{key}")
        return cell.fields if cell else None

    def floor(self, key: int = 0) -> int | None:
        """The position that the row or its tombstone has kept."""
        cell = self.sink.state.rows.get(f"u{key}")
        stamp = cell.stamp if cell else self.sink.state.tombstones.get(str(key))
        return stamp and stamp.lsn

    def opened(self) -> list[int]:
        """Offsets of open letters."""
        return [filed.letter.record.offset for filed in self.sink.state.letters if filed.open]


def test_a_claim_fences_the_one_before_it() -> None:
    table = Table()
    old = table.claim
    table.claim = table.take().claim
    assert (table.claim.number, old.number) == (2, 1)
    with pytest.raises(ClaimLost):
        asyncio.run(table.sink.write(fold(update(10, IN)), old))
    assert table.row() is None


def test_a_partition_without_a_checkpoint_is_refused() -> None:
    with pytest.raises(errors.Refused) as stop:
        asyncio.run(target().claim([Part("unknown", 0)]))
    assert stop.value.code == "no-checkpoint"


def test_the_checkpoint_decides_and_a_refused_batch_leaves_nothing() -> None:
    table = Table()
    table.write(update(10, IN), None)
    assert table.take().next_offset == 2
    table.claim = table.sink.state.checkpoints[PARTS[0]].claim
    before = table.sink.state
    for at, error in ((0, Moved), (5, Hole)):
        table.next = at
        with pytest.raises(error) as refused:
            table.write(delete(20))
        assert type(refused.value) is error
        assert refused.value.at == 2
    assert table.sink.state is before
    assert table.sink.state.ranges == [(PARTS[0], 0, 2)]


def test_rows_that_the_target_refuses_undo_the_whole_batch() -> None:
    table = Table()
    with pytest.raises(BadRows) as bad:
        table.write(update(10, IN), update(11, image(5, bad="data"), key=2), delete(12, key=4))
    assert bad.value.causes == {1: ("data", "22001 value too long")}
    assert table.row() is None
    assert not table.sink.state.tombstones
    assert table.take().next_offset == 0


def test_a_target_key_of_another_source_key_is_a_collision() -> None:
    class Constant(RowCodec):
        def line(self, after: object) -> str | None:  # noqa: ARG002 - a mapping that maps two keys to one
            return "u0\t1\tb0\t"

    sink = MemorySink(COLUMNS, ("id",), PARTS)
    claim = asyncio.run(sink.claim([PARTS[0]]))[PARTS[0]].claim
    batch = Folder(JsonWire(), Constant()).fold(chunk(update(1, IN, key=0), update(2, IN, key=2)), start=0)
    with pytest.raises(BadRows) as bad:
        asyncio.run(sink.write(batch, claim))
    assert [(offset, kind) for offset, (kind, _) in bad.value.causes.items()] == [(1, "key-collision")]


def test_a_delete_leaves_a_tombstone_that_refuses_a_re_send() -> None:
    table = Table()
    table.write(update(10, IN))
    table.write(delete(20), None)
    assert table.write(update(10, IN)).books == Books(received=1, superseded=1)
    assert (table.row(), table.floor()) == (None, 20)
    table.write(update(30, IN))
    assert (table.row(), table.floor()) == (["u0", "1", "b0", ""], 30)


def test_a_delete_of_what_was_never_there_leaves_one_too() -> None:
    table = Table()
    assert table.write(delete(20), None).books == Books(received=2, applied=1, ignored=1)
    assert table.write(update(10, IN)).books.superseded == 1


def test_a_filter_exit_deletes_and_leaves_a_tombstone() -> None:
    table = Table()
    table.write(update(10, IN))
    assert table.write(update(20, OUT)).books == Books(received=1, filtered=1)
    assert table.row() is None
    assert table.write(update(10, IN)).books.superseded == 1


def test_a_read_outside_the_filter_leaves_none_where_nothing_is_known() -> None:
    table = Table()
    table.write(read(OUT))
    assert not table.sink.state.tombstones
    table.write(update(10, IN))
    table.write(read(OUT))
    assert (table.row(), table.floor()) == (None, 10)


def test_a_read_keeps_the_position_as_a_floor() -> None:
    table = Table()
    table.write(update(20, IN))
    table.write(read(image(7)))
    assert (table.row(), table.floor()) == (["u0", "7", "b0", ""], 20)
    assert table.write(update(10, IN)).books.superseded == 1


def test_a_partial_row_writes_what_it_carries() -> None:
    table = Table()
    table.write(update(10, image(1, big=5)))
    assert table.write(update(20, PART)).books.applied == 1
    assert table.row() == ["u0", "3", "b5", ""]


def test_a_partial_row_without_a_row_is_set_aside() -> None:
    table = Table()
    assert table.write(update(20, PART)).books == Books(received=1, set_aside=1)
    assert (table.row(), table.opened()) == (None, [0])
    assert table.sink.state.letters[0].letter.kind == "partial-without-row"


def test_a_partial_row_queues_behind_a_letter_until_a_whole_one_comes() -> None:
    table = Table()
    table.write(update(10, IN))
    table.write(update(20, BAD))
    table.write(update(30, PART))
    assert (table.row(), table.opened()) == (["u0", "1", "b0", ""], [1, 2])
    table.write(update(40, image(8)))
    assert (table.row(), table.opened()) == (["u0", "8", "b0", ""], [])


def test_a_letter_is_a_stamp_of_its_key() -> None:
    table = Table()
    table.write(update(20, BAD))
    assert table.write(update(10, IN)).books.superseded == 1
    assert (table.row(), table.opened()) == (None, [0])


def test_a_letter_of_an_old_event_is_not_open() -> None:
    table = Table()
    table.write(update(30, IN))
    assert table.write(update(20, BAD)).books == Books(received=1, set_aside=1)
    assert table.opened() == []


@pytest.mark.parametrize("healer", [update(30, IN), update(30, OUT), delete(30), read(IN), read(OUT)])
def test_a_later_whole_image_heals(healer: Change) -> None:
    table = Table()
    table.write(update(20, BAD))
    table.write(healer)
    assert table.opened() == []
    assert table.write(update(10, IN)).books.superseded == 1  # the letter's position stays as a floor


def test_a_letter_without_a_key_stays() -> None:
    table = Table()
    folder = Folder(JsonWire(), RowCodec())
    raw = replace(chunk(garbage()), keys=[b"{"])
    asyncio.run(table.sink.write(folder.fold(raw, start=0), table.claim))
    table.next = 1
    table.write(update(10, IN))
    assert table.opened() == [0]


def test_only_one_first_snapshot() -> None:
    table = Table(rereads=False)
    table.write(read(IN, snapshot="first"), rereads=False)
    with pytest.raises(errors.Refused) as stop:
        table.write(read(IN, snapshot="first"), rereads=False)
    assert stop.value.code == "second-snapshot"
    table.write(update(10, IN), rereads=False)
    with pytest.raises(errors.Refused):
        table.write(read(IN), rereads=False)
    assert table.take().next_offset == 2


def test_the_checkpoint_keeps_the_books() -> None:
    table = Table()
    table.write(update(10, IN), update(20, BAD, key=2), None)
    table.write(update(30, OUT), update(5, IN))
    books = table.sink.state.checkpoints[PARTS[0]].books
    assert books == Books(received=5, applied=1, superseded=1, filtered=1, set_aside=1, ignored=1)
    assert books.balance == 0


def test_claims_count_on() -> None:
    table = Table()
    assert table.claim == Claim(1, table.claim.owner)
    assert table.take().claim.number == 2
