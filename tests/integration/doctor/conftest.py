from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from overgrow.stack import Endpoints, Stack
from tests.faults.pipeline import Pipeline, made

SEEDED = 200


@pytest.fixture(scope="module")
def shared(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A pipeline with a worker, for the tests of one module; each leaves it whole and drained."""
    with made(stack.up(), tmp_path_factory.mktemp("doctor")) as pipeline:
        pipeline.seed(SEEDED)
        pipeline.apply()
        pipeline.worker()
        pipeline.drained()
        yield pipeline


@pytest.fixture
def pipeline(shared: Pipeline, endpoints: Endpoints) -> Pipeline:
    """The module's pipeline on a stack that is whole."""
    assert endpoints.kafka == shared.kafka
    return shared


@pytest.fixture
def own(endpoints: Endpoints, tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline for a test that spoils it; nothing is applied yet."""
    with made(endpoints, tmp_path) as pipeline:
        pipeline.seed(SEEDED)
        yield pipeline
