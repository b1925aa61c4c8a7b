"""Faults planted at the named points of a worker: one at a time, by JSON, in its environment or in a file it watches.

    {"point": "before_commit", "hit": 7, "do": "kill"}     the seventh time that the point is reached, counted from now

Guarantees: `planted` is logged before anything is done; a fault happens once; a fault that is not understood ends the
process that was to run it. Never imported by the product; `tests/faults/armed_worker.py` arms a worker with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from overgrow.faultpoints import POINTS, Point

Do = Literal["kill", "pause", "delay", "block", "disconnect", "raise"]
DOS = get_args(Do)

Observer = Callable[[str, Mapping[str, Any]], None]


class Plant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens, where, and at which time the point is reached.

    kill: SIGKILL to itself. pause: SIGSTOP to itself, SIGCONT after `seconds` (0: somebody else continues it). delay: a
    sleep in which everything else goes on. block: a sleep in which nothing goes on. disconnect: the target's sockets
    are shut down under the driver. raise: a bug.
    """

    point: Point
    do: Do
    hit: int = 1
    seconds: float = 0.0

    def text(self) -> str:
        """As JSON, the form in which it is planted."""
        return msgspec.json.encode(self).decode()


def parse(text: str | bytes) -> Plant:
    """The fault that a JSON text describes; ValueError names what is wrong with it."""
    try:
        plant = msgspec.json.decode(text, type=Plant)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{text!r} is no fault: {error}. Points: {', '.join(POINTS)}; do: {', '.join(DOS)}") from error
    if plant.hit < 1:
        raise ValueError(f"{text!r}: hit counts from 1")
    return plant


class Armed:
    """The action for `faultpoints.arm`. `orders`: a file that is looked for at every point, read and removed."""

    def __init__(
        self, plant: Plant | None, *, orders: Path | None, observe: Observer, disconnect: Callable[[], None]
    ) -> None:
        self._plant, self._orders = plant, orders
        self._observe, self._disconnect = observe, disconnect
        self._hits = 0

    async def __call__(self, point: Point) -> None:
        """Count; act when it is time."""
        if self._orders is not None and self._orders.exists():
            self._plant, self._hits = parse(self._orders.read_bytes()), 0
            self._orders.unlink()
        plant = self._plant
        if plant is None or plant.point != point:
            return
        self._hits += 1
        if self._hits == plant.hit:
            self._plant = None
            self._observe("planted", msgspec.to_builtins(plant))
            await self._act(plant)

    async def _act(self, plant: Plant) -> None:
        match plant.do:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "pause":
                _pause(plant.seconds)
            case "delay":
                await asyncio.sleep(plant.seconds)
            case "block":
                time.sleep(plant.seconds)  # noqa: ASYNC251 - to block the loop is the fault
            case "disconnect":
                self._disconnect()
            case "raise":
                raise ZeroDivisionError("planted")


def order(path: Path, plant: Plant) -> None:
    """Give a running worker its next fault; complete in one step, so that no half of it is read."""
    draft = path.with_suffix(".draft")
    draft.write_text(plant.text())
    draft.replace(path)


def _pause(seconds: float) -> None:
    me = os.getpid()
    if seconds:
        subprocess.Popen(["/bin/sh", "-c", f"sleep {seconds:f}; kill -CONT {me}"])  # noqa: S603 - two numbers
    os.kill(me, signal.SIGSTOP)
