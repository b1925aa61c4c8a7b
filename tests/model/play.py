"""Play one schedule; a broken one says how it went and which command plays it again. Called by tests and __main__."""

from __future__ import annotations

from overgrow import errors
from tests.model.checks import Violation
from tests.model.twin import Twin
from tests.model.world import World, profile_of

STEPS = 150
TAIL = 25  # lines of the trace that a failure shows; 0: all of it


def model(seed: int, *, weak: frozenset[str] = frozenset()) -> int:
    """The model alone; how many transactions the target committed."""
    return _run(World(seed, weak=weak), seed, "tests/model/test_contract.py::test_the_contract_holds")


def engine(seed: int, twin: Twin | None = None) -> int:
    """The model, and the real engine beside it; how many transactions the model's target committed."""
    twin = twin or Twin(rereads=profile_of(seed).rereads)
    return _run(World(seed, watcher=twin), seed, "tests/model/test_engine.py::test_the_engine_equals_the_model")


def _run(world: World, seed: int, test: str) -> int:
    try:
        world.run(STEPS)
    except (Violation, errors.ReplicationError, RuntimeError) as broken:  # RuntimeError: the books do not balance
        tail = "\n".join(line if isinstance(line, str) else " ".join(map(str, line)) for line in world.trace[-TAIL:])
        told = f"seed {seed}, {world.source.profile}: {broken}"
        raise Violation(f"{tail}\n{told}\nreplay: pytest {test} --seed {seed}") from broken
    return len(world.sink.commits)
