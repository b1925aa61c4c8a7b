from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from overgrow.stack import Endpoints

LATIN1 = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"


@pytest.fixture
def shop(endpoints: Endpoints) -> Iterator[str]:
    """The DSN of a fresh LATIN1 database on the legacy server, for one test."""
    name = f"shop_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(endpoints.source_dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} {LATIN1}")
    yield endpoints.source_dsn.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(endpoints.source_dsn, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
