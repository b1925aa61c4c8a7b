"""Generations: where a re-snapshot begins in every partition, and the sweep of what it did not show.

Guarantees: each function is one transaction under the locks of all checkpoints of its tables, so that no batch is
written half in one generation and half in the next. Never talks to Kafka: offsets come in. Blocking; called by
`overgrow resnapshot` and `overgrow adopt`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.model import GenerationRecord, Part, stamp_base
from overgrow.sinks.postgres.table import Table

Connection = psycopg.Connection[Any]
Offsets = Mapping[Part, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The newest generation of a topic that has not been swept. `asked`: the connector takes its snapshot."""

    epoch: int
    number: int
    asked: bool

    @property
    def base(self) -> int:
        """The first stamp offset it can have."""
        return stamp_base(epoch=self.epoch, generation=self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep removed of how many, and how many rows an open letter of the new generation has kept."""

    removed: int
    rows: int
    kept: int


class TooMany(errors.Refused):
    """The breaker: a sweep would remove more rows than allowed."""


def unswept(connection: Connection, table: Table) -> Generation | None:
    """The generation that waits for its sweep; None if there is none."""
    row = connection.execute(
        "SELECT epoch, number, bool_and(asked_at IS NOT NULL), bool_and(swept_at IS NULL),"
        "       number > 0 OR epoch > (SELECT min(epoch) FROM overgrow.generation f"
        "                               WHERE f.pipeline = g.pipeline AND f.topic = g.topic)"
        "  FROM overgrow.generation g WHERE pipeline = %s AND topic = %s GROUP BY pipeline, topic, epoch, number"
        " ORDER BY epoch DESC, number DESC LIMIT 1",
        [table.pipeline, table.topic],
    ).fetchone()
    if row is None:
        return None
    epoch, number, is_asked, waits, has_older = row
    return Generation(epoch=epoch, number=number, asked=is_asked) if waits and has_older else None


def begin(connection: Connection, tables: Iterable[Table], ends: Offsets) -> None:
    """Let the next generation of every table begin at `ends`; the connector is stopped, or reads lie before."""
    with connection.transaction():
        for table in tables:
            epoch = _lock(connection, table, ends)
            number = _one(
                connection,
                "SELECT max(number) + 1 FROM overgrow.generation WHERE pipeline = %s AND topic = %s AND epoch = %s",
                [table.pipeline, table.topic, epoch],
            )
            stamp_base(epoch=epoch, generation=number)  # raises when a stamp cannot hold it
            _add(connection, table, epoch, number, ends)


def asked(connection: Connection, tables: Iterable[Table]) -> None:
    """Note that the connector has forgotten its offsets: its next start takes the snapshot."""
    for table in tables:
        connection.execute(
            "UPDATE overgrow.generation SET asked_at = now() WHERE pipeline = %s AND topic = %s AND swept_at IS NULL",
            [table.pipeline, table.topic],
        )


def new_epoch(
    connection: Connection,
    tables: Iterable[Table],
    topics: Mapping[str, tuple[str, int]],
    ends: Offsets,
    source: tuple[int, int],
    *,
    after: int = 0,
) -> int:
    """Begin an epoch at `ends` for every table: new checkpoints, every claim is void. Returns its number.

    `after`: the newest epoch that the control topic knows; a restored target may have forgotten it.
    `topics`: name to (id, partition count). `source`: system identifier and timeline; another one begins a source
    history, across which positions do not compare.
    """
    wanted = list(tables)
    pipeline = wanted[0].pipeline
    with connection.transaction():
        connection.execute(
            "SELECT FROM overgrow.checkpoint WHERE pipeline = %s ORDER BY topic, partition FOR UPDATE", [pipeline]
        )
        epoch = int(
            _one(
                connection,
                "SELECT greatest(max(epoch), %s) + 1 FROM overgrow.generation WHERE pipeline = %s",
                [after, pipeline],
            )
        )
        connection.execute(
            "UPDATE overgrow.pipeline SET system_identifier = %(system)s, timeline = %(timeline)s, history_from = CASE"
            " WHEN (system_identifier, timeline) = (%(system)s, %(timeline)s) THEN history_from ELSE %(base)s END"
            " WHERE pipeline = %(pipeline)s",
            {
                "system": source[0],
                "timeline": source[1],
                "base": stamp_base(epoch=epoch, generation=0),
                "pipeline": pipeline,
            },
        )
        for table in wanted:
            _new_checkpoints(connection, table, epoch, topics[table.topic], ends)
            _add(connection, table, epoch, 0, ends)
    return epoch


def sweep(
    connection: Connection,
    table: Table,
    generation: Generation,
    kept: Mapping[str, Collection[str]],
    *,
    allow: int | None,
    source_is_empty: bool,
) -> dict[str, Swept]:
    """Remove the rows of older generations from every target; supersede older letters. By target table.

    `kept`: by target table, the keys (COPY lines) that stay. Raises TooMany when more than `allow` rows of a table
    would go (None: a hundredth of it, at least 100); then none of any has gone. The caller has seen that every
    checkpoint has passed the end of the snapshot.
    """
    swept = {}
    with connection.transaction():
        connection.execute("SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)")
        _lock(connection, table, {})
        for one in table.targets:
            if one.target not in swept:
                empty_is_right = source_is_empty or one is not table  # a further target may take none of the rows
                swept[one.target] = _sweep_table(
                    connection, one, generation, kept[one.target], allow=allow, empty_is_right=empty_is_right
                )
        connection.execute(
            "UPDATE overgrow.dead_letter SET state = 'superseded', superseded_by = %s, closed_at = now()"
            " WHERE pipeline = %s AND mapping = %s AND state = 'open' AND _og_off < %s",
            [generation.base, table.pipeline, table.mapping, generation.base],
        )
        connection.execute(
            "UPDATE overgrow.generation SET swept_at = now() WHERE pipeline = %s AND topic = %s AND swept_at IS NULL"
            " AND (epoch, number) <= (%s, %s)",
            [table.pipeline, table.topic, generation.epoch, generation.number],
        )
    return swept


def _sweep_table(
    connection: Connection,
    table: Table,
    generation: Generation,
    kept: Collection[str],
    *,
    allow: int | None,
    empty_is_right: bool,
) -> Swept:
    keys = sql.SQL(", ").join(map(sql.Identifier, table.key))
    same = sql.SQL(" AND ").join(sql.SQL("k.{0} = t.{0}").format(sql.Identifier(name)) for name in table.key)
    old = sql.SQL("t._og_off < {} AND NOT EXISTS (SELECT FROM og_kept k WHERE {})").format(
        sql.Literal(generation.base), same
    )
    connection.execute("DROP TABLE IF EXISTS og_kept")
    connection.execute(
        sql.SQL("CREATE TEMP TABLE og_kept ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            keys, table.identifier
        )
    )
    with connection.cursor() as cursor, cursor.copy("COPY og_kept FROM STDIN") as copy:
        copy.write("".join(f"{line}\n" for line in kept))
    counted = sql.SQL(
        "SELECT count(*), count(*) FILTER (WHERE {old}), count(*) FILTER (WHERE _og_off >= {base}),"
        " (SELECT count(*) FROM og_kept) FROM {t} t"
    ).format(old=old, base=sql.Literal(generation.base), t=table.identifier)
    rows, doomed, shown, keeps = connection.execute(counted).fetchone() or (0, 0, 0, 0)
    if doomed and not shown and not empty_is_right:
        raise errors.Refused(
            f"{table.target}: no row was written by the new snapshot, and the source has rows: it was not taken. "
            "Nothing was removed. Next: `overgrow resnapshot --again`.",
            code="no-snapshot",
        )
    limit = max(100, rows // 100) if allow is None else allow
    if doomed > limit:
        raise TooMany(
            f"{table.target}: the new snapshot did not show {doomed} of {rows} rows, more than the {limit} that go "
            f"without a word. Nothing was removed. Next: see with `overgrow verify` whether they are gone at the "
            f"source; then `overgrow resnapshot --allow {doomed}`.",
            code="sweep-breaker",
        )
    connection.execute(sql.SQL("DELETE FROM {} t WHERE {}").format(table.identifier, old))
    return Swept(removed=doomed, rows=rows, kept=keeps)


def recorded(connection: Connection, table: Table) -> list[GenerationRecord]:
    """Every generation of the topic, as the control topic keeps it."""
    rows = connection.execute(
        "SELECT c.topic_id, g.epoch, g.number, jsonb_object_agg(g.partition, g.from_offset),"
        "       bool_and(g.swept_at IS NOT NULL OR g.number = 0 AND g.epoch = 1)"
        "  FROM overgrow.generation g"
        "  JOIN (SELECT topic, min(topic_id) AS topic_id FROM overgrow.checkpoint WHERE pipeline = %(pipeline)s"
        "         GROUP BY topic) c USING (topic)"
        " WHERE g.pipeline = %(pipeline)s AND g.topic = %(topic)s GROUP BY 1, 2, 3 ORDER BY 2, 3",
        {"pipeline": table.pipeline, "topic": table.topic},
    )
    return [
        GenerationRecord(
            topic=table.topic,
            topic_id=topic_id,
            mapping=table.mapping,
            mapping_version=table.version,
            epoch=epoch,
            number=number,
            begins=begins,
            swept=swept,
        )
        for topic_id, epoch, number, begins, swept in rows
    ]


def check_newest(connection: Connection, table: Table, told: Iterable[GenerationRecord]) -> None:
    """Raise IdentityChanged if the control topic tells of a newer generation than the target's: it is an older copy."""
    known = recorded(connection, table)
    newest = max((one for one in told if one.topic == table.topic), key=lambda one: one.order, default=None)
    if newest is None or not known or newest.order <= known[-1].order:
        return
    then = (
        "`overgrow adopt`"
        if newest.epoch > known[-1].epoch
        else "`overgrow apply`, which tells it, then start the workers, and `overgrow resnapshot`, which sweeps"
    )
    raise errors.IdentityChanged(
        f"{table.topic}: the control topic knows epoch {newest.epoch}, generation {newest.number}; the target stands "
        f"at epoch {known[-1].epoch}, generation {known[-1].number}: it is an older copy. Nothing was applied. "
        f"Next: {then}."
    )


def learn(connection: Connection, table: Table, record: GenerationRecord) -> None:
    """Add a generation that a restored target has forgotten; it waits for its sweep: older rows came back."""
    with connection.transaction():
        _lock(connection, table, {})
        for partition, at in record.begins.items():
            connection.execute(
                "INSERT INTO overgrow.generation (pipeline, topic, partition, epoch, number, from_offset, asked_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, now()) ON CONFLICT DO NOTHING",
                [table.pipeline, table.topic, int(partition), record.epoch, record.number, at],
            )


def new_letters(connection: Connection, table: Table, generation: Generation) -> list[tuple[int, int, bytes | None]]:
    """(partition, offset, key bytes) of the generation's open letters: what they stand for must not be swept."""
    return connection.execute(
        'SELECT partition, "offset", key FROM overgrow.dead_letter WHERE pipeline = %s AND mapping = %s'
        " AND state = 'open' AND _og_off >= %s",
        [table.pipeline, table.mapping, generation.base],
    ).fetchall()


def _lock(connection: Connection, table: Table, ends: Offsets) -> int:
    """Lock the topic's checkpoints; its epoch. A checkpoint beyond `ends` means that they are not the topic's."""
    rows = connection.execute(
        "SELECT partition, next_offset, epoch FROM overgrow.checkpoint WHERE pipeline = %s AND topic = %s"
        " ORDER BY partition FOR UPDATE",
        [table.pipeline, table.topic],
    ).fetchall()
    if not rows:
        raise errors.Refused(f"{table.topic} has no checkpoint; next: `overgrow apply`", code="no-checkpoint")
    for partition, next_offset, _ in rows:
        end = ends.get(Part(table.topic, partition), next_offset)
        if end < next_offset:
            msg = f"{table.topic}[{partition}] ends at {end}, before its checkpoint {next_offset}"
            raise errors.IdentityChanged(f"{msg}: it is another topic. Next: `overgrow adopt --dry-run`.")
    return int(rows[0][2])


def _add(connection: Connection, table: Table, epoch: int, number: int, ends: Offsets) -> None:
    for part, end in sorted(ends.items()):
        if part.topic == table.topic:
            connection.execute(
                "INSERT INTO overgrow.generation (pipeline, topic, partition, epoch, number, from_offset)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [table.pipeline, table.topic, part.partition, epoch, number, end],
            )


def _new_checkpoints(connection: Connection, table: Table, epoch: int, topic: tuple[str, int], ends: Offsets) -> None:
    topic_id, count = topic
    where = [table.pipeline, table.topic]
    claim = _one(
        connection,
        "SELECT coalesce(max(claim), 0) + 1 FROM overgrow.checkpoint WHERE pipeline = %s AND topic = %s",
        where,
    )
    connection.execute("DELETE FROM overgrow.checkpoint WHERE pipeline = %s AND topic = %s", where)
    for partition in range(count):
        connection.execute(
            "INSERT INTO overgrow.checkpoint (pipeline, topic, partition, topic_id, partition_count, epoch,"
            " next_offset, claim) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [*where, partition, topic_id, count, epoch, ends[Part(table.topic, partition)], claim],
        )


def _one(connection: Connection, query: str, parameters: list[Any]) -> Any:  # noqa: ANN401 - one value
    row = connection.execute(query.encode(), parameters).fetchone()
    return row[0] if row else None
