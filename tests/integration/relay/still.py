"""What the relay sees of a pipeline: letters in a table and a topic."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from overgrow.kafka import own_topics
from overgrow.kafka.admin import Topics
from tests.integration.relay import raw


@dataclass(frozen=True, kw_only=True)
class Still:
    """`empty` is a database without overgrow's own tables."""

    name: str
    target_dsn: str
    kafka: str
    empty: str

    @property
    def topic(self) -> str:
        return own_topics.dead_letters(self.name)

    def make_topic(self) -> None:
        Topics(self.kafka).create({self.topic: 1}, own_topics.DEAD_LETTER_SETTINGS)

    def file(self, offset: int, value: bytes) -> None:
        self._run(
            "INSERT INTO overgrow.dead_letter (pipeline, mapping, topic, partition, epoch, "
            '"offset", _og_off, kind, cause, state, value, mapping_version)'
            " VALUES (%s, 'customers', 't', 0, 1, %s, %s, 'decode', 'no JSON', 'open', %s, 1)",
            self.name,
            offset,
            offset,
            value,
        )

    def heal(self) -> None:
        """What a worker does that has written a whole row; it does not wait for a lock."""
        self._run(
            "UPDATE overgrow.dead_letter SET state = 'superseded', closed_at = now() WHERE pipeline = %s", self.name
        )

    def unmarked(self) -> list[int]:
        return self._run(
            'SELECT "offset" FROM overgrow.dead_letter WHERE pipeline = %s AND relayed_at IS NULL ORDER BY "offset"',
            self.name,
        )

    def relayed(self) -> list[int]:
        return [one.coordinates[-1] for one in raw.read(self.kafka, self.topic)]

    def _run(self, statement: str, *values: object) -> list[int]:
        with psycopg.connect(self.target_dsn, autocommit=True) as target:
            target.execute("SET lock_timeout = '1s'")
            cursor = target.execute(statement.encode(), values)
            return [row[0] for row in cursor] if cursor.description else []
