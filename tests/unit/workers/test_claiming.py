"""Claims wait for systems that are away, and notice a topic that was made anew, at the claim and every minute."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from overgrow import errors
from overgrow.apply import Claimed
from overgrow.apply.identity import Topic
from overgrow.model import Claim, Part
from overgrow.workers import claiming
from overgrow.workers.claiming import Claimer

PARTS = [Part("t", 0), Part("t", 1)]
SAME, ANEW, WIDER = Topic("id", 2), Topic("other", 2), Topic("id", 3)
Answer = Topic | None | Exception


class Sink:
    """Claims what it is asked for; only the half of a sink that claiming needs."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        if self.failures:
            raise self.failures.pop(0)
        return {part: Claimed(claim=Claim(1, "me"), next_offset=7, topic_id="id", partition_count=2) for part in parts}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "PAUSE", 0.0)
    monkeypatch.setattr(claiming, "IDENTITY_SECONDS", 0.0)


def claimer(
    answers: list[Answer], sink: Sink | None = None, sources: Iterable[Exception | None] = ()
) -> tuple[Claimer, list[str]]:
    """A claimer whose cluster and whose source give their answers in turn, and what it logged."""
    said: list[str] = []
    at_source = iter(sources)

    async def identity(names: set[str]) -> dict[str, Topic]:
        assert names == {"t"}
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {} if answer is None else {"t": answer}

    async def source() -> None:
        if error := next(at_source, None):
            raise error

    made: Any = sink or Sink()
    return Claimer(made, identity, lambda name, _: said.append(name), source), said


def test_a_claim_waits_for_systems_that_are_away() -> None:
    away: list[Answer] = [errors.UnreachableError("kafka"), SAME, SAME]
    one, said = claimer(away, Sink(errors.TransientError("target")))
    found = asyncio.run(one.claim(PARTS))
    assert {part: at.next_offset for part, at in found.items()} == dict.fromkeys(PARTS, 7)
    assert said == ["claim-retry", "claim-retry", "claimed"]


@pytest.mark.parametrize("topic", [None, ANEW, WIDER])
def test_another_topic_is_refused_at_the_claim(topic: Topic | None) -> None:
    one, said = claimer([topic])
    with pytest.raises(errors.IdentityChanged, match=r"t\[0\]"):
        asyncio.run(one.claim(PARTS))
    assert said == []


@pytest.mark.parametrize("topic", [None, ANEW, WIDER])
def test_another_topic_is_refused_while_the_worker_runs(topic: Topic | None) -> None:
    one, said = claimer([SAME, SAME, errors.UnreachableError("kafka"), SAME, topic])

    async def act() -> None:
        await one.claim(PARTS)
        await one.watch()

    with pytest.raises(errors.IdentityChanged, match=r"t\[0\]"):
        asyncio.run(act())
    assert said == ["claimed", "identity-unknown"]


OTHER_SOURCE = errors.IdentityChanged("another system identifier")


def test_another_source_is_refused_at_the_claim() -> None:
    one, said = claimer([SAME], sources=[OTHER_SOURCE])
    with pytest.raises(errors.IdentityChanged, match="system identifier"):
        asyncio.run(one.claim(PARTS))
    assert said == []


def test_another_source_is_refused_while_the_worker_runs_and_one_that_is_away_is_not() -> None:
    away = errors.UnreachableError("legacy")
    one, said = claimer([SAME, SAME, SAME], sources=[away, away, OTHER_SOURCE])

    async def act() -> None:
        await one.claim(PARTS)
        await one.watch()

    with pytest.raises(errors.IdentityChanged, match="system identifier"):
        asyncio.run(act())
    assert said == ["identity-unknown", "claimed", "identity-unknown"]
