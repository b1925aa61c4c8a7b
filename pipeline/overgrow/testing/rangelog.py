"""A log of applied offset ranges, written by a trigger in the very transaction that moves a checkpoint.

Test-only: the product neither writes nor reads it. With `track_commit_timestamp` on, `committed_at` is the commit's own
time. Ranges of a partition must tile its log: each record applied in exactly one committed transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import psycopg

INSTALL = """
CREATE SCHEMA IF NOT EXISTS overgrow_test;
CREATE TABLE IF NOT EXISTS overgrow_test.range_log (
    id bigserial PRIMARY KEY, topic text, partition integer, start bigint, next bigint, owner text);
CREATE OR REPLACE FUNCTION overgrow_test.log_range() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO overgrow_test.range_log (topic, partition, start, next, owner)
    VALUES (new.topic, new.partition, old.next_offset, new.next_offset, new.owner);
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS overgrow_test_range ON overgrow.checkpoint;
CREATE TRIGGER overgrow_test_range AFTER UPDATE ON overgrow.checkpoint
    FOR EACH ROW WHEN (old.next_offset IS DISTINCT FROM new.next_offset) EXECUTE FUNCTION overgrow_test.log_range();
"""


class Range(NamedTuple):
    """Offsets [start, next) of a partition, committed by `owner` at `committed_at` (source clock of the target)."""

    topic: str
    partition: int
    start: int
    next: int
    owner: str
    committed_at: datetime


def install(connection: psycopg.Connection[Any]) -> None:
    """Begin to log."""
    connection.execute(INSTALL)


def ranges(connection: psycopg.Connection[Any]) -> list[Range]:
    """All ranges, by partition and in the order of their commits."""
    rows = connection.execute(
        "SELECT topic, partition, start, next, owner, pg_xact_commit_timestamp(xmin) FROM overgrow_test.range_log"
        " ORDER BY topic, partition, pg_xact_commit_timestamp(xmin), id"
    )
    return [Range(*row) for row in rows]


def gaps(found: list[Range]) -> list[str]:
    """Where the ranges of a partition do not tile [0, end): one line per hole or overlap; empty is the proof."""
    wrong = []
    at: dict[tuple[str, int], int] = {}
    for one in found:
        part = (one.topic, one.partition)
        if one.start != at.get(part, 0) or one.next <= one.start:
            wrong.append(f"{one.topic}[{one.partition}]: [{one.start}, {one.next}) follows {at.get(part, 0)}")
        at[part] = one.next
    return wrong
