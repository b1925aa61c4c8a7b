"""A database of its own for each test of the PostgreSQL sink."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from overgrow.sinks.postgres import install
from overgrow.stack import Endpoints
from overgrow.testing import rangelog, toy


@pytest.fixture
def database(endpoints: Endpoints) -> Iterator[psycopg.Connection[Any]]:
    """A fresh database in the target server, with own tables, the toy's target and one checkpoint."""
    with psycopg.connect(endpoints.target_dsn, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS toys WITH (FORCE)")
        admin.execute("CREATE DATABASE toys")
        dsn = psycopg.conninfo.make_conninfo(endpoints.target_dsn, dbname="toys")
        with psycopg.connect(dsn, autocommit=True) as connection:
            install.migrate(connection)
            connection.execute(toy.DDL.format("toys"))
            install.register_pipeline(connection, "toy", 1, 1)
            install.add_checkpoints(connection, toy.TABLE, "id", 1)
            install.record_mapping(connection, toy.TABLE, "toys")
            rangelog.install(connection)
            yield connection
        admin.execute("DROP DATABASE toys WITH (FORCE)")


@pytest.fixture
def dsn(database: psycopg.Connection[Any]) -> str:
    return psycopg.conninfo.make_conninfo(database.info.dsn, password=database.info.password)
