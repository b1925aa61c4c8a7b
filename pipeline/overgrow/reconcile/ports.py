"""What the wait for the drain needs of the systems around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from overgrow.kafka.connect import ConnectorStatus
from overgrow.model import Part
from overgrow.reconcile.checkpoints import Checkpoint

Say = Callable[[str], None]


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
