"""What the engine needs from the outside: how to read one topic's records, and where batches go.

`RowCodec` and `JsonWire` (mapping, envelope) satisfy the reading half; `sinks.postgres` and `sinks.memory` the writing
half. Tests satisfy both with a few lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from overgrow import errors
from overgrow.apply.batch import Batch, Books
from overgrow.model import Claim, Letter, LetterKind, Part


class Wire(Protocol):
    """Bytes to typed structs for one topic. Raises `DecodeError` (poison) or `SchemaDrift` (named stop)."""

    def value(self, raw: bytes) -> Any:  # noqa: ANN401 - a struct generated from the mapping
        """An event with `op`, `after`, `source.lsn`, `source.txId`, `source.snapshot`."""

    def key(self, raw: bytes) -> Any:  # noqa: ANN401
        """The source key struct."""


class Codec(Protocol):
    """One compiled mapping."""

    def line(self, after: Any) -> str | None:  # noqa: ANN401
        """The target row as one line of COPY text, None outside the mapping's filter; raises on a bad value."""

    def explain(self, after: Any) -> errors.TranslationError:  # noqa: ANN401
        """Why `line` raised."""

    def key_text(self, key: Any) -> str:  # noqa: ANN401
        """The canonical source key."""

    def target_key(self, key: Any) -> str:  # noqa: ANN401
        """The target key as COPY text."""

    def absent(self, after: Any) -> frozenset[str]:  # noqa: ANN401
        """Source columns that carry the placeholder."""

    def present(self, absent: frozenset[str]) -> tuple[str, ...]:
        """Target columns that do not depend on `absent`."""

    def partial_line(self, after: Any, absent: frozenset[str]) -> str | None:  # noqa: ANN401
        """Like `line`, with NULL in the columns that are not `present`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one committed batch did: `next` is the new checkpoint, `books` the whole batch's classification.

    `letters`: every letter that was filed, and whether it is open (a superseded one needs nobody).
    """

    next: int
    books: Books
    letters: tuple[tuple[Letter, bool], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A partition that is ours now, where its checkpoint stands, and which topic the checkpoint belongs to."""

    claim: Claim
    next_offset: int
    topic_id: str
    partition_count: int


class ClaimLost(errors.ReplicationError):
    """Another worker (or a restored target) holds the checkpoint: drop the chunk, claim again if still assigned."""


class Moved(errors.ReplicationError):
    """The checkpoint is not where the batch starts; nothing was written."""

    def __init__(self, at: int) -> None:
        super().__init__(f"checkpoint is at {at}")
        self.at = at


class Hole(Moved):
    """The checkpoint lies before the chunk: records in between were never fed. Drop the chunk, seek back."""


class Boundary(errors.ReplicationError):
    """The batch reaches across `at`, where another generation begins; nothing was written."""

    def __init__(self, at: int) -> None:
        super().__init__(f"a generation begins at {at}")
        self.at = at


class BadRows(errors.ReplicationError):
    """The target refuses these rows' data; nothing was written. `causes`: offset to (kind, cause)."""

    def __init__(self, causes: Mapping[int, tuple[LetterKind, str]]) -> None:
        super().__init__(f"{len(causes)} rows refused by the target")
        self.causes = causes


class ConstraintViolation(errors.TransientError):
    """A unique or foreign-key violation: retried a few times, then a named stop (constraints came too early)."""


class Sink(Protocol):
    """A target store. One batch is one transaction: rows, tombstones, letters, books and checkpoint, or nothing."""

    async def claim(self, parts: Iterable[Part]) -> dict[Part, Claimed]:
        """Take over the partitions' checkpoints; a missing row or another mapping text is `Refused`."""

    async def write(self, batch: Batch, claim: Claim) -> Receipt:
        """Write under the checkpoint's lock; raises ClaimLost, Moved, Boundary, BadRows, TransientError, Refused."""
