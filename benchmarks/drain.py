"""One drain: a fresh target, one worker, until every checkpoint stands at the end of its partition."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass

import psycopg
from psycopg import sql

from benchmarks import cpu
from benchmarks.fill import PROJECT
from overgrow.deployment import Deployment
from overgrow.kafka.admin import Topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """CPU and wall seconds from the claim to the last commit; `rss_mb` is the worker's peak."""

    events: int
    worker: float
    postgres: float
    wall: float
    rss_mb: float
    transactions: int

    @property
    def per_core(self) -> float:
        """Events per second of CPU, worker and PostgreSQL together."""
        return self.events / (self.worker + self.postgres)


def reset(deployment: Deployment, *, straight: bool) -> None:
    """Empty the target and begin at offset 0 again. Not `straight`: as in a later epoch, where no read is copied in."""
    epoch = 1 if straight else 2
    with psycopg.connect(deployment.target_dsn, autocommit=True) as target:
        for table in deployment.tables.values():
            target.execute(sql.SQL("TRUNCATE {}").format(table.identifier))
        target.execute("TRUNCATE overgrow.tombstone, overgrow.dead_letter")
        target.execute("UPDATE overgrow.generation SET first_read = NULL, epoch = %s", [epoch])
        target.execute(
            "UPDATE overgrow.checkpoint SET next_offset = 0, source_position = NULL, received = 0, applied = 0,"
            " superseded = 0, filtered = 0, set_aside = 0, ignored = 0, generation = 0, epoch = %s",
            [epoch],
        )
        target.execute("CHECKPOINT")


def drain(deployment: Deployment, postmaster: int, *, straight: bool = False) -> Drained:
    """Run one worker over the whole topic. `straight`: the snapshot's reads may be copied straight into the target."""
    reset(deployment, straight=straight)
    topic = next(iter(deployment.tables))
    ends = {f"{topic}[{part}]": end for part, end in Topics(deployment.bootstrap).end_offsets(topic).items()}
    command = [sys.executable, "-m", "overgrow", "--project", str(PROJECT), "worker", "-v"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            return _measure(process, ends, postmaster)
        finally:
            process.terminate()
            if process.stderr is not None:
                process.stderr.read()  # until it has ended


def _measure(process: subprocess.Popen[str], ends: dict[str, int], postmaster: int) -> Drained:
    begin: tuple[float, float, float] | None = None
    left, received, transactions = dict(ends), 0, 0
    for line in process.stderr or ():
        event = json.loads(line) if line.startswith("{") else {}
        match event.get("event"):
            case "claimed" if begin is None:
                begin = (cpu.seconds(process.pid), cpu.tree_seconds(postmaster), time.monotonic())
            case "committed":
                received += event["received"]
                transactions += 1
                if event["next"] >= left.get(event["part"], 1 << 62):
                    del left[event["part"]]
                if not left and begin:
                    return Drained(
                        events=received,
                        worker=cpu.seconds(process.pid) - begin[0],
                        postgres=cpu.tree_seconds(postmaster) - begin[1],
                        wall=time.monotonic() - begin[2],
                        rss_mb=cpu.peak_rss_mb(process.pid),
                        transactions=transactions,
                    )
    msg = f"the worker ended with {len(left)} partitions not drained"
    raise RuntimeError(msg)
