"""Asks each part whether it does its work yet; the only place here that speaks Kafka, HTTP or SQL."""

from __future__ import annotations

import socket

import httpx
import psycopg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from overgrow.stack import postgres
from overgrow.stack.options import DATABASES, Endpoints

TIMEOUT_SECONDS = 2.0


def answers(part: str, where: Endpoints) -> bool:
    """One question; False means not yet."""
    if part == "kafka":
        return _kafka(where.kafka)
    if part == "connect":
        return _connect(where.connect)
    return _postgres(where.source_dsn if part == DATABASES[0] else where.target_dsn, part)


def _kafka(bootstrap: str) -> bool:
    host, _, port = bootstrap.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS).close()
        # Metadata is served once the broker is registered with its controller, not when the port opens.
        AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=TIMEOUT_SECONDS)
    except (OSError, KafkaException):
        return False
    return True


def _connect(url: str) -> bool:
    # While it starts, Connect accepts connections and answers 404; /health is 200 when its herder runs.
    try:
        with httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            return client.get(f"{url}/health").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _postgres(dsn: str, database: str) -> bool:
    timeout = max(2, int(TIMEOUT_SECONDS))
    try:
        with psycopg.connect(dsn, dbname="postgres", connect_timeout=timeout, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
                connection.execute(postgres.create_database(database))
    except psycopg.OperationalError:
        return False
    return True
