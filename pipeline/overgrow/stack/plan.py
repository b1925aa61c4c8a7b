"""The two files through which a stack is run: what is wanted (written by `Stack`) and what is (by the supervisor).

`plan.json`: how each part is started, and its `round`: a part is started when its round is higher than that of its
last start (0: never yet). `state.json`: each part's last process. Both are replaced in one step.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from overgrow.stack.failures import StackError
from overgrow.stack.options import Options
from overgrow.stack.processes import Identity

PLAN, STATE, LOGS = "plan.json", "state.json", "logs"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How to start one part."""

    argv: list[str]
    cwd: str
    log: str
    env: dict[str, str]
    user: str | None = None
    round: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a stack consists of. `scratch` lies outside the stack's folder when the dropped user cannot reach that."""

    options: Options
    ports: dict[str, int]
    postgres_bin: str
    postgres_user: str | None = None
    scratch: str | None = None
    parts: dict[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One start of a part: the process, and its exit code once it ended (negative: by that signal)."""

    process: Identity
    round: int
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the supervisor last saw."""

    supervisor: Identity
    parts: dict[str, Run] = field(default_factory=dict)


def read_plan(folder: Path) -> Plan | None:
    """What is wanted; None where no stack was made."""
    return _read(folder / PLAN, Plan)


def read_state(folder: Path) -> State | None:
    """What the last supervisor saw; it may be gone, and so may its processes."""
    return _read(folder / STATE, State)


def write(folder: Path, document: Plan | State) -> None:
    """Replace the document's file in one step; only its owner may read it (it can hold passwords)."""
    name = PLAN if isinstance(document, Plan) else STATE
    handle, temporary = tempfile.mkstemp(prefix=f".{name}-", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(document)))
    Path(temporary).replace(folder / name)


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise StackError(
            f"{path}: not written by this version: {error}; next: end its processes, delete the folder"
        ) from error
