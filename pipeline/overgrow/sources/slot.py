"""The connector's replication slot as the source shows it: what is kept for it, and whether it can still be served.

Only reads. Called by `status`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """`wal_status` lost: changes are gone for good. `retained_bytes`: log kept on disk because of this slot."""

    name: str
    active: bool
    wal_status: str | None
    retained_bytes: int | None
    unconfirmed_bytes: int | None


def read_slot(connection: psycopg.Connection[Any], name: str) -> Slot | None:
    """The slot, None if there is no such slot."""
    row = connection.execute(
        "SELECT active, wal_status, (pg_current_wal_lsn() - restart_lsn)::bigint,"
        " (pg_current_wal_lsn() - confirmed_flush_lsn)::bigint FROM pg_replication_slots WHERE slot_name = %s",
        [name],
    ).fetchone()
    if row is None:
        return None
    active, wal_status, retained, unconfirmed = row
    return Slot(name=name, active=active, wal_status=wal_status, retained_bytes=retained, unconfirmed_bytes=unconfirmed)
