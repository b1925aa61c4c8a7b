from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from overgrow.stack import Endpoints, Options, Stack

# A run in the background inherits an ignored SIGINT, and so would every verb that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Consumer groups of the tests may notice a dead member sooner than Kafka's default bound allows.
MIN_SESSION_TIMEOUT_MS = 1000


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running stack for the session. A test that kills a part brings it back (`stack.up()`)."""
    running = Stack(tmp_path_factory.mktemp("session") / "stack", say=_say)
    try:
        running.up(Options(min_session_timeout_ms=MIN_SESSION_TIMEOUT_MS))
        yield running
    finally:
        running.down()


@pytest.fixture
def endpoints(stack: Stack) -> Endpoints:
    """The session's stack, complete: what an earlier test left dead or frozen is brought back first."""
    return stack.up()


@pytest.fixture
def stack_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a stack of the test's own; whatever is left in it is ended."""
    folder = tmp_path / "stack"
    yield folder
    Stack(folder).down()
