"""One loaded pipeline for this folder; each test leaves it equal."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest

from legacy_shop import seed
from overgrow.stack import Stack
from tests.integration.verify.pipeline import (
    DEADLINE_SECONDS,
    OVERGROW,
    Pipeline,
    clean_up,
    end,
    environment,
    run_sql,
    write_project,
)

SEEDED = 500


@pytest.fixture(scope="module")
def pipeline(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    endpoints = stack.up()
    name = f"verify_{uuid.uuid4().hex[:8]}"
    folder = tmp_path_factory.mktemp("verify")
    write_project(folder, name)
    env = environment(endpoints, name)
    for dsn in (endpoints.source_dsn, endpoints.target_dsn):
        run_sql(dsn, f"CREATE DATABASE {name}")
    with psycopg.connect(env["OVERGROW_SOURCE_DSN"]) as connection:
        seed.create_tables(connection)
        seed.load(connection, SEEDED, 1)
    subprocess.run([OVERGROW, "--project", folder, "apply"], env=env, check=True, timeout=DEADLINE_SECONDS)
    with (folder / "worker.log").open("wb") as log, pytest.MonkeyPatch.context() as patch:
        worker = subprocess.Popen([OVERGROW, "--project", folder, "worker"], env=env, stdout=log, stderr=log)
        for key, value in env.items():
            patch.setenv(key, value)
        try:
            yield Pipeline(folder=folder, env=env, name=name, worker=worker)
        finally:
            end(worker)
            clean_up(stack.up(), name)


@pytest.fixture
def plant(pipeline: Pipeline) -> Iterator[Callable[[str], None]]:
    """Spoil the target by SQL; what it held comes back after the test."""
    pipeline.target("CREATE SCHEMA kept")
    tables = {"crm.customers": "kept.customers", "crm.order_lines": "kept.order_lines"}
    letters = {"overgrow.dead_letter": "kept.dead_letter"}
    assert pipeline.verify().differences == ()
    for table, copy in {**tables, **letters}.items():
        pipeline.target(f"CREATE TABLE {copy} AS TABLE {table}")

    def spoil(statement: str) -> None:
        pipeline.target(statement)

    yield spoil
    for table, copy in tables.items():
        pipeline.target(f"BEGIN; DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {copy}; COMMIT")
    pipeline.target("DROP SCHEMA kept CASCADE")
