from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from overgrow.kafka.admin import Topics
from overgrow.stack import Endpoints, Stack
from tests.faults.pipeline import Pipeline, made
from tests.integration.relay.still import Still

SEEDED = 40


@pytest.fixture
def running(endpoints: Endpoints, tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline of the test's own, applied; no worker runs yet."""
    with made(endpoints, tmp_path) as pipeline:
        pipeline.seed(SEEDED)
        pipeline.apply()
        yield pipeline


@pytest.fixture(scope="module")
def tables(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """overgrow's own tables in a target, and no connector."""
    with made(stack.up(), tmp_path_factory.mktemp("relay")) as pipeline:
        pipeline.seed(1)
        pipeline.command("apply", "--only", "source", "--only", "topics", "--only", "target")
        yield pipeline


@pytest.fixture
def still(tables: Pipeline, endpoints: Endpoints) -> Iterator[Still]:
    """A pipeline that is only its letters, put there by hand, and its topic for them."""
    assert endpoints.kafka == tables.kafka
    one = Still(
        name=f"still_{uuid.uuid4().hex[:8]}",
        target_dsn=tables.target_dsn,
        kafka=tables.kafka,
        empty=endpoints.target_dsn,
    )
    one.make_topic()
    yield one
    Topics(tables.kafka).delete([one.topic])
