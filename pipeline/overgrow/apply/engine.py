"""Read this first: `Engine.feed` takes a chunk of one partition to one committed target transaction.

    fold       decode, compact, translate (pure)                      apply/fold.py
    write      stage, lock the checkpoint, guard, write, commit       sinks/
    on Moved   the checkpoint is elsewhere: trim by record offset and fold again; on Hole give up the chunk
    on BadRows the target refuses rows: set them aside by name and fold again
    on Transient  wait and write again, re-reading the checkpoint: that also settles an ambiguous commit

It knows no host, no store and no clock: `sleep` and `jitter` are passed in. The checkpoint in the target is the only
truth; a chunk that was fed twice, late, by a zombie or across a rebalance changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from overgrow import errors
from overgrow.apply.batch import Batch
from overgrow.apply.fold import Folder
from overgrow.apply.ports import BadRows, Boundary, ConstraintViolation, Hole, Moved, Receipt, Sink
from overgrow.model import Chunk, Claim

CONSTRAINT_ATTEMPTS = 5
REFUSALS_IN_A_BATCH = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 3.0  # seconds; doubled from the one to the other

Observer = Callable[[str, Mapping[str, Any]], None]


class Engine:
    """Applies chunks of any number of topics through their mappings into one sink."""

    def __init__(
        self,
        sink: Sink,
        folders: Mapping[str, Folder],
        *,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
        observe: Observer,
    ) -> None:
        """`folders`: topic to folder. `jitter`: random numbers in [0, 1). `observe`: log event name and fields."""
        self.sink = sink
        self._folders = folders
        self._sleep = sleep
        self._jitter = jitter
        self._observe = observe
        self.retrying = 0  # how many attempts the batch in hand has failed; a watchdog must not mistake it for a hang
        self.commits = 0  # batches committed so far; a watchdog's proof of life

    async def feed(self, chunk: Chunk, claim: Claim) -> int:
        """Apply `chunk`; return the checkpoint afterwards, which is `chunk.next` or beyond.

        Raises Hole (seek back to `.at`), ClaimLost (drop the chunk), Refused (a named stop: exit). Anything else is a
        bug: exit, nothing of the failing batch is committed.
        """
        try:
            return await self._feed(chunk, claim)
        finally:
            self.retrying = 0

    async def _feed(self, chunk: Chunk, claim: Claim) -> int:
        folder = self._folders[chunk.part.topic]
        position, bound, refusals = chunk.start, chunk.next, 0
        poison: dict[int, Any] = {}
        while position < chunk.next:
            # A key that the target refuses in version after version: record by record each costs one attempt, while in
            # a batch each refusal uncovers the version before it.
            end = bound if refusals < REFUSALS_IN_A_BATCH else min(bound, _behind_the_first_record(chunk, position))
            batch = folder.fold(chunk, start=position, end=end, poison=poison)
            try:
                receipt = await self._write(batch, claim)
            except Hole:
                raise
            except Moved as moved:
                if moved.at < position:
                    raise Hole(moved.at) from moved
                self._observe("checkpoint-moved", {"part": str(chunk.part), "at": moved.at, "chunk": chunk.start})
                position = moved.at
                continue
            except Boundary as boundary:
                bound = boundary.at
                continue
            except BadRows as bad:
                refusals += 1
                for offset, (kind, cause) in bad.causes.items():
                    poison[offset] = (kind, cause, None)
                continue
            position = receipt.next
            if position >= bound:
                bound = chunk.next
        return position

    async def _write(self, batch: Batch, claim: Claim) -> Receipt:
        violations = 0
        while True:
            try:
                receipt = await self.sink.write(batch, claim)
            except ConstraintViolation as error:
                violations += 1
                if violations == CONSTRAINT_ATTEMPTS:
                    msg = (
                        f"{batch.part}: the target refuses the batch {violations} times over: {error}. Unique and "
                        "foreign-key constraints come after the sync; drop the constraint, then start the worker again."
                    )
                    raise errors.Refused(msg, code="constraint") from error
                await self._pause(batch, error)
            except errors.TransientError as error:
                await self._pause(batch, error)
            else:
                self.retrying = 0
                self.commits += 1
                if receipt.books.balance:
                    msg = f"books of {batch.part} do not balance: {receipt.books}"
                    raise RuntimeError(msg)
                self._committed(batch, receipt)
                return receipt

    async def _pause(self, batch: Batch, error: errors.TransientError) -> None:
        self.retrying += 1
        pause = min(FIRST_PAUSE * 2 ** min(self.retrying - 1, 10), LONGEST_PAUSE)
        fields = {"part": str(batch.part), "attempt": self.retrying, "pause": round(pause, 2), "error": str(error)}
        self._observe("sink-retry", fields)
        await self._sleep(pause * (0.5 + self._jitter() / 2))

    def _committed(self, batch: Batch, receipt: Receipt) -> None:
        part = str(batch.part)
        for letter, is_open in receipt.letters:
            state = "open" if is_open else "superseded"
            fields = {"part": part, "offset": letter.record.offset, "kind": letter.kind, "cause": letter.cause}
            self._observe("set-aside", {**fields, "state": state})
        fields = {"part": part, "start": batch.start, "next": batch.next, **receipt.books._asdict()}
        self._observe("committed", fields)


def _behind_the_first_record(chunk: Chunk, position: int) -> int:
    """The position behind the first record at or after `position`."""
    index = bisect_left(chunk.offsets, position)
    return chunk.offsets[index] + 1 if index < len(chunk.offsets) else chunk.next
