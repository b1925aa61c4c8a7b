"""One complete check of a pipeline: wait until everything the source shows is applied, then compare every row.

    ends before                     the topics' end offsets
    S = source snapshot             all source tables at one instant
    drain                           everything S shows is applied
    T = target snapshot             rows, checkpoints, letters at one instant
    compare                         S through the mapping against T

A table is *quiet* when T's checkpoints stand exactly at the ends from before S: nothing was written in between, so a
difference is real. Otherwise only equality is conclusive; what differs is looked at again, and what has never been
seen equal stays undecided. Reads only, but for the logical message and temporary tables. Called by `overgrow verify`.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from typing import Any

import psycopg

from overgrow.deployment import Deployment
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.model import Part
from overgrow.reconcile import checkpoints, identity
from overgrow.reconcile.compare import MappingComparison
from overgrow.reconcile.drain import Drain
from overgrow.reconcile.draining import drain_of
from overgrow.reconcile.failures import naming
from overgrow.reconcile.ports import Say
from overgrow.reconcile.rounds import MappingRounds, Round
from overgrow.reconcile.verdict import Report
from overgrow.sources.postgres import connected, session
from overgrow.sources.rows import SourceSnapshot, snapshot

ROUNDS = 3
Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`patience`: seconds without any progress before the wait ends; `limit`: differences kept with their values."""

    patience: float = 60.0
    limit: int = 20


class Verify:
    """One run."""

    def __init__(self, deployment: Deployment, settings: Settings, say: Say) -> None:
        self._deployment, self._settings, self._say = deployment, settings, say
        self._application = f"overgrow:{deployment.pipeline}:verify"
        self._topics = Topics(deployment.bootstrap)
        self._drain_seconds = self._compare_seconds = 0.0

    def run(self) -> Report:
        """Drain, compare; again while the source is being written and rows have not been seen equal."""
        self._deployment.require_keys()
        with ExitStack() as stack:
            drain = self._connect(stack)
            self._say("waiting until everything the source shows is applied")
            self._drain(drain)
            rounds: list[dict[str, Round]] = []
            while len(rounds) < ROUNDS:
                self._say("comparing" if not rounds else "the source is being written; comparing again")
                rounds.append(self._round(drain))
                if not any(one.open for one in self._seen(rounds)):
                    break
        return self._report(rounds)

    def _connect(self, stack: ExitStack) -> Drain:
        deployment = self._deployment
        source = stack.enter_context(connected(deployment.source_dsn, application=self._application))
        target = stack.enter_context(session(deployment.target_dsn, what="target", application=self._application))
        with naming("source"):
            # A standby that is away must not hold the message; nothing of this session writes a table.
            source.connection.execute("SET synchronous_commit TO local")
            source.connection.execute("SET default_transaction_read_only TO on")
            found = source.identity()
        with naming("target"):
            target.execute("SET default_transaction_read_only TO on")
            identity.check(deployment, found, target, self._topics)
        connect = stack.enter_context(closing(Connect(deployment.connect_url)))
        return drain_of(
            deployment, source, target, connect, purpose="verify", patience=self._settings.patience, say=self._say
        )

    def _drain(self, drain: Drain) -> None:
        began = time.monotonic()
        with naming("source"):
            drain.run()
        self._drain_seconds += time.monotonic() - began

    def _round(self, drain: Drain) -> dict[str, Round]:
        before = self._topics.ends(self._deployment.plans)
        with snapshot(self._deployment.source_dsn, application=self._application) as source:
            self._drain(drain)
            began = time.monotonic()
            with session(self._deployment.target_dsn, what="target", application=self._application) as target:
                done = self._compare(source, target, before)
            self._compare_seconds += time.monotonic() - began
        return done

    def _compare(self, source: SourceSnapshot, target: Connection, before: dict[Part, int]) -> dict[str, Round]:
        deployment = self._deployment
        done: dict[str, Round] = {}
        with naming("target"):
            comparisons = [(one, MappingComparison(target, one.table, one.codec)) for one in deployment.targets]
            for _, comparison in comparisons:
                comparison.prepare()
            target.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            target.read_only = True
            with target.transaction():
                at = checkpoints.read(target, deployment.pipeline)
                for one_target, comparison in comparisons:
                    mine = {part: one for part, one in at.items() if part.topic == one_target.topic}
                    horizon = max(one.horizon for one in mine.values())
                    found = comparison.run(source, horizon=horizon, limit=self._settings.limit)
                    quiet = all(one.next_offset == before[part] for part, one in mine.items())
                    done[one_target.plan.name] = Round(found=found, quiet=quiet)
        return done

    def _seen(self, rounds: list[dict[str, Round]]) -> list[MappingRounds]:
        plans = [one.plan for one in self._deployment.targets]
        return [MappingRounds(plan, [one[plan.name] for one in rounds]) for plan in plans]

    def _report(self, rounds: list[dict[str, Round]]) -> Report:
        limit = self._settings.limit
        seen = self._seen(rounds)
        return Report(
            pipeline=self._deployment.pipeline,
            rounds=len(rounds),
            drain_seconds=self._drain_seconds,
            compare_seconds=self._compare_seconds,
            comparisons=tuple(one.comparison() for one in seen),
            differences=tuple(islice((row for one in seen for row in one.differences()), limit)),
            undecided_rows=tuple(islice((row for one in seen for row in one.undecided_rows()), limit)),
        )
