"""A worker's numbers, each with its reason."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """max_poll_records, fetch_bytes, session_timeout_seconds, stall_seconds may stand under `worker:` in overgrow.yaml.

    max_poll_records: at most this many records make a chunk. 2,000 to 2,500 of 5 kB each measured best: fewer make more
        transactions, more fall out of the processor's cache and cost 8 MB of memory per thousand.
    fetch_bytes: one fetch of one partition, compressed.
    buffer_chunks: chunks that wait while one is applied; memory is (buffer + 2) chunks.
    session_timeout_seconds: how long the group waits for a dead worker.
    stall_seconds: no commit for so long, with records waiting and no retry under way, ends the process.
    name: the static member's (one per replica); None joins as an anonymous member.
    """

    max_poll_records: int = 2000
    fetch_bytes: int = 4 << 20
    buffer_chunks: int = 1
    session_timeout_seconds: float = 10.0
    stall_seconds: float = 60.0
    name: str | None = None

    def member(self, topics: Iterable[str]) -> str | None:
        """The static membership id. It changes with the topics: Kafka gives a member that comes back within its session
        what it had, and would leave the partitions of a new table to nobody.
        """
        if self.name is None:
            return None
        return f"{self.name}-{zlib.crc32(' '.join(sorted(topics)).encode()):08x}"
