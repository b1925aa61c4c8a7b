from __future__ import annotations

import pytest

from overgrow.reconcile.transactions import Transactions

EPOCH = 1 << 32


@pytest.mark.parametrize(
    ("snapshot", "xid", "seen"),
    [
        ("100:105:102,103", 99, True),
        ("100:105:102,103", 101, True),
        ("100:105:102,103", 102, False),  # still running
        ("100:105:102,103", 104, True),
        ("100:105:102,103", 105, False),  # not begun
        ("100:100:", None, True),  # a read has no transaction
        (f"{EPOCH + 10}:{EPOCH + 20}:{EPOCH + 12}", 11, True),  # an event carries 32 bits
        (f"{EPOCH + 10}:{EPOCH + 20}:{EPOCH + 12}", 12, False),
        (f"{EPOCH + 10}:{EPOCH + 20}:{EPOCH + 12}", EPOCH - 1, True),  # just before the counter went round
        (f"{EPOCH - 10}:{EPOCH - 5}:", 3, False),  # just after
    ],
)
def test_what_a_snapshot_sees(snapshot: str, xid: int | None, *, seen: bool) -> None:
    assert Transactions.parse(snapshot).sees(xid) is seen
