from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import psycopg
import pytest

from overgrow import errors
from overgrow.kafka.connect import Connect, ConnectorFailed
from overgrow.stack import Endpoints, Stack

pytestmark = pytest.mark.stack
NAME = "greeting"
PLUGIN = "io.debezium.connector.postgresql.PostgresConnector"
CONFIG = {
    "connector.class": PLUGIN,
    "tasks.max": "1",
    "database.hostname": "${env:OVERGROW_SOURCE_HOST}",
    "database.port": "${env:OVERGROW_SOURCE_PORT}",
    "database.user": "${env:OVERGROW_SOURCE_USER}",
    "database.password": "${env:OVERGROW_SOURCE_PASSWORD}",
    "database.dbname": "${env:OVERGROW_SOURCE_DBNAME}",
    "plugin.name": "pgoutput",
    "slot.name": NAME,
    "publication.name": NAME,
    "publication.autocreate.mode": "filtered",
    "table.include.list": f"public.{NAME}",
    "topic.creation.default.replication.factor": "1",
    "topic.creation.default.partitions": "1",
}


@pytest.fixture
def config() -> dict[str, str]:
    """Its own topic prefix: offsets outlive their connector, and belong to the prefix."""
    return CONFIG | {"topic.prefix": f"greeting_{uuid.uuid4().hex[:8]}"}


@pytest.fixture
def connect(endpoints: Endpoints) -> Iterator[Connect]:
    """A client beside a captured table `greeting`; connector, slot, publication and table go with it."""
    with psycopg.connect(endpoints.source_dsn, autocommit=True) as source:
        source.execute(f"CREATE TABLE {NAME} (id int PRIMARY KEY, word text)")
        source.execute(f"INSERT INTO {NAME} VALUES (1, 'hello')")
        client = Connect(endpoints.connect)
        yield client
        client.delete(NAME)
        client.close()
        drop = (
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active"
        )
        until = time.monotonic() + 30
        while source.execute("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", [NAME]).fetchone():
            source.execute(drop, [NAME])
            assert time.monotonic() < until
        source.execute(f"DROP PUBLICATION IF EXISTS {NAME}")
        source.execute(f"DROP TABLE {NAME}")


def test_the_connector_is_installed_in_the_version_the_pom_names(connect: Connect) -> None:
    installed = {plugin.name: plugin for plugin in connect.plugins()}
    assert installed[PLUGIN].version == "3.7.0.Final"
    assert installed[PLUGIN].kind == "source"


def test_a_connector_lives_from_put_to_delete(connect: Connect, endpoints: Endpoints, config: dict[str, str]) -> None:
    connect.put_config(NAME, config)
    connect.wait_running(NAME)
    assert NAME in connect.names()

    kept = connect.config(NAME)
    assert kept is not None
    assert kept["database.password"] == "${env:OVERGROW_SOURCE_PASSWORD}"

    with psycopg.connect(endpoints.source_dsn, autocommit=True) as source:
        source.execute(f"INSERT INTO {NAME} VALUES (2, 'again')")
    until = time.monotonic() + 30
    while "lsn" not in connect.offsets(NAME) or "snapshot" in connect.offsets(NAME):
        assert time.monotonic() < until, connect.offsets(NAME)
        time.sleep(0.1)

    connect.pause(NAME)
    connect.resume(NAME)
    connect.stop(NAME)
    stopped = connect.status(NAME)
    assert stopped is not None
    assert (stopped.state, stopped.tasks) == ("STOPPED", ())
    assert connect.offsets(NAME)["lsn"] > 0
    connect.resume(NAME)
    connect.restart(NAME)
    connect.delete(NAME)
    assert connect.status(NAME) is None
    assert connect.config(NAME) is None


def test_a_failed_task_is_a_failure_although_its_connector_runs(
    connect: Connect, endpoints: Endpoints, config: dict[str, str]
) -> None:
    connect.put_config(NAME, config | {"publication.autocreate.mode": "disabled"})
    with pytest.raises(ConnectorFailed, match=r"(?s)greeting has failed.*[Pp]ublication"):
        connect.wait_running(NAME)
    failed = connect.status(NAME)
    assert failed is not None
    assert (failed.connector, failed.state) == ("RUNNING", "FAILED")

    with psycopg.connect(endpoints.source_dsn, autocommit=True) as source:
        source.execute(f"CREATE PUBLICATION {NAME} FOR TABLE {NAME}")
    connect.restart(NAME)


def test_a_configuration_that_connect_rejects_is_named(connect: Connect) -> None:
    with pytest.raises(errors.ConfigurationError, match=r"topic\.prefix"):
        connect.put_config(NAME, CONFIG)


def test_an_unknown_connector_is_none_to_ask_about_and_an_error_to_command(connect: Connect) -> None:
    assert connect.status("nobody") is None
    for command in (connect.stop, connect.pause, connect.resume, connect.offsets):
        with pytest.raises(errors.ConfigurationError, match="has no connector nobody"):
            command("nobody")


def test_a_dead_connect_is_unreachable(endpoints: Endpoints, stack: Stack) -> None:
    stack.kill("connect")
    client = Connect(endpoints.connect)
    with pytest.raises(errors.UnreachableError, match="does not answer"):
        client.names()
    client.close()
