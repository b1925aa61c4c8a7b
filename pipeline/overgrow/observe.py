"""Log events: a stable name and fields, one JSON object per line on stderr. Imported by the edges only."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

QUIET = frozenset({"committed"})  # once per chunk: only with --verbose


class EventLog:
    """Writes events; `verbose` includes the ones that come with every chunk."""

    def __init__(self, name: str, *, verbose: bool = False, stream: TextIO | None = None) -> None:
        self._name = name
        self._verbose = verbose
        self._stream = stream or sys.stderr

    def __call__(self, event: str, fields: Mapping[str, Any]) -> None:
        """Write one event."""
        if event in QUIET and not self._verbose:
            return
        line = {"at": round(time.time(), 3), "event": event, "worker": self._name, **fields}
        self._stream.write(json.dumps(line, default=str) + "\n")
        self._stream.flush()
