"""A worker with a bug: `overgrow` as it is, but after FAULT_AFTER batches it raises behind a transaction's last
statement, just before the commit. It says where, as a log event.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from typing import Any

from overgrow.cli import main
from overgrow.sinks.postgres.sink import PostgresSink

AFTER = int(os.environ["FAULT_AFTER"])
_write = PostgresSink._write
_batches = itertools.count(1)


async def _faulty(self: PostgresSink, connection: Any, table: Any, batch: Any, claim: Any) -> Any:
    receipt = await _write(self, connection, table, batch, claim)
    if next(_batches) > AFTER:
        where = {"event": "planted", "topic": batch.part.topic, "partition": batch.part.partition, "start": batch.start}
        sys.stderr.write(f"{json.dumps(where)}\n")
        raise ZeroDivisionError("planted")
    return receipt


PostgresSink._write = _faulty  # type: ignore[method-assign]
main()
