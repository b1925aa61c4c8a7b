"""`Engine.feed`: what it does about everything a sink may say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from overgrow import errors
from overgrow.apply import (
    BadRows,
    Batch,
    Books,
    Claimed,
    ClaimLost,
    ConstraintViolation,
    Engine,
    Folder,
    Hole,
    Moved,
    Receipt,
)
from overgrow.apply.engine import CONSTRAINT_ATTEMPTS, LONGEST_PAUSE
from overgrow.model import Chunk, Claim, Part
from tests.model.wire import TOPIC, JsonWire, RowCodec
from tests.unit.apply.events import chunk, image, other, steps, update

CLAIM = Claim(1, "me")
IN = image(1)


class Script:
    """A sink that answers from a list; an exception is raised, None commits."""

    def __init__(self, *answers: Exception | Books | None) -> None:
        self.answers = list(answers)
        self.batches: list[Batch] = []

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        """Grant everything."""
        return {part: Claimed(claim=CLAIM, next_offset=0, topic_id="t", partition_count=1) for part in parts}

    async def write(self, batch: Batch, claim: Claim) -> Receipt:
        """The next answer."""
        assert claim == CLAIM
        self.batches.append(batch)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        rows = sum(len(step.rows) for step in batch.steps)
        books = answer or batch.books.plus(Books(applied=rows, set_aside=len(batch.letters)))
        return Receipt(next=batch.next, books=books, letters=tuple((one, True) for one in batch.letters))


class Run:
    """An engine on a script, its pauses and its events."""

    def __init__(self, *answers: Exception | Books | None) -> None:
        self.sink = Script(*answers)
        self.pauses: list[float] = []
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        folders = {TOPIC: Folder(JsonWire(), RowCodec())}
        self.engine = Engine(self.sink, folders, sleep=self._sleep, jitter=lambda: 0.5, observe=self._observe)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def _observe(self, name: str, fields: Mapping[str, Any]) -> None:
        self.events.append((name, fields))

    def feed(self, fed: Chunk) -> int:
        """Feed a chunk."""
        return asyncio.run(self.engine.feed(fed, CLAIM))

    def tried(self) -> list[tuple[int, int]]:
        """From where to where each write went."""
        return [(batch.start, batch.next) for batch in self.sink.batches]


def three() -> Chunk:
    """Offsets 10, 11, 12, and a control batch behind them."""
    return chunk(update(1, IN), update(2, IN, key=2), update(3, IN, key=4), start=10, end=14)


def test_a_chunk_is_one_write_up_to_its_fetch_position() -> None:
    run = Run()
    assert run.feed(three()) == 14
    assert run.tried() == [(10, 14)]
    assert run.events == [
        (
            "committed",
            {"part": "t[0]", "start": 10, "next": 14, **Books(received=3, applied=3)._asdict()},
        )
    ]


def test_a_position_that_moved_without_records_is_written_too() -> None:
    run = Run()
    assert run.feed(chunk(start=10, end=12)) == 12
    assert run.tried() == [(10, 12)]


def test_a_checkpoint_inside_the_chunk_trims_by_record_offset() -> None:
    run = Run(Moved(12))
    assert run.feed(three()) == 14
    assert run.tried() == [(10, 14), (12, 14)]
    assert steps(run.sink.batches[1]) == [("upsert", [("4", 12, 3)])]
    assert run.events[0] == ("checkpoint-moved", {"part": "t[0]", "at": 12, "chunk": 10})


@pytest.mark.parametrize("at", [14, 20])
def test_a_checkpoint_at_or_beyond_the_end_skips_the_chunk(at: int) -> None:
    run = Run(Moved(at))
    assert run.feed(three()) == at
    assert len(run.sink.batches) == 1


@pytest.mark.parametrize("answer", [Hole(4), Moved(4)])
def test_a_checkpoint_before_the_chunk_is_a_hole(answer: Moved) -> None:
    with pytest.raises(Hole) as hole:
        Run(answer).feed(three())
    assert hole.value.at == 4


def test_a_lost_claim_passes_through() -> None:
    run = Run(ClaimLost("t[0]"))
    with pytest.raises(ClaimLost):
        run.feed(three())
    assert len(run.sink.batches) == 1


def test_refused_rows_are_set_aside_by_name_and_the_rest_is_written() -> None:
    run = Run(BadRows({11: ("data", "22001 too long")}), BadRows({12: ("key-collision", "taken")}))
    assert run.feed(three()) == 14
    assert run.tried() == [(10, 14)] * 3
    last = run.sink.batches[-1]
    assert steps(last) == [("upsert", [("0", 10, 1)])]
    assert [(letter.record.offset, letter.kind, letter.cause) for letter in last.letters] == [
        (11, "data", "22001 too long"),
        (12, "key-collision", "taken"),
    ]
    assert [name for name, _ in run.events] == ["set-aside", "set-aside", "committed"]


def test_a_key_that_is_refused_version_after_version_costs_one_attempt_each() -> None:
    """In one batch each refusal uncovers the version before it: 40 versions would be 40 passes over the whole chunk."""
    versions = 40
    refused = {offset: BadRows({offset: ("data", "22001")}) for offset in range(versions)}

    class Refusing(Script):
        async def write(self, batch: Batch, claim: Claim) -> Receipt:
            rows = [row for step in batch.steps for row in step.rows]
            self.answers = [refused[rows[0][1]]] if rows else []
            return await super().write(batch, claim)

    run = Run()
    run.engine.sink = run.sink = Refusing()
    assert run.feed(chunk(*(update(lsn + 1, IN) for lsn in range(versions)))) == versions
    folded = sum(batch.next - batch.start for batch in run.sink.batches)
    assert folded < 6 * versions
    letters = [letter.record.offset for batch in run.sink.batches for letter in batch.letters]
    assert set(letters) == set(range(versions))


def test_a_lost_claim_ends_the_retries_of_the_chunk_before() -> None:
    run = Run(errors.TransientError("away"), ClaimLost("t[0]"))
    with pytest.raises(ClaimLost):
        run.feed(three())
    assert run.engine.retrying == 0, "or the watchdog is blind from here on"


def test_the_older_event_takes_the_place_of_a_refused_winner() -> None:
    run = Run(BadRows({1: ("data", "22001")}))
    run.feed(chunk(update(1, IN), update(2, IN)))
    assert steps(run.sink.batches[-1]) == [("upsert", [("0", 0, 1)])]


def test_a_target_that_is_away_is_retried_in_place() -> None:
    run = Run(*[errors.TransientError("connection refused")] * 8)
    assert run.feed(three()) == 14
    assert run.tried() == [(10, 14)] * 9
    assert run.pauses == sorted(run.pauses)
    assert run.pauses[-1] == LONGEST_PAUSE * 0.75  # the jitter here is one half of the half
    retries = [fields for name, fields in run.events if name == "sink-retry"]
    assert [fields["attempt"] for fields in retries] == [*range(1, 9)]
    assert {fields["error"] for fields in retries} == {"connection refused"}
    assert run.engine.retrying == 0


def test_an_ambiguous_commit_is_settled_by_the_checkpoint() -> None:
    run = Run(errors.TransientError("connection lost during commit"), Moved(14))
    assert run.feed(three()) == 14
    assert run.tried() == [(10, 14)] * 2
    assert "committed" not in [name for name, _ in run.events]


def test_a_constraint_that_stays_is_a_named_stop() -> None:
    run = Run(*[ConstraintViolation("unique customers_email")] * CONSTRAINT_ATTEMPTS)
    with pytest.raises(errors.Refused, match=r"t\[0\].*unique customers_email.*drop the constraint") as stop:
        run.feed(three())
    assert stop.value.code == "constraint"
    assert len(run.sink.batches) == CONSTRAINT_ATTEMPTS


def test_a_constraint_that_goes_away_is_not() -> None:
    assert Run(*[ConstraintViolation("late parent")] * (CONSTRAINT_ATTEMPTS - 1)).feed(three()) == 14


def test_books_that_do_not_balance_are_a_bug() -> None:
    with pytest.raises(RuntimeError, match=r"books of t\[0\] do not balance"):
        Run(Books(received=3, applied=2)).feed(three())


def test_what_nobody_expected_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        Run(ZeroDivisionError("a bug")).feed(three())


def test_what_stands_before_a_named_stop_is_committed_first() -> None:
    run = Run()
    with pytest.raises(errors.Refused, match="offset 11"):
        run.feed(chunk(update(1, IN), other("t"), update(3, IN), start=10))
    assert run.tried() == [(10, 11)]
