"""The whole tutorial on a stack of its own: what it says to type is typed, what it shows is shown.

Numbers may differ; what a command of the target shows may take as long as a change needs to arrive.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.docs import lesson
from tests.unit.docs.lesson import Command

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/tutorial.md").read_text()
PROJECT = ("overgrow.yaml", "connectors", "schemas", "transforms", "legacy_shop")
SECONDS = 120.0
# Not typed here: what builds the environment, and what a person ends by hand.
NOT_TYPED = ("make check", "export PATH=", "overgrow status --watch", "python -m legacy_shop.writer")
# What ends with another code than 0, by what it shows.
CODES = {"problems in": 2, "examples failed": 3, "different: ": 3}


class Reader:
    """A shell in the checkout's copy, and the workers that were started in others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._variables = folder / ".variables"
        self._variables.write_text(f'export PATH="{Path(sys.executable).parent}:$PATH" PYTHONPATH="{folder}"\n')
        self._workers: list[subprocess.Popen[bytes]] = []
        self.typed: list[str] = []  # commands that showed what the tutorial says, with its exit code

    def does(self, action: lesson.Action) -> None:
        if not isinstance(action, Command):
            action.do(self._folder)
        elif action.text.startswith("overgrow worker"):
            script = f". {self._variables}; exec {action.text}"
            with (self._folder / "worker.log").open("wb") as log:
                self._workers.append(subprocess.Popen(["bash", "-c", script], cwd=self._folder, stdout=log, stderr=log))
        elif not action.text.startswith(NOT_TYPED):
            if action.text == "overgrow stack down":
                self._stops_workers()
            self._types(action)

    def _types(self, command: Command) -> None:
        until = time.monotonic() + (SECONDS if "OVERGROW_TARGET_DSN" in command.text else 0)
        while True:
            code, printed = self._run(command.text)
            absent = lesson.missing(command.shows, printed)
            if not absent or time.monotonic() > until:
                break
            time.sleep(0.5)  # until the change has arrived
        assert absent == [], f"{command.text}\n{printed}"
        wanted = next((number for words, number in CODES.items() if words in "\n".join(command.shows)), 0)
        assert code == wanted, f"{command.text}: exit code {code}\n{printed}"
        self.typed.append(command.text)

    def _run(self, text: str) -> tuple[int, str]:
        script = f". {self._variables}\n{text}\ncode=$?\nexport -p > {self._variables}\nexit $code"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SECONDS * 2,
        )
        return done.returncode, done.stdout

    def leaves(self) -> None:
        """End what is running, whatever has come before."""
        self._stops_workers()
        if (self._folder / ".overgrow/stack").exists():
            self._run("overgrow stack down")

    def _stops_workers(self) -> None:
        for worker in self._workers:
            worker.send_signal(signal.SIGTERM)
        codes = [worker.wait(SECONDS) for worker in self._workers]
        self._workers.clear()
        assert set(codes) <= {0}, (self._folder / "worker.log").read_text()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    for name in PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    started = Reader(tmp_path)
    yield started
    started.leaves()


def whole() -> list[lesson.Action]:
    return lesson.actions(TEXT)


def without_the_table_of_ones_own() -> list[lesson.Action]:
    return lesson.actions(TEXT.replace(lesson.section(TEXT, "4. Add a table"), ""))


def test_the_tutorial_does_what_it_says(reader: Reader) -> None:
    for action in whole():
        reader.does(action)
    commands = [one.text for one in whole() if isinstance(one, Command)]
    assert reader.typed == [text for text in commands if not text.startswith((*NOT_TYPED, "overgrow worker"))]
    assert {"overgrow test stock", "overgrow apply", "overgrow verify", "overgrow stack down"} <= set(reader.typed)


def test_the_part_on_a_table_may_be_left_out() -> None:
    typed = [one.text for one in without_the_table_of_ones_own() if isinstance(one, Command)]
    assert "overgrow apply" in typed
    assert not [text for text in typed if re.search(r"\bstock\b|stk_lvl", text)]
