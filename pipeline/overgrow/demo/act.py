"""What happens between the stack's start and its end, and what is measured on the way. Called by the story."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import httpx
import psycopg

from overgrow import __version__
from overgrow.demo import report as reports
from overgrow.demo.children import usage
from overgrow.demo.crew import Crew, Killed
from overgrow.demo.measure import Commits, Lags, failover, snapshot
from overgrow.demo.settings import Options, Script, words
from overgrow.kafka.connect import Connect, ConnectorFailed
from overgrow.model import Part
from overgrow.project import Project
from overgrow.sources.postgres import session
from overgrow.stack import Endpoints
from overgrow.stack.status import Status
from overgrow.testing import rangelog
from overgrow.testing.fold import Comparison, Record, compare, fold, read_topics, source_rows, target_rows

WORKERS = ("w1", "w2")
KILL_AT = 0.4  # of the live writes' time
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
DIFFERENT = 3
UNDECIDED = 4
APPLICATION = "overgrow:demo"
Say = Callable[[str], None]


class Act:
    """One run, step by step."""

    def __init__(
        self,
        project: Project,
        script: Script,
        options: Options,
        where: Endpoints,
        crew: Crew,
        say: Say,
        *,
        started_at: str,
    ) -> None:
        self._project, self._script, self._options = project, script, options
        self._where, self._crew, self._say = where, crew, say
        self._plans = {project.topic(plan): plan for plan in project.plans}
        self.durations: dict[str, float] = {}
        self._found: dict[str, Any] = {"started_at": started_at}
        self._live_began = 0.0

    @property
    def held(self) -> bool:
        """Whether all that must hold does; False before the end."""
        return "planted" in self._found and self.report().ok

    def report(self) -> reports.Report:
        """Everything measured so far."""
        return reports.Report(**self._found, durations=self.durations)

    def play(self, stack: Status) -> None:
        """All steps, in order."""
        with session(self._where.target_dsn, what="target", application=APPLICATION) as target:
            self._prepare(target)
            self._snapshot(target)
            killed = self._live(target)
            self._verify()
            records = self._fold(target)
            self._plant(target)
            self._usage(stack)
            self._measure(target, records, killed)
            self._books(target, records)
            self._found["versions"] = self._versions(target)

    @contextmanager
    def _stage(self, name: str, text: str) -> Iterator[None]:
        self._say(text)
        began = time.monotonic()
        yield
        self.durations[name] = round(time.monotonic() - began, 3)

    def _command(self, text: str, **values: object) -> list[str]:
        return words(text, env=self._where.env(), values=values)

    def _overgrow(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "overgrow", "--project", str(self._project.root), *arguments]

    def _prepare(self, target: psycopg.Connection[Any]) -> None:
        children = self._crew.children
        with self._stage("seed", f"seeding {self._options.rows:,} rows into the legacy database"):
            children.run("seed", self._command(self._script.seed, rows=self._options.rows))
        with self._stage("apply", "overgrow apply: publication, topics, target tables, connector"):
            children.run("apply", self._overgrow("apply"))
        rangelog.install(target)

    def _snapshot(self, target: psycopg.Connection[Any]) -> None:
        with session(self._where.source_dsn, what="source", application=APPLICATION) as source:
            expected = {topic: _count(source, plan.source_table) for topic, plan in self._plans.items()}
        with self._stage("snapshot", f"two workers; snapshot of {sum(expected.values()):,} rows"):
            for name in WORKERS:
                self._crew.start(name)
            self._until(lambda: _received(target) == expected, lambda: f"received {_received(target)} of {expected}")
            self._until(self._shared, lambda: f"two workers, owners {self._crew.owners()}")

    def _shared(self) -> bool:
        owners = self._crew.owners()
        parts = len(self._plans) * self._project.partitions
        return len(owners) == parts and set(owners.values()) == set(WORKERS)

    def _until(self, reached: Callable[[], bool], seen: Callable[[], str]) -> None:
        """Wait while workers and connector live; what does not move for too long is an error."""
        connect = Connect(self._where.connect)
        try:
            last, until = "", time.monotonic() + PATIENCE_SECONDS
            while not reached():
                self._crew.check()
                status = connect.status(self._project.connector.name)
                if status and status.state == "FAILED":
                    raise ConnectorFailed(f"the connector has failed: {status.failure}")
                now = seen()
                if now != last:
                    last, until = now, time.monotonic() + PATIENCE_SECONDS
                if time.monotonic() > until:
                    raise RuntimeError(f"nothing has moved for {PATIENCE_SECONDS:g} s: {now}")
                time.sleep(POLL_SECONDS)
        finally:
            connect.close()

    def _live(self, target: psycopg.Connection[Any]) -> Killed:
        options = self._options
        rate, seconds = f"{options.rate:g}", f"{options.seconds:g}"
        with self._stage("live", f"live writes: {rate} changes/s for {seconds} s"):
            argv = self._command(self._script.write, rate=rate, seconds=seconds)
            writer = self._crew.children.start("writer", argv)
            began = self._live_began = time.time()
            while writer.running and time.time() - began < options.seconds * KILL_AT:
                self._crew.check()
                time.sleep(POLL_SECONDS)
            if not writer.running:
                raise writer.failed("ended before a worker was killed")
            killed = self._crew.kill(WORKERS[0], target)
            self._say(f"kill -9 {killed.worker} ({len(killed.parts)} partitions), started again")
            self._crew.start(killed.worker)
            while writer.running:
                self._crew.check()
                time.sleep(POLL_SECONDS)
            told = json.loads(writer.wait())
        self._found |= {"live_changes": int(told["changes"]), "live_seconds": float(told["seconds"])}
        self._found["kills"] = sum(one.ended_by == "SIGKILL" for one in self._crew.ended)
        return killed

    def _verify(self) -> None:
        with self._stage("verify", "overgrow verify: wait until all is applied, then compare every row"):
            document = self._ask_verify("verify")
        self._found |= {"verdict": document["verdict"], "wrong": document["differing"]}
        self._say(f"verify: {document['verdict']}, {document['differing']} rows differ")

    def _ask_verify(self, name: str) -> dict[str, Any]:
        allowed = (0, DIFFERENT, UNDECIDED)
        _, printed = self._crew.children.run(name, self._overgrow("verify", "--json"), allowed=allowed)
        document: dict[str, Any] = json.loads(printed)
        return document

    def _fold(self, target: psycopg.Connection[Any]) -> list[Record]:
        tables = []
        with self._stage("fold", "folding the topics independently, and comparing in Python"):
            records = read_topics(self._where.kafka, self._plans)
            with session(self._where.source_dsn, what="source", application=APPLICATION) as source:
                for topic, plan in self._plans.items():
                    mine = [record for record in records if record.part.topic == topic]
                    folded = fold(plan, self._project.placeholder, mine).rows
                    mapped, there = source_rows(source, plan), target_rows(target, plan)
                    of_topic, of_source = compare(folded, there), compare(mapped, there)
                    self._tell(plan.mapping, of_topic, of_source)
                    tables.append(
                        reports.Table(
                            mapping=plan.mapping,
                            source_table=plan.source_table,
                            target_table=plan.target_table,
                            source_rows=_count(source, plan.source_table),
                            expected_rows=len(mapped),
                            target_rows=len(there),
                            lost=len({*of_topic.missing, *of_source.missing}),
                            fold_differences=of_topic.count,
                            source_differences=of_source.count,
                        )
                    )
        self._found["tables"] = tables
        return records

    def _tell(self, mapping: str, *found: Comparison) -> None:
        for what, one in zip(("fold of the topic", "mapped source"), found, strict=True):
            if one.count:
                first = [*one.missing[:3], *one.extra[:3], *one.unequal[:3]]
                self._say(f"{mapping}: {one.count} rows are not those of the {what}, the first: {first}")

    def _plant(self, target: psycopg.Connection[Any]) -> None:
        plant = self._script.plant
        with self._stage("plant", f"planting one wrong value in {plant.table}.{plant.column}; verify again"):
            cursor = target.execute(plant.sql.encode())
            rows = cursor.fetchall()
            if len(rows) != 1 or cursor.description is None:
                raise RuntimeError(f"demo.plant.sql changed {len(rows)} rows, not one: {plant.sql}")
            key = {column.name: str(value) for column, value in zip(cursor.description, rows[0], strict=True)}
            document = self._ask_verify("verify-planted")
        self._found["planted"] = planted = _planted(document, plant.table, plant.column, key)
        self._say(f"verify {'names' if planted.found else 'does not name'} {plant.table} {key} {plant.column}")

    def _usage(self, stack: Status) -> None:
        self._crew.stop()
        parts = {name: part.pid for name, part in stack.parts.items() if part.pid}
        workers = self._crew.ended
        self._found["workers"] = workers
        self._found["cpu_seconds"] = {name: usage(parts[name]).cpu_seconds for name in ("kafka", "connect")}
        pids = {**parts, **({"supervisor": stack.supervisor} if stack.supervisor else {})}
        for child in self._crew.children.started:
            pids[f"{child.name} {child.process.pid}"] = child.process.pid
        self._found["pids"] = pids

    def _measure(self, target: psycopg.Connection[Any], records: list[Record], killed: Killed) -> None:
        ranges = rangelog.ranges(target)
        commits = Commits(ranges)
        window = failover(ranges, parts=killed.parts, owner=killed.owner, killed_at=killed.at)
        lags = Lags.of(records, commits, window)
        rows, seconds = snapshot(records, commits)
        self._found |= {
            "snapshot_rows": rows,
            "snapshot_seconds": seconds,
            "streamed_events": sum(record.streamed for record in records),
            "kill": reports.Kill(
                worker=killed.worker,
                parts=sorted(map(str, killed.parts)),
                seconds_into_live=round(killed.at - self._live_began, 1),
                failover_seconds=None if window.seconds is None else round(window.seconds, 3),
            ),
            "range_faults": rangelog.gaps(ranges),
            "events_without_commit": lags.open_events,
            "lag": lags.outside,
            "lag_failover_window": lags.inside,
        }

    def _books(self, target: psycopg.Connection[Any], records: list[Record]) -> None:
        counted: dict[Part, int] = {}
        for record in records:
            counted[record.part] = counted.get(record.part, 0) + 1
        query = f"SELECT topic, partition, {', '.join(reports.BOOKS)} FROM overgrow.checkpoint ORDER BY 1, 2"  # noqa: S608 - own names
        self._found["books"] = [
            reports.Books(
                topic=topic,
                partition=partition,
                records=counted.get(Part(topic, partition), 0),
                **dict(zip(reports.BOOKS, numbers, strict=True)),
            )
            for topic, partition, *numbers in target.execute(query.encode())
        ]

    def _versions(self, target: psycopg.Connection[Any]) -> Mapping[str, str]:
        connect = Connect(self._where.connect)
        try:
            wanted = self._project.connector.config["connector.class"]
            debezium = [plugin.version for plugin in connect.plugins() if plugin.name == wanted]
        finally:
            connect.close()
        kafka = httpx.get(self._where.connect, trust_env=False, timeout=PATIENCE_SECONDS).json()
        return {
            "overgrow": __version__,
            "python": platform.python_version(),
            "faust-streaming": metadata.version("faust-streaming"),
            "aiokafka": metadata.version("aiokafka"),
            "kafka": str(kafka["version"]),
            "debezium": debezium[0] if debezium else "",
            "postgresql": str(target.info.parameter_status("server_version")),
        }


def _planted(document: Mapping[str, Any], table: str, column: str, key: Mapping[str, str]) -> reports.Planted:
    """Found: `verify` names exactly this table, key and column, and nothing else."""
    named = [
        (difference, one)
        for difference in document["differences"]
        for one in difference["columns"]
        if difference["target_table"] == table
        and one["column"] == column
        and all(difference["key"].get(name) == value for name, value in key.items())
    ]
    expected, actual = (named[0][1]["expected"], named[0][1]["actual"]) if named else (None, None)
    return reports.Planted(
        table=table,
        column=column,
        key=key,
        found=len(named) == 1 and document["differing"] == 1,
        expected=expected,
        actual=actual,
    )


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    name = psycopg.sql.Identifier(*table.split(".", 1))
    row = connection.execute(psycopg.sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone()
    return int(row[0]) if row else 0


def _received(target: psycopg.Connection[Any]) -> dict[str, int]:
    rows = target.execute("SELECT topic, sum(received)::bigint FROM overgrow.checkpoint GROUP BY topic")
    return dict(rows.fetchall())
