"""Debezium's operation codes."""

from __future__ import annotations

from enum import Enum


class Operation(Enum):
    """The `op` field of a Debezium envelope (source: Debezium connector documentation, "change event value")."""

    READ = "r"
    CREATE = "c"
    UPDATE = "u"
    DELETE = "d"
    TRUNCATE = "t"
    MESSAGE = "m"
