"""One difference between the project and a live system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

System = Literal["source", "topics", "target", "connect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`make` carries it out; `detail` is what a person must see before that (SQL, settings)."""

    system: System
    name: str
    does: str
    detail: str
    make: Callable[[], None]

    def to_json(self) -> dict[str, str]:
        """For `plan --json`."""
        return {"system": self.system, "name": self.name, "does": self.does, "detail": self.detail}
