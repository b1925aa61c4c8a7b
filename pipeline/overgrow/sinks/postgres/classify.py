"""SQLSTATE to fate: the row's data, the server's state, or a bug. By code, never by text."""

from __future__ import annotations

from typing import Literal

import psycopg

Fate = Literal["data", "constraint", "transient", "bug"]

_CONSTRAINT = {"23505", "23503"}  # unique, foreign key: added too early
_DATA = {"23502", "23514"}  # not null, check
_TRANSIENT = {
    "40001",  # serialization failure
    "40P01",  # deadlock
    "55P03",  # lock not available
    "25006",  # read-only transaction: a standby, or a server being switched over
    "25P03",  # idle-in-transaction timeout: we slept past it (a zombie wakes here)
    "25P04",  # transaction timeout
}
_TRANSIENT_CLASSES = {"08", "53", "57"}  # connection, resources, operator intervention


def fate(error: psycopg.Error) -> Fate:
    """What a database error means for the batch that met it."""
    state = error.sqlstate
    if state is None:  # libpq or the socket: no server answered
        return "transient" if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else "bug"
    if state in _CONSTRAINT:
        return "constraint"
    if state in _DATA or state[:2] == "22":
        return "data"
    if state in _TRANSIENT or state[:2] in _TRANSIENT_CLASSES:
        return "transient"
    return "bug"
