"""`overgrow stack status` on a terminal: colour, unless it is not wanted."""

from __future__ import annotations

import os
import pty
from collections.abc import Callable

import pytest

from overgrow.cli import cli
from overgrow.stack import Stack
from overgrow.stack.status import PartStatus, Status

ADDRESS = "postgresql://postgres:postgres@127.0.0.1:41234/shop_with_an_address_longer_than_a_line_of_a_small_terminal"
DEAD = PartStatus(state="dead", pid=None, exit_code=0, endpoint=("dsn", ADDRESS), log="x.log")
SEEN = Status(dir="/somewhere/[red]", state="down", supervisor=None, parts={"legacy": DEAD})


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What `stack status` prints on a terminal."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(Stack, "status", lambda _: SEEN)

    def act() -> str:
        reader, writer = pty.openpty()
        with monkeypatch.context() as patch, os.fdopen(writer, "w", encoding="utf-8") as file:
            patch.setattr("sys.stdout", file)  # here, not in the fixture: between the two the runner sets its own
            cli.main(["stack", "--dir", "/somewhere", "status"], standalone_mode=False)
            file.flush()
            shown = ""
            while ADDRESS not in shown or not shown.endswith("\n"):  # a terminal hands out what it has so far
                shown += os.read(reader, 10_000).decode().replace("\r\n", "\n")
        os.close(reader)
        return shown

    return act


def test_a_state_has_its_colour_on_a_terminal(printed: Callable[[], str]) -> None:
    assert "\x1b[31mdead" in printed()


def test_no_color_is_honoured(printed: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = printed()
    assert "\x1b" not in shown
    assert shown.splitlines() == ["down  /somewhere/[red]", f"  legacy   dead            -  {ADDRESS}"]
