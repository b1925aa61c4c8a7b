"""A pipeline of its own on the session's stack: databases, project, topics, connector, workers. All of it goes at the
end, so that pipelines cannot disturb each other. What it holds in the end is proved by `judge.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import yaml
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from legacy_shop import seed
from overgrow.deployment import Deployment
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.model import Part
from overgrow.project import Project
from overgrow.stack import Endpoints
from overgrow.testing import rangelog
from overgrow.testing.fold import Folded, fold
from overgrow.testing.topics import read_topics
from tests.faults.waiting import until
from tests.faults.worker import OVERGROW, Worker
from tests.faults.writer import Writer

CHECKOUT = Path(__file__).parents[2]
COPIED = ("overgrow.yaml", "connectors", "schemas", "transforms")
SESSION_SECONDS = 3
DRAIN_SECONDS = 180.0
SHOWN_WORKERS = 6  # the newest ones; a long scenario has many
Connection = psycopg.Connection[Any]


class At(NamedTuple):
    """A checkpoint."""

    next: int
    owner: str
    received: int


class Verb:
    """A verb that is running; what it tells goes to a file."""

    def __init__(self, folder: Path, words: tuple[str, ...], env: dict[str, str]) -> None:
        self._log = folder / f"{words[0]}.log"
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(
                [*OVERGROW, "--project", str(folder), *words], env=env, stdout=out, stderr=out, cwd=folder
            )

    def told(self) -> str:
        return self._log.read_text()

    def ended(self) -> int:
        return self._process.wait(DRAIN_SECONDS)


class Pipeline:
    """Made by `made`; `apply` begins the snapshot."""

    def __init__(self, endpoints: Endpoints, folder: Path) -> None:
        self.name = f"faults_{uuid.uuid4().hex[:8]}"
        self.folder = folder / self.name
        self.source_dsn = _database(endpoints.source_dsn, self.name)
        self.target_dsn = _database(endpoints.target_dsn, self.name)
        self.kafka, self.connect_url = endpoints.kafka, endpoints.connect
        self._servers = (endpoints.source_dsn, endpoints.target_dsn)
        self.env = {
            **os.environ,
            **endpoints.env(),
            "OVERGROW_SOURCE_DSN": self.source_dsn,
            "OVERGROW_TARGET_DSN": self.target_dsn,
        }
        self.host = "faust"  # what its next workers run on
        self.workers: list[Worker] = []
        self.writers: list[Writer] = []
        self.topics = Topics(self.kafka)
        self.connect = Connect(self.connect_url)
        _copy_project(self.folder, self.name)
        self.deployment = Deployment(Project.require(self.folder))
        for server in self._servers:
            with psycopg.connect(server, autocommit=True) as admin:
                admin.execute(f"CREATE DATABASE {self.name}")

    # -- what is done to it

    def seed(self, rows: int) -> None:
        """Fill the legacy tables."""
        with self.source() as source, source.transaction():
            seed.create_tables(source)
            seed.load(source, rows, 1)

    def apply(self) -> None:
        """`overgrow apply`, then the log of applied ranges."""
        self.command("apply")
        with self.target() as target:
            rangelog.install(target)

    def reload(self) -> None:
        """Read the project anew, after a change of its files."""
        self.deployment = Deployment(Project.require(self.folder))

    def command(self, *words: str, code: int = 0) -> str:
        """Run a verb; what it wrote to stdout."""
        done = self.run(*words)
        assert done.returncode == code, f"overgrow {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a verb, however it ends."""
        return subprocess.run(
            [*OVERGROW, "--project", str(self.folder), *words],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=DRAIN_SECONDS,
            check=False,
            cwd=self.folder,
        )

    def begin(self, *words: str) -> Verb:
        """Start a verb that takes its time."""
        return Verb(self.folder, words, self.env)

    def worker(self, name: str = "w1", *, entry: list[str] = OVERGROW, **env: str) -> Worker:
        """Start a worker."""
        log = self.folder / f"{len(self.workers):02}-{name}.log"
        worker = Worker(self.folder, name, log, {**self.env, **env}, entry=entry, host=self.host)
        self.workers.append(worker)
        return worker

    def writer(self, *, rate: float = 200, **options: Any) -> Writer:
        """Start live writes; returns when the first ones are committed."""
        writer = Writer(self.source_dsn, rate=rate, seed=len(self.writers) + 1, **options)
        self.writers.append(writer)
        until(lambda: writer.started, "the writer's first transaction", self.state)
        return writer

    @contextmanager
    def source(self) -> Iterator[Connection]:
        with psycopg.connect(self.source_dsn, autocommit=True) as connection:
            yield connection

    @contextmanager
    def target(self) -> Iterator[Connection]:
        with psycopg.connect(self.target_dsn, autocommit=True, connect_timeout=5) as connection:
            yield connection

    @contextmanager
    def admin(self) -> Iterator[Connection]:
        """A session beside the target database, on its server."""
        with psycopg.connect(self._servers[1], autocommit=True) as connection:
            yield connection

    def forget_group(self) -> None:
        """Delete the workers' group with its committed offsets; waits until no static member holds it any more."""
        admin, group = AdminClient({"bootstrap.servers": self.kafka}), self.deployment.group
        until(lambda: _deleted(admin, group), f"group {group} is empty and can be deleted", self.state)

    # -- where it stands

    def checkpoints(self) -> dict[Part, At]:
        with self.target() as target:
            rows = target.execute("SELECT topic, partition, next_offset, owner, received FROM overgrow.checkpoint")
            return {Part(topic, number): At(*rest) for topic, number, *rest in rows}

    def owners(self) -> set[str]:
        return {one.owner for one in self.checkpoints().values()}

    def ends(self) -> dict[Part, int]:
        return self.topics.ends(self.deployment.plans)

    def folded(self, topic: str) -> Folded:
        """What the topic says now, by the independent fold."""
        plan = self.deployment.plans[topic]
        return fold(plan, self.deployment.project.placeholder, read_topics(self.kafka, [topic]))

    def behind(self) -> dict[Part, int]:
        """Records that wait, by partition that has some."""
        at = self.checkpoints()
        return {part: end - at[part].next for part, end in self.ends().items() if end > at[part].next}

    def commits(self) -> int:
        """How many committed batches moved a checkpoint."""
        with self.target() as target:
            row = target.execute("SELECT count(*) FROM overgrow_test.range_log").fetchone()
        return int(row[0]) if row else 0

    def more_commits(self, count: int = 1) -> None:
        """Wait for so many committed batches from now on."""
        before = self.commits()
        until(lambda: self.commits() >= before + count, f"{count} more batches committed after {before}", self.state)

    def drained(self) -> dict[Part, int]:
        """Wait until everything the source shows is applied; the end offsets that were reached."""
        with self.source() as source:
            position = _one(source, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
            source.execute("SELECT pg_logical_emit_message(false, 'faults', '')")
        until(
            lambda: self.sent() >= position, f"Connect commits position {position}", self.state, seconds=DRAIN_SECONDS
        )
        ends = self.ends()

        def applied() -> bool:
            at = self.checkpoints()
            return all(at[part].next >= end for part, end in ends.items())

        until(applied, "the checkpoints reach the end offsets", self.state, seconds=DRAIN_SECONDS)
        return ends

    def sent(self) -> int:
        """Up to which log position everything is in the topics; 0 while the snapshot runs."""
        offset = self.connect.offsets(self.name)
        return 0 if "snapshot" in offset else max(offset.get("lsn") or 0, offset.get("lsn_commit") or 0)

    def state(self) -> str:
        """What stands where, for the message of a test that fails."""
        lines = [f"pipeline {self.name}"]
        for what in (self._connector_state, self._target_state):
            try:
                lines += what()
            except Exception as error:  # noqa: BLE001 - a part may be dead on purpose; the message must come out
                lines.append(f"{what.__name__}: {error!r}")
        return "\n".join([*lines, *(worker.tail() for worker in self.workers[-SHOWN_WORKERS:])])

    def _connector_state(self) -> list[str]:
        status = self.connect.status(self.name)
        return [
            f"connector {status.state if status else 'absent'}, offset {json.dumps(self.connect.offsets(self.name))}"
        ]

    def _target_state(self) -> list[str]:
        ends = self.ends()
        return [f"{part}: next {at.next} of {ends[part]}, owner {at.owner}" for part, at in self.checkpoints().items()]

    # -- the end of it

    def rest(self) -> None:
        """End writers and workers; a worker that has ended unasked is a failure whatever the rows say."""
        for writer in self.writers:
            writer.end()
        for worker in self.workers:
            worker.kill()
        unasked = [worker for worker in self.workers if not worker.expected]
        for worker in unasked:
            worker.expected = True  # said once
        assert not unasked, "\n".join(worker.tail() for worker in unasked)

    def remove(self) -> None:
        """Processes, connector, slot, topics, databases."""
        try:
            self.rest()
        finally:
            self._remove()

    def _remove(self) -> None:
        with closing(self.connect):
            self.connect.delete(self.name)
        with psycopg.connect(self._servers[0], autocommit=True) as admin:
            until(lambda: _drop_slot(admin, self.name), f"replication slot {self.name} is free", self.state)
        self.topics.delete(self._own_topics())
        for server in self._servers:
            with psycopg.connect(server, autocommit=True) as admin:
                admin.execute(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _own_topics(self) -> list[str]:
        found = AdminClient({"bootstrap.servers": self.kafka}).list_topics(timeout=15).topics
        return [name for name in found if self.name in name]


@contextmanager
def made(endpoints: Endpoints, folder: Path) -> Iterator[Pipeline]:
    """A pipeline that is removed at the end, whatever happened."""
    pipeline = Pipeline(endpoints, folder)
    try:
        yield pipeline
    finally:
        pipeline.remove()


def _copy_project(folder: Path, name: str) -> None:
    folder.mkdir()
    for one in COPIED:
        path = CHECKOUT / one
        if path.is_dir():
            shutil.copytree(path, folder / one, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / one)
    project = folder / "overgrow.yaml"
    document = yaml.safe_load(project.read_text())
    document |= {"pipeline": name, "worker": {"session_timeout_seconds": SESSION_SECONDS}}
    project.write_text(yaml.safe_dump(document))
    connector = folder / document["source"]["connector"]
    body = json.loads(connector.read_text())
    body["name"] = name
    body["config"] |= dict.fromkeys(("database.dbname", "topic.prefix", "slot.name", "publication.name"), name)
    connector.write_text(json.dumps(body, indent=2))


def _database(server: str, name: str) -> str:
    return f"{server.rpartition('/')[0]}/{name}"


def _drop_slot(admin: Connection, name: str) -> bool:
    slots = admin.execute("SELECT active_pid FROM pg_replication_slots WHERE slot_name = %s", [name]).fetchall()
    if slots == [(None,)]:
        admin.execute("SELECT pg_drop_replication_slot(%s)", [name])
        return True
    return not slots


def _deleted(admin: AdminClient, group: str) -> bool:
    try:
        admin.delete_consumer_groups([group])[group].result(15)
    except KafkaException as error:
        if error.args[0].name() != "NON_EMPTY_GROUP":
            raise
        return False
    return True


def _one(connection: Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
