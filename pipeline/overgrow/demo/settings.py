"""What a demo run is told: options of the command line, and `demo:` in overgrow.yaml.

Guarantees: a section that cannot be run is a named error before anything is started. Called by `overgrow demo`.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overgrow import errors
from overgrow.mapping.settings import FILE
from overgrow.project import Project

_HOLE = re.compile(r"\$\{env:(?P<env>[A-Za-z_]\w*)\}|\{(?P<name>\w+)\}")
_TEXTS = ("seed", "write")
_PLANT = ("sql", "table", "column")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`seconds` of live writes at `rate` changes/s on top of `rows` seeded rows; `keep` the stack at the end."""

    seconds: float
    rows: int
    rate: float
    keep: bool
    report: Path

    @property
    def page(self) -> Path:
        """The same report for a browser, beside it."""
        return self.report.with_suffix(".html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One corruption: `sql` changes `column` of one row of `table` and returns that row's key columns."""

    sql: str
    table: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The project's commands, as written.

    seed: fills the legacy database; `{rows}` stands for how many rows.
    write: keeps it busy, then prints one JSON document with `changes` and `seconds`; knows `{rate}` and `{seconds}`.
    Both may name `${env:...}` variables of the stack; `python` is the one that runs overgrow.
    """

    seed: str
    write: str
    plant: Plant

    @classmethod
    def of(cls, project: Project) -> Script:
        """Read the project's section."""
        section = project.demo
        _known(section, (*_TEXTS, "plant"), "demo")
        plant = section.get("plant")
        if not isinstance(plant, dict):
            raise errors.ConfigurationError(f"{FILE}: demo.plant is missing: it needs {', '.join(_PLANT)}")
        _known(plant, _PLANT, "demo.plant")
        texts = {name: _text(section, name, "demo") for name in _TEXTS}
        return cls(**texts, plant=Plant(**{name: _text(plant, name, "demo.plant") for name in _PLANT}))


def words(command: str, *, env: Mapping[str, str], values: Mapping[str, object]) -> list[str]:
    """A command's words with its holes filled; a filled hole never splits a word."""

    def fill(match: re.Match[str]) -> str:
        known, name = (env, match["env"]) if match["env"] else (values, match["name"])
        if name not in known:
            raise errors.ConfigurationError(
                f"{FILE}: demo: {match[0]} in {command!r} is not known; known: {', '.join([*values, *env])}"
            )
        return str(known[name])

    filled = [_HOLE.sub(fill, word) for word in shlex.split(command)]
    return [sys.executable, *filled[1:]] if filled[0] == "python" else filled


def _known(section: Mapping[str, Any], names: tuple[str, ...], what: str) -> None:
    unknown = sorted(set(section) - set(names))
    if unknown:
        raise errors.ConfigurationError(f"{FILE}: {what}.{unknown[0]} is not known; known: {', '.join(names)}")


def _text(section: Mapping[str, Any], name: str, what: str) -> str:
    found = section.get(name)
    if not isinstance(found, str) or not found.strip():
        raise errors.ConfigurationError(f"{FILE}: {what}.{name} is missing; see docs/reference/report.md")
    return found.strip()
