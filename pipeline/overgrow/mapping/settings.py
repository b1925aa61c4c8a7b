"""The project file `overgrow.yaml` as written: its settings with their lines, references to the environment unresolved.

Guarantees: what is missing or misspelt is a problem at its line. Never looks at the environment. Called by the project
loader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from overgrow.mapping import reading
from overgrow.mapping.problems import Problems
from overgrow.mapping.tree import Map, Node, Scalar, Sequence

FILE = "overgrow.yaml"
_SECTIONS = {
    "source": ("dsn", "connector", "catalogue", "refused"),
    "target": ("dsn", "ddl", "constraints"),
    "kafka": ("bootstrap", "partitions"),
    "connect": ("url",),
}
_OPTIONAL = frozenset({"partitions", "refused", "constraints"})
_NO_SCALAR = frozenset({"target.ddl", "target.constraints", "kafka.partitions", "source.refused"})
_WORKER = {
    "max_poll_records": (1, 1_000_000),
    "fetch_bytes": (1024, 2**31 - 1),
    "session_timeout_seconds": (1, 3600),
    "stall_seconds": (5, 86_400),
}
_PARTITIONS = 4
_DIGITS = 18  # a longer row of digits is a name, not a number
_TABLE = re.compile(r"[^.]+\..+", re.DOTALL)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A source table that stays behind on purpose, and why."""

    table: Scalar
    reason: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings; `scalars` by their dotted names."""

    refused: tuple[Refusal, ...]
    scalars: Mapping[str, Scalar]
    ddl: tuple[Scalar, ...]
    constraints: tuple[Scalar, ...]
    partitions: int
    worker: Mapping[str, int]
    demo: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A setting as written, empty when it is missing (which is a problem already)."""
        return self.scalars[key].text if key in self.scalars else ""

    def line(self, key: str) -> int:
        """Where it stands."""
        return self.scalars[key].line if key in self.scalars else 1


def read(top: Map, problems: Problems) -> Settings:
    """Read the project file's top map."""
    found = reading.entries(top, problems, what=FILE)
    reading.known(found, ("pipeline", "context", *_SECTIONS, "worker", "demo"), problems, what=FILE)
    scalars: dict[str, Scalar] = {}
    for name in ("pipeline", "context"):
        one = reading.scalar(reading.required(found, name, problems, line=1, what=FILE), problems, what=name)
        if one is not None:
            scalars[name] = one
    sections = {name: _section(name, found, problems) for name in _SECTIONS}
    for name, section in sections.items():
        for key, (_, node) in section.items():
            if f"{name}.{key}" not in _NO_SCALAR:
                one = reading.scalar(node, problems, what=f"{name}.{key}")
                scalars |= {} if one is None else {f"{name}.{key}": one}
    pipeline = scalars.get("pipeline")
    if pipeline is not None and not _NAME.fullmatch(pipeline.text):
        message = "a pipeline's name is part of topic names: small letters, digits, _ and -, at most 63"
        problems.add(pipeline.line, "bad-name", message)
    partitions = sections["kafka"].get("partitions")
    ddl, constraints = (sections["target"].get(name) for name in ("ddl", "constraints"))
    refused = sections["source"].get("refused")
    return Settings(
        refused=_refused(refused[1], problems) if refused else (),
        scalars=scalars,
        ddl=reading.scalars(ddl[1], problems, what="target.ddl") if ddl else (),
        constraints=reading.scalars(constraints[1], problems, what="target.constraints") if constraints else (),
        partitions=_PARTITIONS
        if partitions is None
        else _number(partitions[1], "kafka.partitions", (1, 1000), problems),
        worker=_worker(found["worker"][1], problems) if "worker" in found else {},
        demo=_plain_map(found["demo"][1], problems) if "demo" in found else {},
    )


def _section(name: str, found: dict[str, tuple[Scalar, Node]], problems: Problems) -> dict[str, tuple[Scalar, Node]]:
    node = reading.required(found, name, problems, line=1, what=FILE)
    inside = reading.entries(node, problems, what=name)
    reading.known(inside, _SECTIONS[name], problems, what=name)
    line = found[name][0].line if name in found else 1
    for key in _SECTIONS[name] if node is not None else ():
        if key not in _OPTIONAL:
            reading.required(inside, key, problems, line=line, what=name)
    return inside


def _refused(node: Node, problems: Problems) -> tuple[Refusal, ...]:
    found = []
    for table, value in reading.entries(node, problems, what="source.refused", repeated="duplicate-table").values():
        reason = reading.scalar(value, problems, what=f"the reason to refuse {table.text}")
        if not _TABLE.fullmatch(table.text):
            problems.add(table.line, "bad-name", f"source.refused names tables as schema.table, not {table.text!r}")
        elif reason is not None and not reason.text.strip():
            problems.add(reason.line, "missing-reason", f"source.refused: say why {table.text} stays behind")
        elif reason is not None:
            found.append(Refusal(table=table, reason=reason))
    return tuple(found)


def _worker(node: Node, problems: Problems) -> dict[str, int]:
    found = reading.entries(node, problems, what="worker")
    reading.known(found, _WORKER, problems, what="worker")
    return {
        name: _number(found[name][1], f"worker.{name}", bounds, problems)
        for name, bounds in _WORKER.items()
        if name in found
    }


def _number(node: Node, what: str, bounds: tuple[int, int], problems: Problems) -> int:
    low, high = bounds
    return reading.whole_number(node, problems, what=what, low=low, high=high) or low


def _plain_map(node: Node, problems: Problems) -> dict[str, Any]:
    return {name: plain(value) for name, (_, value) in reading.entries(node, problems, what="demo").items()}


def plain(node: Node) -> Any:  # noqa: ANN401 - any YAML value
    """A node as texts, lists and dicts; digits alone are a number here, where no row is concerned."""
    match node:
        case Map():
            return {key.text: plain(value) for key, value in node.entries}
        case Sequence():
            return [plain(item) for item in node.items]
        case Scalar():
            number = node.plain and node.text.isascii() and node.text.isdecimal() and len(node.text) <= _DIGITS
            return int(node.text) if number else node.text
