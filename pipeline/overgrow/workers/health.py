"""Looks every minute at what may break around a running worker, and logs what has changed.

A lost slot, a FAILED task behind a RUNNING connector, a table that left the publication, retention that nears the
checkpoint: none of them ends a worker, each of them is silent without this. Never raises, never blocks the loop.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from overgrow.apply.engine import Observer
from overgrow.doctor import Changes, Finding

SECONDS = 60.0


class Health:
    """`look`: the running checks of the doctor; it blocks, so it gets a thread."""

    def __init__(self, look: Callable[[], list[Finding]], observe: Observer) -> None:
        self._look = look
        self._observe = observe
        self._changes = Changes()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - workers do not ask all at once
            try:
                found = await asyncio.to_thread(self._look)
            except Exception as error:  # noqa: BLE001 - a check that fails must not end a worker that works
                self._observe("health-unknown", {"error": repr(error)})
                continue
            for was, one in self._changes.since(found):
                if one.level != "ok" or was is not None:
                    self._observe("health", {"was": was, **one.document()})
