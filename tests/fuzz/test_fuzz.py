"""A slice of the long run (`python -m tests.fuzz`), and that the run notices what it is there to notice."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from overgrow.envelope import SqlType
from overgrow.mapping.words import WORDS
from tests.fuzz import mappings, run
from tests.fuzz.broken import Broken
from tests.fuzz.files import Files, copyable
from tests.fuzz.messages import Messages

# Mended next; the long run counts them all the same.
KNOWN = {("KeyError", "pipeline/overgrow/mapping/filters.py"), ("RuntimeError", "pipeline/overgrow/mapping/codec.py")}


def played(what: str, target: run.Target, numbers: int) -> run.Tally:
    tally = run.Tally(what)
    for number in range(numbers):
        run.play(target, what, 1, number, tally)
    new = [one for one in tally.findings if (one.cause.partition(":")[0], one.where.partition(":")[0]) not in KNOWN]
    assert new == []
    return tally


def test_mutated_files_give_a_plan_or_problems(tmp_path: Path) -> None:
    tally = played("files", Files(tmp_path), 300)
    assert {"compiled", "untouched", "refused", "project refused", "project loaded"} <= set(tally.outcomes)


def test_every_record_of_mutated_messages_is_accounted_for() -> None:
    tally = played("messages", Messages(1, plans=12), 300)
    assert tally.outcomes["received"] == (300 - tally.found.total()) * run.INPUTS["messages"]
    assert {"winner upsert", "superseded", "letter decode", "letter translate", "stop schema-drift"} <= set(
        tally.outcomes
    )


def test_every_word_of_the_language_is_fuzzed() -> None:
    assert [word for word in WORDS if not any(word in fit.do for fit in mappings.fitting())] == []


class Deadly:
    shown = "x"

    def one(self, dice: random.Random) -> Counter[str]:
        roll = dice.random()
        if roll < 0.002:
            os.kill(os.getpid(), signal.SIGKILL)
        if roll < 0.004:
            raise KeyError("untyped")
        return Counter(fine=1)


def test_a_process_that_dies_is_a_finding_and_the_run_goes_on() -> None:
    tally = run.run("files", range(1000), 5, make=lambda *_: Deadly())
    deaths = sum(1 for one in tally.findings if "SIGKILL" in one.cause)
    assert tally.numbers == 1000
    assert tally.outcomes["fine"] + tally.found.total() == 1000
    assert deaths >= 1
    assert any(one.cause.startswith("KeyError") for one in tally.findings)


@pytest.mark.parametrize("line", ["a", "a\tb\nc", "a\tb\tc", "a\t\0", "a\t\ud800"])
def test_what_is_no_line_of_copy_is_noticed(line: str) -> None:
    with pytest.raises((Broken, UnicodeEncodeError)):
        copyable(line, 2)


@pytest.mark.parametrize(
    "text", ["a" + " " * 30_000 + "!", "varchar(" + "9" * 5000 + ")", "numeric(" * 5000, "int" + " " * 300]
)
def test_a_type_that_is_none_takes_no_time(text: str) -> None:
    assert SqlType.parse(text) is None
