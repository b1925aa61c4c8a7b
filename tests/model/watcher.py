"""What a watcher of a world sees: every claim, every chunk that reaches the target, every act of the operator."""

from __future__ import annotations

from typing import Literal, Protocol

from tests.model.connector import Chunk
from tests.model.rules import ModelSink, Outcome
from tests.model.target import Token


class Watcher(Protocol):
    """Sees what reaches the target."""

    def claimed(self, part: int, token: Token, at: int) -> None:
        """A claim was given."""

    def fed(self, chunk: Chunk, token: Token, fault: str, outcome: Outcome, sink: ModelSink) -> None:
        """A chunk was written or refused."""

    def begun(self, starts: tuple[int, ...], sink: ModelSink) -> None:
        """A generation begins."""

    def swept(self, sink: ModelSink) -> None:
        """The newest generation was swept."""

    def adopted(self, starts: tuple[int, ...], history: Literal["same", "new"], sink: ModelSink) -> None:
        """An epoch was adopted."""

    def saved(self) -> None:
        """A backup was taken."""

    def restored(self, sink: ModelSink) -> None:
        """The target was put back to the backup."""


class Nobody:
    """Looks away."""

    def claimed(self, part: int, token: Token, at: int) -> None:
        """Nothing."""

    def fed(self, chunk: Chunk, token: Token, fault: str, outcome: Outcome, sink: ModelSink) -> None:
        """Nothing."""

    def begun(self, starts: tuple[int, ...], sink: ModelSink) -> None:
        """Nothing."""

    def swept(self, sink: ModelSink) -> None:
        """Nothing."""

    def adopted(self, starts: tuple[int, ...], history: Literal["same", "new"], sink: ModelSink) -> None:
        """Nothing."""

    def saved(self) -> None:
        """Nothing."""

    def restored(self, sink: ModelSink) -> None:
        """Nothing."""
