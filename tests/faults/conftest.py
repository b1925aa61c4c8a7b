from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overgrow.stack import Endpoints, Stack
from tests.faults.pipeline import Pipeline, made

SEEDED = 600


@pytest.fixture
def seeded() -> int:
    """How many rows the source of `bare` has; a test that needs others is parametrised with them."""
    return SEEDED


@pytest.fixture
def bare(endpoints: Endpoints, tmp_path: Path, seeded: int) -> Iterator[Pipeline]:
    """A pipeline whose source is seeded, for one test; nothing is applied yet."""
    with made(endpoints, tmp_path) as pipeline:
        pipeline.seed(seeded)
        yield pipeline


@pytest.fixture(scope="module")
def shared(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A pipeline for the tests of one module; each leaves it drained."""
    with made(stack.up(), tmp_path_factory.mktemp("faults")) as pipeline:
        pipeline.seed(SEEDED)
        pipeline.apply()
        yield pipeline


@pytest.fixture
def pipeline(shared: Pipeline, endpoints: Endpoints) -> Iterator[Pipeline]:
    """The module's pipeline on a stack that is whole; the test's processes are ended."""
    assert endpoints.kafka == shared.kafka
    yield shared
    shared.rest()


@pytest.fixture(params=["faust", "confluent"])
def hosted(request: pytest.FixtureRequest, pipeline: Pipeline) -> Iterator[Pipeline]:
    """The module's pipeline with workers of one host or the other: the same scenarios hold on both."""
    pipeline.host = request.param
    yield pipeline
    pipeline.host = "faust"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A test that fails shows where its pipeline stood and what its workers said."""
    report = yield
    if report.when == "call" and report.failed and isinstance(item, pytest.Function):
        for one in item.funcargs.values():
            if isinstance(one, Pipeline):
                report.sections.append(("pipeline", one.state()))
                break
    return report
