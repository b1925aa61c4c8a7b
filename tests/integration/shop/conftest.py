from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from overgrow.stack import Endpoints


@pytest.fixture
def shop(endpoints: Endpoints) -> Iterator[str]:
    """The DSN of a fresh database on the legacy server, for one test."""
    name = f"shop_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(endpoints.source_dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    yield endpoints.source_dsn.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(endpoints.source_dsn, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
