"""A record that was set aside: what it was, where it stood, why it could not be applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from overgrow.model.chunk import Record

LetterKind = Literal["decode", "translate", "data", "key-collision", "partial-without-row"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter; `record` keeps the original bytes and headers.

    `key` is the canonical source key (None if the key itself is unreadable), `lsn` and `xid` the event's position as
    far as it could be read. `field` names the mapping's target field for translation errors; `target_key` (COPY text,
    where the key translates) lets the sink see whether the row has moved on already.
    """

    record: Record
    key: str | None
    lsn: int | None
    xid: int | None
    kind: LetterKind
    cause: str
    field: str | None = None
    target_key: str | None = None
