"""`overgrow resnapshot`, step by step; each step is committed, so that a run that broke off goes on where it was.

    stop the connector           nothing more comes
    begin                        the generation's boundary = the topics' ends, under the checkpoints' locks
    forget its offsets, resume   it takes a snapshot and streams on
    drain                        Connect's offset shows the snapshot done; checkpoints have passed the ends from then
    sweep                        rows that the snapshot did not show go, with a breaker on how many

Workers run all the time; without one the drain says so. Blocking.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack, closing
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.kafka import control
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.reconcile import identity
from overgrow.reconcile.draining import drain_of
from overgrow.sinks.postgres import Table, generations
from overgrow.sinks.postgres.generations import Generation, Swept
from overgrow.sources.postgres import PostgresSource, connected, quoted, session

Say = Callable[[str], None]


class Resnapshot:
    """One run. `allow`: how many rows a sweep may remove; `patience`: seconds without any progress."""

    def __init__(self, deployment: Deployment, say: Say, *, allow: int | None = None, patience: float = 120.0) -> None:
        self._deployment, self._say = deployment, say
        self._allow, self._patience = allow, patience
        self._topics = Topics(deployment.bootstrap)
        self._application = f"overgrow:{deployment.pipeline}:resnapshot"

    def plan(self, *, again: bool) -> list[str]:
        """What `run` would do now, in words."""
        with session(self._deployment.target_dsn, what="target", application=self._application) as target:
            begun = {topic: one for topic, one in self._unswept(target).items() if not again}
        steps = []
        if not begun:
            steps.append(f"stop connector {self._deployment.connector.name}; begin a generation at the topics' ends")
        if not begun or not all(one.asked for one in begun.values()):
            steps.append("let the connector forget its offsets and resume: it takes a snapshot of every captured table")
        steps.append("wait until workers have applied it")
        allowed = "a hundredth of each table, or 100" if self._allow is None else f"{self._allow} of each table"
        return [*steps, f"remove rows that it did not show (at most {allowed}), supersede older letters"]

    def run(self, *, again: bool = False) -> dict[str, Swept]:
        """Begin, or go on; returns what was swept, by target table. Raises TooMany, StandsStill, Refused."""
        deployment = self._deployment
        with ExitStack() as stack:
            connect = stack.enter_context(closing(Connect(deployment.connect_url)))
            source = stack.enter_context(connected(deployment.source_dsn, application=self._application))
            target = stack.enter_context(session(deployment.target_dsn, what="target", application=self._application))
            identity.check(deployment, source.identity(), target, self._topics)
            begun = self._unswept(target)
            if again or not begun:  # they begin together, and are swept one by one
                self._begin(connect, target)
                begun = self._unswept(target)
            if not all(one.asked for one in begun.values()):
                self._ask(connect, target)
            else:
                connect.resume(deployment.connector.name)
            self._say("waiting until the snapshot is taken and applied")
            drain_of(
                deployment, source, target, connect, purpose="resnapshot", patience=self._patience, say=self._say
            ).run()
            try:
                swept: dict[str, Swept] = {}
                for topic, one in begun.items():
                    swept |= self._sweep(source, target, deployment.tables[topic], one)
                return swept
            finally:
                self.publish(target)

    def _unswept(self, target: psycopg.Connection[Any]) -> dict[str, Generation]:
        found = {topic: generations.unswept(target, table) for topic, table in self._deployment.tables.items()}
        return {topic: one for topic, one in found.items() if one is not None}

    def _begin(self, connect: Connect, target: psycopg.Connection[Any]) -> None:
        self._say("stopping the connector")
        connect.stop(self._deployment.connector.name)
        generations.begin(target, self._deployment.tables.values(), self._topics.ends(self._deployment.tables))
        self.publish(target)
        self._say("a generation has begun at the topics' ends")

    def _ask(self, connect: Connect, target: psycopg.Connection[Any]) -> None:
        name = self._deployment.connector.name
        connect.stop(name)
        connect.forget_offsets(name)
        generations.asked(target, self._deployment.tables.values())
        connect.resume(name)
        self._say("the connector takes a snapshot")

    def publish(self, target: psycopg.Connection[Any]) -> None:
        """Tell the control topic what the target has committed."""
        records = [one for table in self._deployment.tables.values() for one in generations.recorded(target, table)]
        control.publish(self._deployment.bootstrap, self._deployment.pipeline, records)

    def _sweep(
        self,
        source: PostgresSource,
        target: psycopg.Connection[Any],
        table: Table,
        generation: Generation,
    ) -> dict[str, Swept]:
        plan = self._deployment.plans[table.topic]
        query = sql.SQL("SELECT NOT EXISTS (SELECT FROM {})").format(quoted(plan.source_table))
        row = source.connection.execute(query).fetchone()
        kept = self._kept(target, table, generation)
        swept = generations.sweep(
            target, table, generation, kept, allow=self._allow, source_is_empty=bool(row and row[0])
        )
        for name, one in swept.items():
            self._say(f"{name}: {one.removed} of {one.rows} rows swept, {one.kept} kept for their letters")
        return swept

    def _kept(
        self, target: psycopg.Connection[Any], table: Table, generation: Generation
    ) -> dict[str, Collection[str]]:
        """By target table, the keys of the generation's open letters: their rows are older, and yet not gone at the
        source.
        """
        wire, codec = self._deployment.wire(table.topic), self._deployment.codecs[table.topic]
        kept: dict[str, list[str]] = {one.target: [] for one in table.targets}
        for partition, offset, key in generations.new_letters(target, table, generation):
            try:
                struct = wire.key(key or b"")
                for one, its_codec in zip(table.targets, (codec, *codec.also), strict=True):
                    kept[one.target].append(its_codec.target_key(struct))
            except Exception as error:  # generated code raises whatever the key provokes
                raise errors.Refused(
                    f"{table.topic}[{partition}] at {offset}: a dead letter of the new snapshot whose key cannot be "
                    f"read ({error}): any row may be what it stands for, so nothing is swept. Next: settle the letter.",
                    code="unreadable-letter",
                ) from error
        return dict(kept)
