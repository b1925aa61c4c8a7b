"""One code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A stable code, what is behind it, and what to do; `cause` and `fix` are Markdown of one line."""

    name: str
    cause: str
    fix: str
