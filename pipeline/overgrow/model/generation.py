"""A generation of one topic, as the control topic keeps it."""

from __future__ import annotations

from typing import Literal

import msgspec


class GenerationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A generation of one topic. `begins`: partition to the offset at which it begins there."""

    schema_version: Literal[1] = 1
    kind: Literal["generation"] = "generation"
    topic: str
    topic_id: str
    mapping: str
    mapping_version: int
    epoch: int
    number: int
    begins: dict[str, int]
    swept: bool

    @property
    def key(self) -> bytes:
        """One record for each generation; a later one replaces it."""
        return msgspec.json.encode([self.kind, self.topic, self.epoch, self.number])

    @property
    def order(self) -> tuple[int, int]:
        """Newer is larger."""
        return self.epoch, self.number
