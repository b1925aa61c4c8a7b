"""A planted fault happens at its point, at its hit, once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest

from overgrow.testing.faults import Armed, Plant, order, parse

PAUSES = """
import asyncio
from overgrow.testing.faults import Armed, Plant
armed = Armed(Plant(point="after_lock", do="pause", seconds=0.2), orders=None, observe=print, disconnect=int)
asyncio.run(armed("after_lock"))
print("goes on")
"""


class Log:
    def __init__(self) -> None:
        self.said: list[str] = []

    def observe(self, event: str, fields: Mapping[str, Any]) -> None:
        self.said.append(f"{event} {fields['point']} {fields['do']}")

    def disconnect(self) -> None:
        self.said.append("disconnected")


def _armed(log: Log, plant: Plant | None, orders: Path | None = None) -> Armed:
    return Armed(plant, orders=orders, observe=log.observe, disconnect=log.disconnect)


async def _reach(armed: Armed, *points: Any) -> None:
    for point in points:
        await armed(point)


def test_it_happens_at_its_hit_and_once() -> None:
    log = Log()
    armed = _armed(log, Plant(point="after_lock", do="disconnect", hit=2))
    asyncio.run(_reach(armed, "after_lock", "after_stage"))
    assert log.said == []
    asyncio.run(_reach(armed, "after_lock", "after_lock", "after_lock", "after_lock"))
    assert log.said == ["planted after_lock disconnect", "disconnected"]


def test_a_running_worker_gets_the_next_one_from_its_file(tmp_path: Path) -> None:
    log, orders = Log(), tmp_path / "orders"
    armed = _armed(log, None, orders)
    asyncio.run(_reach(armed, "after_lock"))
    order(orders, Plant(point="before_ack", do="raise"))
    with pytest.raises(ZeroDivisionError, match="planted"):
        asyncio.run(_reach(armed, "after_lock", "before_ack"))
    assert not orders.exists()
    assert log.said == ["planted before_ack raise"]


def test_a_paused_process_stands_and_is_continued() -> None:
    with Popen([sys.executable, "-c", PAUSES], stdout=PIPE, text=True) as process:
        assert process.communicate(timeout=30)[0].splitlines()[-1] == "goes on"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kill", "JSON is malformed"),
        ('{"point": "nowhere", "do": "kill"}', "Invalid enum value 'nowhere'"),
        ('{"point": "after_lock", "do": "explode"}', "Invalid enum value 'explode'"),
        ('{"point": "after_lock", "do": "kill", "hits": 2}', "unknown field `hits`"),
        ('{"point": "after_lock", "do": "kill", "hit": 0}', "hit counts from 1"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_a_fault_reads_as_it_was_written() -> None:
    plant = Plant(point="before_commit", do="delay", hit=7, seconds=1.5)
    assert parse(plant.text()) == plant
