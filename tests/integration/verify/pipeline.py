"""A pipeline of its own on the session's stack: databases, topics, connector, worker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from overgrow.deployment import Deployment
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.project import Project
from overgrow.reconcile import Report, Settings, Verify
from overgrow.stack import Endpoints

ROOT = Path(__file__).parents[3]
OVERGROW = Path(sys.executable).with_name("overgrow")
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Pipeline:
    """What the tests of this folder work with."""

    folder: Path
    env: dict[str, str]
    name: str
    worker: subprocess.Popen[bytes]

    @property
    def deployment(self) -> Deployment:
        return Deployment(Project.require(self.folder))

    def source(self, statement: str, *values: object) -> list[Any]:
        return run_sql(self.env["OVERGROW_SOURCE_DSN"], statement, *values)

    def target(self, statement: str, *values: object) -> list[Any]:
        return run_sql(self.env["OVERGROW_TARGET_DSN"], statement, *values)

    def verify(self, *, patience: float = 20.0, limit: int = 20) -> Report:
        return Verify(self.deployment, Settings(patience=patience, limit=limit), lambda _: None).run()

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """The command line, as a user calls it."""
        return subprocess.run(
            [OVERGROW, "--project", self.folder, *words],
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
        )

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """The command line, not waited for."""
        return subprocess.Popen(
            [OVERGROW, "--project", self.folder, *words],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def frozen_worker(self) -> Iterator[None]:
        self.worker.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.worker.send_signal(signal.SIGCONT)

    @contextmanager
    def paused_connector(self) -> Iterator[None]:
        with closing(Connect(self.env["OVERGROW_CONNECT"])) as connect:
            connect.pause(self.name)
            try:
                yield
            finally:
                connect.resume(self.name)


def run_sql(dsn: str, statement: str, *values: object) -> list[Any]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def until(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def write_project(folder: Path, name: str) -> None:
    """The example project under a name of its own: two pipelines on one stack share nothing."""
    for part in ("schemas", "transforms"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "overgrow.yaml").read_text()
    assert "pipeline: shop\n" in text
    (folder / "overgrow.yaml").write_text(text.replace("pipeline: shop\n", f"pipeline: {name}\n"))
    document = json.loads((ROOT / "connectors" / "shop.json").read_text())
    own = dict.fromkeys(("database.dbname", "topic.prefix", "slot.name", "publication.name"), name)
    (folder / "connectors").mkdir()
    connector = {"name": name, "config": {**document["config"], **own}}
    (folder / "connectors" / "shop.json").write_text(json.dumps(connector, indent=2))


def environment(endpoints: Endpoints, name: str) -> dict[str, str]:
    own = {
        f"OVERGROW_{side}_DSN": f"{dsn.rpartition('/')[0]}/{name}"
        for side, dsn in (("SOURCE", endpoints.source_dsn), ("TARGET", endpoints.target_dsn))
    }
    return {**os.environ, **endpoints.env(), **own}


def end(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGCONT)
    worker.terminate()
    try:
        worker.wait(20)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def clean_up(endpoints: Endpoints, name: str) -> None:
    with closing(Connect(endpoints.connect)) as connect:
        connect.delete(name)
    idle = "SELECT FROM pg_replication_slots WHERE slot_name = %s AND active"
    until(lambda: not run_sql(endpoints.source_dsn, idle, name), "the connector keeps its slot")
    run_sql(
        endpoints.source_dsn,
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s",
        name,
    )
    tables = [file.stem for file in (ROOT / "schemas" / "source").glob("*.yaml")]
    own = [f"overgrow.{name}.dlq", f"overgrow.{name}.control", f"{name}.transaction"]
    Topics(endpoints.kafka).delete([*(f"{name}.{table}" for table in tables), *own])
    for dsn in (endpoints.source_dsn, endpoints.target_dsn):
        run_sql(dsn, f"DROP DATABASE {name} WITH (FORCE)")
