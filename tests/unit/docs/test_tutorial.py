"""The tutorial's part on adding a table, without any system: files written as told, commands show what is shown.

All of it, on a real stack: tests/e2e/test_tutorial.py.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from click.testing import CliRunner

from overgrow.cli import cli
from tests.unit.docs import lesson
from tests.unit.docs.lesson import Command

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/tutorial.md").read_text()
PROJECT = ("overgrow.yaml", "connectors", "schemas", "transforms")
# What needs a running system.
LIVE = ("psql ", "overgrow check --record", "overgrow show stock --sample")


def test_a_table_is_added_by_the_text_alone(tmp_path: Path) -> None:
    for name in PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    ran = []
    for action in lesson.actions(lesson.section(TEXT, "4. Add a table")):
        if not isinstance(action, Command):
            action.do(tmp_path)
        elif not action.text.startswith(LIVE):
            verb, *words = shlex.split(action.text)
            assert verb == "overgrow"
            result = CliRunner().invoke(cli, ["--project", str(tmp_path), *words])
            assert lesson.missing(action.shows, result.output) == [], f"{action.text}:\n{result.output}"
            ran.append((action.text, result.exit_code))
    assert ran == [
        ("overgrow check", 2),
        ("overgrow check", 0),
        ("overgrow show stock", 0),
        ("overgrow test stock", 3),
        ("overgrow test stock", 0),
    ]


def test_a_text_is_read_as_it_is_meant() -> None:
    found = lesson.actions(
        "Write\n`a/b.yaml` (so):\n\n```yaml\nx: y\n```\n\n```\n$ one 'and\n  more'\nout …\n$ two\n```\n\n"
        "- In `a/b.yaml`, write `z` for\n  `y`, and add after `x`: `w: v`\n"
    )
    assert found == [
        lesson.Write(file="a/b.yaml", text="x: y\n"),
        Command(text="one 'and\n  more'", shows=("out …",)),
        Command(text="two", shows=()),
        lesson.Change(file="a/b.yaml", pairs=(("y", "z"),), after=(("x", "w: v"),)),
    ]


def test_what_is_shown_is_looked_for_line_by_line() -> None:
    printed = "rows  1,234 in 5.6 s\nmade up\n"
    assert lesson.missing(("rows 7 in 8.9 s", "…", "made …"), printed) == []
    assert lesson.missing(("rows of 7", "up"), printed) == ["rows of 7", "up"]
