"""One difference between the project and a live system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from overgrow.mapping import TablePlan
from overgrow.mapping.connector import Connector
from overgrow.sinks.postgres import Table

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
    """What provisioning needs to know of a project; `workers.assembly.Deployment` has it."""

    @property
    def pipeline(self) -> str:
        """The pipeline's name."""

    @property
    def source_dsn(self) -> str:
        """The legacy database."""

    @property
    def target_dsn(self) -> str:
        """The target database."""

    @property
    def bootstrap(self) -> str:
        """The brokers."""

    @property
    def connect_url(self) -> str:
        """Kafka Connect."""

    @property
    def partitions(self) -> int:
        """Partitions per topic."""

    @property
    def connector(self) -> Connector:
        """Name and configuration."""

    @property
    def tables(self) -> Mapping[str, Table]:
        """Topic to target table."""

    @property
    def plans(self) -> Mapping[str, TablePlan]:
        """Topic to mapping."""

    @property
    def documents(self) -> Mapping[str, str]:
        """Mapping name to its text."""

    @property
    def ddl(self) -> tuple[str, ...]:
        """Texts of the target's DDL files."""
