"""The shop's live writer in a thread: started, asked to stop, its report read. The only one who changes its rows."""

from __future__ import annotations

import threading
from typing import Any

import psycopg

from legacy_shop import writer
from legacy_shop.traffic import Traffic

LONGEST_SECONDS = 240.0
END_SECONDS = 30.0


class Writer:
    """Writes until told to stop; rows that others insert after its start are unknown to it."""

    def __init__(
        self,
        dsn: str,
        *,
        rate: float,
        seed: int,
        poison: int = 0,
        changes: int | None = None,
        seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._dsn, self._rate, self._seed, self._poison, self._changes = dsn, rate, seed, poison, changes
        self._seconds = seconds
        self._stop = writer.Stop()
        self._report: writer.Report | None = None
        self._error: BaseException | None = None
        self.started = False
        self._thread = threading.Thread(target=self._run, name=f"writer-{seed}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop; nothing to do is fine."""
        self._stop.asked = True
        self._thread.join(END_SECONDS)
        assert not self._thread.is_alive(), f"the writer does not end within {END_SECONDS:g} s"

    def done(self) -> writer.Report:
        """Stop; what was written. Raises what the writer raised."""
        self.end()
        if self._error is not None:
            raise self._error
        assert self._report is not None
        return self._report

    def _run(self) -> None:
        try:
            with psycopg.connect(self._dsn, autocommit=True, application_name="faults.writer") as connection:
                keys, customer, order = writer.read_keys(connection)
                traffic: Any = Traffic(
                    keys, seed=self._seed, next_customer=customer, next_order=order, poison=self._poison
                )
                self._report = writer.write(
                    connection,
                    _Watched(traffic, self),
                    rate=self._rate,
                    seconds=self._seconds,
                    changes=self._changes,
                    stop=self._stop,
                )
        except Exception as error:  # noqa: BLE001 - raised by `done`, in the test's own thread
            self._error = error
            self.started = True


class _Watched(Traffic):
    """The same transactions; the second one asked for means that the first is committed."""

    def __init__(self, traffic: Traffic, owner: Writer) -> None:
        self.__dict__.update(traffic.__dict__)
        self._owner, self._asked = owner, 0

    def next(self) -> Any:
        self._asked += 1
        self._owner.started = self._owner.started or self._asked > 1
        return super().next()
