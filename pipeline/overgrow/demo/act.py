"""What happens between the stack's start and its end, step by step. Called by the story."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from overgrow import errors
from overgrow.demo import evidence
from overgrow.demo import report as reports
from overgrow.demo.children import usage
from overgrow.demo.crew import Crew, Killed
from overgrow.demo.scene import Connection, Say, Scene, Stuck, count
from overgrow.kafka.connect import Connect, ConnectorFailed
from overgrow.stack.status import Status
from overgrow.testing import rangelog
from overgrow.testing.topics import read_topics

WORKERS = ("w1", "w2")
KILL_AT = 0.4  # of the live writes' time
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
VERDICTS = (0, 3, 4)  # exit codes of `verify`: equal, different, undecided


class Act:
    """One run, step by step."""

    def __init__(self, scene: Scene, crew: Crew, say: Say, *, started_at: str) -> None:
        self._scene, self._crew, self._say = scene, crew, say
        self.durations: dict[str, float] = {}
        self._found: dict[str, Any] = {"started_at": started_at}
        self._live_began = 0.0

    @property
    def held(self) -> bool:
        """Whether all that must hold does; False before the end."""
        return "pids" in self._found and self.report().ok

    def report(self) -> reports.Report:
        """Everything measured so far."""
        return reports.Report(**self._found, durations=self.durations)

    def play(self, stack: Status) -> None:
        """All steps, in order."""
        with self._scene.target() as target:
            self._prepare(target)
            self._snapshot(target)
            killed = self._live(target)
            self._verify()
            with self._stage("fold", "folding the topics independently, and comparing in Python"):
                records = read_topics(self._scene.where.kafka, self._scene.plans)
                self._found["tables"] = list(evidence.tables(self._scene, target, records, self._say))
            self._found["books"] = evidence.books(target, records)
            self._found |= evidence.times(target, records, killed, self._crew.claims(killed.at), self._live_began)
            self._found["versions"] = evidence.versions(self._scene, target)
            self._plant(target)
            self._usage(stack)

    @contextmanager
    def _stage(self, name: str, text: str) -> Iterator[None]:
        self._say(text)
        began = time.monotonic()
        yield
        self.durations[name] = round(time.monotonic() - began, 3)

    def _prepare(self, target: Connection) -> None:
        children, script, options = self._crew.children, self._scene.script, self._scene.options
        with self._stage("seed", f"seeding {options.rows:,} rows into the legacy database"):
            children.run("seed", self._scene.command(script.seed, rows=options.rows))
        with self._stage("apply", "overgrow apply: publication, topics, target tables, connector"):
            children.run("apply", self._scene.overgrow("apply"))
        rangelog.install(target)

    def _snapshot(self, target: Connection) -> None:
        with self._scene.source() as source:
            expected = {topic: count(source, plan.source_table) for topic, plan in self._scene.plans.items()}
        with self._stage("snapshot", f"two workers; snapshot of {sum(expected.values()):,} rows"):
            for name in WORKERS:
                self._crew.start(name)
            self._until(lambda: _received(target) == expected, lambda: f"received {_received(target)} of {expected}")
            self._until(self._shared, lambda: f"two workers, owners {self._crew.owners()}")

    def _shared(self) -> bool:
        owners = self._crew.owners()
        parts = len(self._scene.plans) * self._scene.project.partitions
        return len(owners) == parts and set(owners.values()) == set(WORKERS)

    def _until(self, reached: Callable[[], bool], seen: Callable[[], str]) -> None:
        """Wait while workers and connector live; what does not move for too long is an error."""
        connect = Connect(self._scene.where.connect)
        try:
            last, until = "", time.monotonic() + PATIENCE_SECONDS
            while not reached():
                self._crew.check()
                status = connect.status(self._scene.project.connector.name)
                if status and status.state == "FAILED":
                    raise ConnectorFailed(f"the connector has failed: {status.failure}")
                now = seen()
                if now != last:
                    last, until = now, time.monotonic() + PATIENCE_SECONDS
                if time.monotonic() > until:
                    raise Stuck(f"nothing has moved for {PATIENCE_SECONDS:g} s: {now}")
                time.sleep(POLL_SECONDS)
        finally:
            connect.close()

    def _live(self, target: Connection) -> Killed:
        options = self._scene.options
        rate, seconds = f"{options.rate:g}", f"{options.seconds:g}"
        with self._stage("live", f"live writes: {rate} changes/s for {seconds} s"):
            argv = self._scene.command(self._scene.script.write, rate=rate, seconds=seconds)
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
        _, printed = self._crew.children.run(name, self._scene.overgrow("verify", "--json"), allowed=VERDICTS)
        document: dict[str, Any] = json.loads(printed)
        return document

    def _plant(self, target: Connection) -> None:
        plant = self._scene.script.plant
        with self._stage("plant", f"planting one wrong value in {plant.table}.{plant.column}; verify again"):
            cursor = target.execute(plant.sql.encode())
            rows = cursor.fetchall()
            if len(rows) != 1 or cursor.description is None:
                raise errors.ConfigurationError(
                    f"overgrow.yaml: demo.plant.sql changed {len(rows)} rows, not one: {plant.sql}"
                )
            key = {column.name: str(value) for column, value in zip(cursor.description, rows[0], strict=True)}
            document = self._ask_verify("verify-planted")
        self._found["planted"] = planted = evidence.planted(document, plant.table, plant.column, key)
        self._say(f"verify {'names' if planted.found else 'does not name'} {plant.table} {key} {plant.column}")

    def _usage(self, stack: Status) -> None:
        self._crew.stop()
        parts = {name: part.pid for name, part in stack.parts.items() if part.pid}
        self._found["workers"] = self._crew.ended
        self._found["cpu_seconds"] = {name: usage(parts[name]).cpu_seconds for name in ("kafka", "connect")}
        pids = {**parts, **({"supervisor": stack.supervisor} if stack.supervisor else {})}
        for child in self._crew.children.started:
            pids[f"{child.name} {child.process.pid}"] = child.process.pid
        self._found["pids"] = pids


def _received(target: Connection) -> dict[str, int]:
    rows = target.execute("SELECT topic, sum(received)::bigint FROM overgrow.checkpoint GROUP BY topic")
    return dict(rows.fetchall())
