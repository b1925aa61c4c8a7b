"""What is wrong with a project: problems with file, line and a stable code, all collected before any is shown.

Guarantees: one mistake does not hide another. Never raises. Filled by the loader and the compiler, printed by `check`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One mistake; `file` is relative to the project, `line` counts from 1."""

    file: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code}: {self.message}"


@dataclass(slots=True)
class Problems:
    """The problems of one file, as they are found."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def add(self, line: int, code: str, message: str) -> None:
        """Note one; half a character, which JSON and YAML can spell and nothing can print, is shown as its escape."""
        message = message.encode(errors="backslashreplace").decode()
        self.found.append(Problem(file=self.file, line=line, code=code, message=message))


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?` where X is close enough, else nothing."""
    close = nearest(name, known)
    return f"; did you mean {close}?" if close else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name somebody may have meant."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), None)
