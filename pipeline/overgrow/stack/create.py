"""Makes a stack's folder: ports, database clusters, broker storage, the plan. Starts no part."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from overgrow.stack import archives, java, kafka, plan, ports, postgres
from overgrow.stack import jars as jar_cache
from overgrow.stack.options import DATABASES, PARTS, Options


def create(folder: Path, options: Options, say: Callable[[str], None]) -> plan.Plan:
    """Write the plan twice: without parts, so that a scratch folder is on record at once, and when it can be run."""
    found = java.find()
    program, jars = found.program, jar_cache.resolve(found.build, say)
    archives.make(program, jars, say)
    user, binaries = postgres.unprivileged_user(), postgres.find_binaries()
    scratch = postgres.scratch_folder(folder, binaries) if user else folder
    draft = plan.Plan(
        options=options,
        ports=ports.free((*PARTS, "controller")),
        postgres_bin=str(binaries),
        postgres_user=user,
        scratch=str(scratch) if scratch != folder else None,
    )
    plan.write(folder, draft)
    logs = folder / plan.LOGS
    logs.mkdir()
    say("making two database clusters and the broker's storage")
    binaries = postgres.reachable_binaries(binaries, scratch) if user else binaries
    with ThreadPoolExecutor() as pool:
        made = [pool.submit(_cluster, name, scratch, binaries, draft) for name in DATABASES]
        made.append(pool.submit(_storage, program, jars, folder, draft))
        for one in made:
            one.result()
    parts = {
        "kafka": kafka.broker_part(program, jars, folder / "kafka", logs / "kafka.log", options),
        "connect": kafka.connect_part(program, jars, folder / "connect", logs / "connect.log", options, draft.ports),
        **{name: postgres.part(scratch / name, logs / f"{name}.log", binaries, user) for name in DATABASES},
    }
    ready = replace(draft, parts=parts)
    plan.write(folder, ready)
    return ready


def _cluster(name: str, scratch: Path, binaries: Path, draft: plan.Plan) -> None:
    postgres.make_cluster(name, scratch / name, binaries, draft.postgres_user)
    postgres.configure(name, scratch / name, draft.ports[name], draft.options)


def _storage(program: str, jars: jar_cache.Jars, folder: Path, draft: plan.Plan) -> None:
    broker, _ = kafka.write_folders(jars, folder, draft.ports, draft.options)
    kafka.format_storage(program, jars, broker)


def remove(folder: Path, scratch: str | None, lock: Path) -> None:
    """Everything `create` made, the lock last; the folder too if nothing else is in it."""
    if scratch:
        shutil.rmtree(scratch, ignore_errors=True)
    for entry in folder.iterdir():
        if entry == lock:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    lock.unlink()
    folder.rmdir()
