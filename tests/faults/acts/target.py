"""A target that answers, and says no."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg

from tests.faults.matrix import Fault
from tests.faults.pipeline import Connection
from tests.faults.scene import Scene
from tests.faults.waiting import until

TRIES = 20
WORKERS = "datname = current_database() AND application_name = ANY(%s)"
FULL = """
CREATE FUNCTION overgrow_test.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER overgrow_test_full BEFORE INSERT OR UPDATE ON crm.customers
    FOR EACH STATEMENT EXECUTE FUNCTION overgrow_test.full_disk();
CREATE TRIGGER overgrow_test_full BEFORE INSERT OR UPDATE ON crm.order_lines
    FOR EACH STATEMENT EXECUTE FUNCTION overgrow_test.full_disk();
"""


def sessions_ended(scene: Scene, _: Fault, dice: random.Random) -> float:
    """An operator ends the workers' sessions, again and again."""
    with scene.pipeline.target() as target:
        for _round in range(dice.randint(1, 5)):
            until(lambda: _end_sessions(scene, target), "a session of a worker is ended", scene.pipeline.state)
    return scene.progress()


def disk_full(scene: Scene, _: Fault, __: random.Random) -> float:
    """Every write fails as on a full disk (a trigger says so; there is room)."""
    with scene.pipeline.target() as target:
        with _retried(scene, "No space left on device"):
            target.execute(FULL)
        since = scene.stood()
        target.execute("DROP FUNCTION overgrow_test.full_disk CASCADE")
    return scene.recovered(since, time.monotonic())


def read_only(scene: Scene, _: Fault, __: random.Random) -> float:
    """The target turns read-only, as a server that is being switched over does."""
    name = scene.pipeline.name
    with scene.pipeline.admin() as admin, scene.pipeline.target() as target:
        with _retried(scene, "read-only transaction"):
            admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            _end_sessions(scene, target)
        admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    return scene.progress()


def out_of_connections(scene: Scene, _: Fault, __: random.Random) -> float:
    """Somebody takes every connection that the server gives."""
    with ExitStack() as greedy:
        first = greedy.enter_context(scene.pipeline.target())
        with _retried(scene, "too many clients"):

            def full() -> bool:
                try:
                    greedy.enter_context(psycopg.connect(scene.pipeline.target_dsn, autocommit=True))
                except psycopg.OperationalError:
                    return not _end_sessions(scene, first)
                return False

            until(full, "the server is full, and no worker is in", scene.pipeline.state)
    return scene.progress()


def deadlock(scene: Scene, _: Fault, __: random.Random) -> float:
    """Another session locks the target's rows in the opposite order, until a worker is the victim of a deadlock."""
    with scene.pipeline.target() as target:
        target.execute("SET deadlock_timeout = '20s'")  # so that the worker finds it, and gives way
        tries = iter(range(TRIES))
        with _retried(scene, "deadlock detected") as seen:
            for _try in tries:
                _lock_against(scene, target)
                if seen():
                    break
    return scene.progress()


def _lock_against(scene: Scene, target: Connection) -> None:
    """The upper half of the customers; when a worker waits for it, the lower half."""
    half = "(SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY customer_id) FROM crm.customers)"
    mine = target.info.backend_pid
    with target.transaction(force_rollback=True), scene.pipeline.target() as watcher:
        target.execute("SET LOCAL statement_timeout = '15s'")
        target.execute(f"SELECT FROM crm.customers WHERE customer_id > {half} FOR UPDATE".encode())

        def blocks() -> bool:
            query = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
            return watcher.execute(query, [mine]).fetchone() is not None

        until(blocks, "a worker waits for the locked rows", scene.pipeline.state)
        target.execute(f"SELECT FROM crm.customers WHERE customer_id <= {half} FOR UPDATE".encode())


@contextmanager
def _retried(scene: Scene, why: str) -> Iterator[Callable[[], bool]]:
    """What is done inside makes a worker wait and say why."""
    before = {name: len(_heard(scene, name, why)) for name in scene.workers}

    def seen() -> bool:
        return any(len(_heard(scene, name, why)) > before[name] for name in scene.workers)

    yield seen
    until(seen, f"a worker retries because of: {why}", scene.pipeline.state)


def _heard(scene: Scene, name: str, why: str) -> list[object]:
    worker = scene.workers[name]
    return [
        event for kind in ("sink-retry", "claim-retry") for event in worker.events(kind) if why in str(event["error"])
    ]


def _end_sessions(scene: Scene, target: Connection) -> int:
    """End every session of a worker; how many there were."""
    row = target.execute(
        f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {WORKERS}".encode(),
        [[f"overgrow:{scene.pipeline.name}"]],
    ).fetchone()
    return int(row[0]) if row else 0


ACTS = {
    "target-sessions-ended": sessions_ended,
    "target-deadlock": deadlock,
    "target-out-of-connections": out_of_connections,
    "target-disk-full-simulated": disk_full,
    "target-read-only": read_only,
}
