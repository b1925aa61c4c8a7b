"""Debezium messages to typed rows; pure. Called by the apply engine; the type table also by the mapping compiler."""

from overgrow.envelope.json_wire import Event, JsonWire, Operation, Source
from overgrow.envelope.types import SqlType, Wire, WireColumn, quote

__all__ = ["Event", "JsonWire", "Operation", "Source", "SqlType", "Wire", "WireColumn", "quote"]
