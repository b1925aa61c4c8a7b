"""Play one schedule; a broken one says how it went and how to play it again. Called by the tests."""

from __future__ import annotations

from tests.model.checks import Violation
from tests.model.twin import Twin
from tests.model.world import World, profile_of

STEPS = 150
TAIL = 25  # steps of the trace that a failure shows


def model(seed: int, *, weak: frozenset[str] = frozenset()) -> None:
    """The model alone."""
    _run(World(seed, weak=weak), seed, "tests/model/test_contract.py::test_the_contract_holds")


def engine(seed: int, twin: Twin | None = None) -> None:
    """The model, and the real engine beside it."""
    twin = twin or Twin(rereads=profile_of(seed).rereads)
    _run(World(seed, watcher=twin), seed, "tests/model/test_engine.py::test_the_engine_equals_the_model")


def _run(world: World, seed: int, test: str) -> None:
    try:
        world.run(STEPS)
    except Violation as broken:
        tail = "\n".join(world.trace[-TAIL:])
        raise Violation(f"{broken}\nreplay: pytest {test} --seed {seed}\n{tail}") from None
