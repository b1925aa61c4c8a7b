"""A file as it is written line by line, remembering where the things stand that questions point at.

Guarantees: a spot has the line on which it was written. Never touches a disk. Filled by the other pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from overgrow.draft.questions import Spot

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
# Words that other readers of YAML take for something else than text.
_TAKEN = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_WIDEST = 2**31


@dataclass(slots=True)
class Page:
    """One file of the project."""

    path: str
    lines: list[str] = field(default_factory=list)
    spots: dict[Spot, int] = field(default_factory=dict)

    def put(self, text: str, *spots: Spot) -> None:
        """Add a line (or several in one text; the spots are on the first)."""
        for spot in spots:
            self.spots[spot] = len(self.lines) + 1
        self.lines += text.split("\n")

    @property
    def text(self) -> str:
        """The file's content."""
        return "\n".join(self.lines) + "\n" if self.lines else ""


def scalar(text: str) -> str:
    """A text as YAML, also inside brackets: plain where it is one word, quoted otherwise."""
    if _WORD.fullmatch(text) and text.lower() not in _TAKEN:
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=_WIDEST)
    return quoted.rstrip("\n")


def listed(texts: tuple[str, ...]) -> str:
    """A list in one line."""
    return f"[{', '.join(scalar(text) for text in texts)}]"


def width(texts: list[str], *, most: int = 28) -> int:
    """The width of a column that lines up, unless a text is too long for that."""
    return max((len(text) for text in texts if len(text) <= most), default=0)
