"""The one rule that decides who may write over whom, as a truth table; and the limits of a stamp."""

from __future__ import annotations

import pytest

from overgrow.model import Stamp, may_write, stamp_base

OLD, SAME, NEW = 4, 5, 6  # offsets around the row's
LOW, EQUAL, HIGH = 10, 20, 30  # positions around the row's


@pytest.mark.parametrize(
    ("off", "lsn", "allowed"),
    [
        (OLD, LOW, False),
        (OLD, EQUAL, False),
        (OLD, HIGH, False),
        (SAME, LOW, False),
        (SAME, EQUAL, False),
        (SAME, HIGH, False),
        (NEW, LOW, False),  # a re-send
        (NEW, EQUAL, True),  # the same change again
        (NEW, HIGH, True),
        (NEW, None, True),
    ],
)
def test_a_streamed_event_over_a_streamed_row(off: int, lsn: int | None, *, allowed: bool) -> None:
    assert may_write(Stamp(off, lsn, 1), Stamp(SAME, EQUAL, 1)) is allowed


@pytest.mark.parametrize("floor", [None, LOW, EQUAL, HIGH])
@pytest.mark.parametrize("row", [None, LOW, HIGH])
def test_a_read_is_judged_by_its_offset_alone(floor: int | None, row: int | None) -> None:
    assert may_write(Stamp(NEW, floor, None), Stamp(SAME, row, 1))
    assert not may_write(Stamp(SAME, floor, None), Stamp(SAME, row, 1))
    assert not may_write(Stamp(OLD, floor, None), Stamp(SAME, row, 1))


@pytest.mark.parametrize(("lsn", "allowed"), [(LOW, False), (EQUAL, True), (HIGH, True)])
def test_the_floor_that_a_read_kept_still_counts(lsn: int, *, allowed: bool) -> None:
    assert may_write(Stamp(NEW, lsn, 1), Stamp(SAME, EQUAL, None)) is allowed


def test_a_row_without_a_position_refuses_no_newer_message() -> None:
    assert may_write(Stamp(NEW, LOW, 1), Stamp(SAME, None, None))
    assert not may_write(Stamp(SAME, LOW, 1), Stamp(SAME, None, None))


@pytest.mark.parametrize(("history_from", "allowed"), [(0, False), (SAME, False), (NEW, True)])
def test_positions_compare_only_within_one_source_history(history_from: int, *, allowed: bool) -> None:
    assert may_write(Stamp(NEW, LOW, 1), Stamp(SAME, HIGH, 1), history_from=history_from) is allowed


def test_epochs_and_generations_order_stamps_and_fit_a_signed_bigint() -> None:
    assert stamp_base(epoch=0, generation=0) == 0
    assert stamp_base(epoch=0, generation=255) + 2**48 - 1 < stamp_base(epoch=1, generation=0)
    assert stamp_base(epoch=127, generation=255) + 2**48 - 1 == 2**63 - 1


@pytest.mark.parametrize(("epoch", "generation"), [(-1, 0), (128, 0), (0, -1), (0, 256)])
def test_what_does_not_fit_a_stamp_is_refused(epoch: int, generation: int) -> None:
    with pytest.raises(ValueError, match="does not fit a stamp"):
        stamp_base(epoch=epoch, generation=generation)
