"""What a fuzzed input must not do, and how it is written down when it does."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SHOWN = 2000  # characters of an input
_ROOT = Path(__file__).resolve().parents[2]


class Broken(Exception):
    """A promise that an input broke without any exception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One input that broke something; seed and number give it again."""

    what: str  # files or messages
    number: int
    cause: str
    where: str
    shown: str

    @classmethod
    def of(cls, what: str, number: int, error: BaseException, shown: str) -> Finding:
        """From what was raised."""
        frames = [one for one in traceback.extract_tb(error.__traceback__) if str(_ROOT) in one.filename]
        last = next((one for one in reversed(frames) if "/tests/" not in one.filename), frames[-1] if frames else None)
        where = "" if last is None else f"{Path(last.filename).relative_to(_ROOT)}:{last.lineno}"
        cause = f"{type(error).__name__}: {error}"[:300].encode("utf-8", "backslashreplace").decode()
        return cls(what=what, number=number, cause=cause, where=where, shown=abridged(shown))

    @property
    def kind(self) -> str:
        """What findings of the same mistake have in common."""
        return f"{self.what} {self.cause.partition(':')[0]} {self.where}"

    def describe(self) -> dict[str, Any]:
        """As plain values."""
        return {name: getattr(self, name) for name in ("what", "number", "cause", "where", "shown")}


def abridged(shown: str) -> str:
    """The beginning and the end of a long input, printable."""
    text = (
        shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN // 2]} … {len(shown)} characters … {shown[-_SHOWN // 2 :]}"
    )
    return text.encode("utf-8", "backslashreplace").decode()
