"""The page of codes holds every code that the source can print, and no other."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import get_args

from overgrow.doctor.finding import System
from overgrow.mapping.reference import codes, errors
from overgrow.mapping.reference.codes import Code
from overgrow.model import LetterKind
from tests.unit.docs import printed_codes

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "pipeline/overgrow"
OF_EXAMPLES = {*(PACKAGE / "mapping/examples").glob("*.py"), PACKAGE / "cli/test.py", PACKAGE / "cli/example_files.py"}
# Where words of the language are given a `code` that is a CSV file's column, not a problem's.
NOT_CODES = {"code", "key", "meaning"}


def files(*patterns: str) -> set[Path]:
    return {path for pattern in patterns for path in PACKAGE.glob(pattern)}


def names(*listed: Code) -> set[str]:
    return {one.name for one in listed}


PROJECT = [one for family in codes.PROJECT.values() for one in family]
DOCTOR = [one for family in codes.DOCTOR.values() for one in family]


def test_every_problem_of_a_project_has_an_entry() -> None:
    printed = printed_codes.of_files(*files("mapping/**/*.py", "cli/check.py") - OF_EXAMPLES) - NOT_CODES
    assert printed == names(*PROJECT)


def test_every_problem_of_examples_has_an_entry() -> None:
    printed = printed_codes.of_files(*OF_EXAMPLES) - NOT_CODES
    assert names(*codes.EXAMPLES) == printed - names(*PROJECT)


def test_every_named_stop_has_an_entry() -> None:
    elsewhere = files("mapping/**/*.py", "stack/**/*.py", "testing/**/*.py", "draft/**/*.py", "cli/*.py")
    printed = printed_codes.of_files(*files("**/*.py") - elsewhere)
    assert printed == names(*codes.STOPS)


def test_every_check_of_the_doctor_has_an_entry() -> None:
    printed = printed_codes.of_findings(*files("doctor/**/*.py"))
    asked = set(get_args(System)) - {"workers"}
    printed |= {f"{system}-{what}" for system in asked for what in ("reachable", "readable")}
    assert printed == names(*DOCTOR)


def test_every_kind_of_dead_letter_has_an_entry() -> None:
    assert set(get_args(LetterKind)) == names(*codes.LETTERS)


def test_every_kind_of_decision_is_in_the_how_to() -> None:
    kinds = {kind for path in files("draft/**/*.py") for kind in re.findall(r'kind="([a-z-]+)"', path.read_text())}
    text = (ROOT / "docs/how-to/bring-your-own.md").read_text()
    assert len(kinds) > 10
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in text] == []


def test_no_code_has_two_entries_and_none_is_empty() -> None:
    for listed in (PROJECT, codes.EXAMPLES, codes.STOPS, DOCTOR, codes.LETTERS):
        assert [name for name, count in Counter(one.name for one in listed).items() if count > 1] == []
        assert [one.name for one in listed if not (one.cause.strip() and one.fix.strip())] == []


def test_the_published_page_is_what_is_made() -> None:
    assert (ROOT / errors.FILE).read_text() == errors.text(), "run: python -m overgrow.mapping.reference"
