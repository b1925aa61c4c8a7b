"""One random database from `init` to `verify`, by the command line alone, as its owner would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.project import Project
from overgrow.stack import Endpoints
from tests.integration.draft.schemas import legacy

OVERGROW = Path(sys.executable).with_name("overgrow")
DEADLINE_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run came to; `told` is what the failing command said."""

    seed: int
    failed: str  # the verb, empty when both sides were equal
    told: str
    tables: int
    refused: int
    columns: int
    rows: int
    decisions: int
    answered: int
    seconds: float


class Run:
    """A pipeline of its own on a running stack."""

    def __init__(self, endpoints: Endpoints, folder: Path, name: str, seed: int) -> None:
        self._endpoints, self._folder, self._name, self._seed = endpoints, folder, name, seed
        self._legacy = legacy(seed)
        own = {
            f"OVERGROW_{side}_DSN": f"{dsn.rpartition('/')[0]}/{name}"
            for side, dsn in (("SOURCE", endpoints.source_dsn), ("TARGET", endpoints.target_dsn))
        }
        self._env = {**os.environ, **endpoints.env(), **own}
        self._made: dict[str, Any] = {}

    def run(self) -> Outcome:
        """From an empty folder to a verdict."""
        began = time.monotonic()
        self._databases("CREATE DATABASE {}")
        try:
            with self._session() as connection:
                self._legacy.create(connection)
            failed, told = self._steps()
            return self._outcome(failed, told, time.monotonic() - began)
        finally:
            self._clean_up()

    def _steps(self) -> tuple[str, str]:
        self._folder.mkdir()
        done = self._say("init", "--context", self._name, "--json")
        if done.returncode:
            return "init", done.stderr
        self._made = json.loads(done.stdout)
        for words in (["check"], ["apply"]):
            if words == ["apply"]:
                self._answer()
            done = self._say(*words)
            if done.returncode:
                return words[0], done.stdout[-2000:] + done.stderr
        with (self._folder / "worker.log").open("wb") as log:
            worker = subprocess.Popen(
                [OVERGROW, "--project", self._folder, "worker"], env=self._env, stdout=log, stderr=log
            )
            try:
                with self._session() as connection:
                    self._legacy.change(connection)
                done = self._say("verify", "--json")
            finally:
                worker.terminate()
                worker.wait(30)
        if done.returncode:
            return "verify", _differences(done.stdout) + done.stderr + (self._folder / "worker.log").read_text()[-4000:]
        return "", ""

    def _answer(self) -> None:
        """Give every question that comes before `apply` the answer it suggests."""
        for one in self._made["decisions"]:
            if one["before_apply"] and one["kind"] == "sentinel":
                suggested = re.search(r"`([^`]*\}\})`", one["change"])
                assert suggested is not None, one
                self._edit(one["places"][0], f"  {suggested[1]}")
                self._edit(one["places"][1], self._line(one["places"][1]).replace(" NOT NULL", ""))
        dropping = [one for one in self._made["decisions"] if one["kind"] in {"ancient-date", "not-a-number"}]
        for one in dropping:
            for place in one["places"]:
                self._edit(place, "")
            self._drop(one["places"][0])
        statements = self._folder / "schemas/source/replica_identity.sql"
        if statements.exists():
            with self._session() as connection:
                connection.execute(statements.read_bytes())

    def _drop(self, place: dict[str, Any]) -> None:
        """Add a column to those that the mapping drops; no line before changes its number."""
        path = self._folder / place["file"]
        lines, name = path.read_text().splitlines(), json.dumps(place["column"], ensure_ascii=False)
        if lines[-2].startswith("drop: ["):
            lines[-2] = f"{lines[-2][:-1]}, {name}]"
        else:
            lines.insert(-1, f"drop: [{name}]")
        path.write_text("\n".join(lines) + "\n")

    def _line(self, place: dict[str, Any]) -> str:
        path: Path = self._folder / place["file"]
        return path.read_text().splitlines()[int(place["line"]) - 1]

    def _edit(self, place: dict[str, Any], text: str) -> None:
        path = self._folder / place["file"]
        lines = path.read_text().splitlines()
        lines[place["line"] - 1] = text
        path.write_text("\n".join(lines) + "\n")

    def _say(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [OVERGROW, "--project", self._folder, *words],
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
        )

    def _session(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._env["OVERGROW_SOURCE_DSN"], autocommit=True)

    def _databases(self, statement: str) -> None:
        for dsn in (self._endpoints.source_dsn, self._endpoints.target_dsn):
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(statement.format(self._name).encode())

    def _outcome(self, failed: str, told: str, seconds: float) -> Outcome:
        made, tables = self._made, self._legacy.tables
        mapped = [one for one in tables if f"{one.schema}.{one.name}" in made.get("mapped", {})]
        decisions = made.get("decisions", [])
        return Outcome(
            seed=self._seed,
            failed=failed,
            told=told,
            tables=len(made.get("mapped", {})),
            refused=len(made.get("refused", {})),
            columns=sum(len(one.columns) for one in mapped),
            rows=sum(one.rows for one in mapped),
            decisions=len(decisions),
            answered=sum(one["before_apply"] for one in decisions),
            seconds=seconds,
        )

    def _clean_up(self) -> None:
        slot = f"overgrow_{self._name}"
        with closing(Connect(self._endpoints.connect)) as connect:
            connect.delete(self._name)
        with psycopg.connect(self._endpoints.source_dsn, autocommit=True) as connection:
            until = time.monotonic() + DEADLINE_SECONDS
            find = "SELECT active FROM pg_replication_slots WHERE slot_name = %s"
            while (row := connection.execute(find, [slot]).fetchone()) is not None:
                assert time.monotonic() < until, "the connector keeps its slot"
                if not row[0]:
                    connection.execute("SELECT pg_drop_replication_slot(%s)", [slot])
                else:
                    time.sleep(0.1)
        project, _ = Project.load(self._folder) if self._folder.exists() else (None, [])
        topics = [project.topic(plan) for plan in project.plans] if project else []
        own = [f"overgrow.{self._name}.dlq", f"overgrow.{self._name}.control", f"{self._name}.transaction"]
        Topics(self._endpoints.kafka).delete([*topics, *own])
        self._databases("DROP DATABASE {} WITH (FORCE)")


def _differences(told: str) -> str:
    """One line for each row that differs."""
    found = json.loads(told)["differences"] if told else []
    lines = [
        f"{one['kind']} {one['source_table']} {one['source_key']}: {one['cause']} "
        + ", ".join(f"{each['column']} {each['expected']!r} not {each['actual']!r}" for each in one["columns"])
        for one in found
    ]
    return "\n".join([*lines, ""])
