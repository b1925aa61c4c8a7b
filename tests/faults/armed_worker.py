"""`overgrow` as it is, with its named points armed: the only way in which the tests' workers differ from the product.

OVERGROW_FAULT         the first fault, see overgrow.testing.faults
OVERGROW_FAULT_ORDERS  the file in which a running worker gets its next one
OVERGROW_CLOCK         seconds by which this process's `time.time` is off
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

from overgrow import faultpoints
from overgrow.cli import main
from overgrow.observe import EventLog
from overgrow.sinks.postgres.sink import PostgresSink
from overgrow.testing.faults import Armed, parse

opened: list[Any] = []
_open = PostgresSink._open


async def _remembered(self: PostgresSink) -> Any:
    connection = await _open(self)
    opened[:] = [one for one in opened if not one.closed] + [connection]
    return connection


def _disconnect() -> None:
    for connection in opened:
        if not connection.closed:
            with socket.socket(fileno=os.dup(connection.fileno())) as theirs:
                theirs.shutdown(socket.SHUT_RDWR)


def _shift_clock(seconds: float) -> None:
    real = time.time
    time.time = lambda: real() + seconds


def _arm() -> None:
    text, orders = os.environ.get("OVERGROW_FAULT"), os.environ.get("OVERGROW_FAULT_ORDERS")
    armed = Armed(
        parse(text) if text else None,
        orders=Path(orders) if orders else None,
        observe=EventLog("armed"),
        disconnect=_disconnect,
    )
    faultpoints.arm(armed)
    _shift_clock(float(os.environ.get("OVERGROW_CLOCK", "0")))


if __name__ == "__main__":
    PostgresSink._open = _remembered  # type: ignore[method-assign]
    _arm()
    main()
