"""What the reconciler needs of a project and its systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from overgrow.kafka.connect import ConnectorStatus
from overgrow.mapping import RowCodec, TablePlan
from overgrow.mapping.connector import Connector
from overgrow.model import Part
from overgrow.reconcile.checkpoints import Checkpoint
from overgrow.sinks.postgres import Table

Say = Callable[[str], None]


class Systems(Protocol):
    """A project and the systems its environment names; `workers.assembly.Deployment` has it."""

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
    def connector(self) -> Connector:
        """Name and configuration."""

    @property
    def tables(self) -> Mapping[str, Table]:
        """Topic to target table."""

    @property
    def plans(self) -> Mapping[str, TablePlan]:
        """Topic to mapping."""

    @property
    def codecs(self) -> Mapping[str, RowCodec]:
        """Topic to codec."""


class SourceMark(Protocol):
    """The source's log: where it ends, and a mark that makes the connector pass that end."""

    def position(self) -> int:
        """The log's insert position, in bytes."""

    def mark(self, prefix: str) -> None:
        """Emit a logical message."""


class Committed(Protocol):
    """How far the connector has come."""

    def offsets(self, name: str) -> dict[str, Any]:
        """The committed source offset."""

    def status(self, name: str) -> ConnectorStatus | None:
        """The states of connector and tasks."""


class Ends(Protocol):
    """Where the topics end."""

    def __call__(self) -> dict[Part, int]:
        """End offset of every partition of the pipeline's topics."""


class Applied(Protocol):
    """How far the target has come."""

    def __call__(self) -> dict[Part, Checkpoint]:
        """The checkpoint of every partition."""
