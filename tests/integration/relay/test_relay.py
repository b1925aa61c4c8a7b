"""The relay by itself: whose turn it is, what is away, what the brokers will not take."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from overgrow.kafka.admin import Topics
from overgrow.workers import relay as module
from overgrow.workers.relay import Relay
from overgrow.workers.relayed import StoredLetter
from tests.integration.relay.still import Still

pytestmark = pytest.mark.stack
NOBODY = "127.0.0.1:1"
TOO_LARGE = 13 << 20  # above the topic's limit, however it is compressed


class Said(list[tuple[str, Any]]):
    def __call__(self, event: str, fields: Any) -> None:
        self.append((event, fields))

    def names(self) -> list[str]:
        return [event for event, _ in self]


def make(still: Still, said: Said, **other: str) -> Relay:
    settings = {"pipeline": still.name, "target_dsn": still.target_dsn, "bootstrap": still.kafka, **other}
    return Relay(**settings, observe=said)


async def drained(relay: Relay) -> int:
    """Batches until one is empty; how many letters."""
    total = 0
    while done := await relay.once():
        total += done
    await relay.aclose()
    return total


def test_in_order_and_in_batches(still: Still, monkeypatch: pytest.MonkeyPatch) -> None:
    for offset in range(7):
        still.file(offset, b"x" * 100)
    monkeypatch.setattr(module, "ROWS", 3)
    monkeypatch.setattr(module, "BYTES", 150)  # two of them: one that begins below the limit is taken whole
    said = Said()
    assert asyncio.run(drained(make(still, said))) == 7
    assert still.relayed() == list(range(7))
    assert still.unmarked() == []
    assert [fields["letters"] for _, fields in said] == [2, 2, 2, 1]


def test_one_at_a_time_and_no_letter_is_locked_meanwhile(still: Still) -> None:
    still.file(1, b"x")
    first, second = make(still, Said()), make(still, Said())

    async def run() -> None:
        sending, go_on = asyncio.Event(), asyncio.Event()
        send = first._send

        async def slow(letters: list[StoredLetter]) -> None:
            sending.set()
            await go_on.wait()
            await send(letters)

        first._send = slow  # type: ignore[method-assign]
        at_work = asyncio.create_task(first.once())
        await sending.wait()
        assert await second.once() == 0
        still.heal()
        go_on.set()
        assert await at_work == 1
        assert await second.once() == 0
        await first.aclose()
        await second.aclose()

    asyncio.run(run())
    assert still.relayed() == [1]
    assert still.unmarked() == []


def test_a_frozen_relay_gives_up_its_turn(still: Still, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends its transaction; when it wakes, what it has sent is not marked by it."""
    short = module.SESSION.replace("session_timeout=8s", "session_timeout=200ms")
    assert short != module.SESSION
    still.file(1, b"x")
    said = Said()
    frozen, other = make(still, said), make(still, Said())

    async def run() -> None:
        sending, go_on = asyncio.Event(), asyncio.Event()
        send = frozen._send

        async def slow(letters: list[StoredLetter]) -> None:
            sending.set()
            await go_on.wait()
            await send(letters)

        frozen._send = slow  # type: ignore[method-assign]
        with monkeypatch.context() as patch:
            patch.setattr(module, "SESSION", short)
            at_work = asyncio.create_task(frozen._patiently())
            await sending.wait()
        async with asyncio.timeout(30):
            while not await other.once():  # noqa: ASYNC110 - it is the server's doing, and nobody is told
                await asyncio.sleep(0.05)
        go_on.set()
        assert await at_work == 0
        await other.aclose()

    asyncio.run(run())
    assert said.names() == ["relay-retry"]
    assert still.relayed() == [1, 1]
    assert still.unmarked() == []


def test_a_target_that_takes_no_mark_is_no_flood(still: Still, monkeypatch: pytest.MonkeyPatch) -> None:
    still.file(1, b"x")
    said = Said()
    relay = make(still, said)

    async def run() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(module, "SESSION", f"{module.SESSION} -c default_transaction_read_only=on")
            assert await relay._patiently() == 0
            assert await relay._patiently() == 0
        assert still.relayed() == still.unmarked() == [1]
        still.file(2, b"y")
        assert await drained(relay) == 2

    asyncio.run(run())
    assert said.names() == ["relay-retry", "relayed"]
    assert still.relayed() == [1, 2]
    assert still.unmarked() == []


def test_brokers_that_are_away_are_waited_for(still: Still) -> None:
    still.file(1, b"x")
    said = Said()
    relay = make(still, said, bootstrap=NOBODY)

    async def run() -> None:
        assert await relay._patiently() == 0
        assert still.unmarked() == [1]
        relay._bootstrap = still.kafka
        assert await drained(relay) == 1

    asyncio.run(run())
    assert said.names() == ["relay-retry", "relayed"]
    assert NOBODY in said[0][1]["error"]
    assert still.relayed() == [1]


def test_a_target_that_is_away_is_one_event(still: Still) -> None:
    said = Said()
    relay = make(still, said, target_dsn=f"postgresql://nobody@{NOBODY}/nothing")

    async def run() -> None:
        assert await relay._patiently() == 0
        assert await relay._patiently() == 0

    asyncio.run(run())
    assert said.names() == ["relay-retry"]


def test_a_target_without_own_tables_is_the_claims_business(still: Still) -> None:
    said = Said()
    assert asyncio.run(make(still, said, target_dsn=still.empty)._patiently()) == 0
    assert said.names() == ["relay-retry"]


def test_without_its_topic_the_next_command_is_named(still: Still) -> None:
    Topics(still.kafka).delete([still.topic])
    still.file(1, b"x")
    said = Said()
    assert asyncio.run(make(still, said)._patiently()) == 0
    assert "overgrow apply" in said[0][1]["error"]
    still.make_topic()
    assert asyncio.run(drained(make(still, said))) == 1


def test_what_the_brokers_will_not_take_holds_up_nothing(still: Still) -> None:
    still.file(1, os.urandom(TOO_LARGE))
    still.file(2, b"x")
    said = Said()
    relay = make(still, said)

    async def run() -> None:
        assert await relay.once() == 0
        assert await relay.once() == 1
        assert await drained(relay) == 0

    asyncio.run(run())
    assert said.names() == ["relay-refused", "relayed"]
    assert said[0][1]["letter"] == ("t", 0, 1, 1)
    assert still.relayed() == [2]
    assert still.unmarked() == [1]
