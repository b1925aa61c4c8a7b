"""One difference between the project and a live system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

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


class Facts(Protocol):
    """What provisioning needs to know of a project; `overgrow.workers.assembly.Deployment` has it."""

    pipeline: str
    source_dsn: str
    target_dsn: str
    bootstrap: str
    connect_url: str
    partitions: int
    connector: dict[str, Any]  # name, config
    tables: tuple[Any, ...]  # sinks.postgres.Table
    plans: dict[str, Any]  # topic -> TablePlan
    documents: dict[str, str]  # mapping -> its text
    ddl: tuple[str, ...]  # texts of the target DDL files
