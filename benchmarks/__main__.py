"""`make bench`: drain a topic that the real connector filled, beside raw COPY of the same rows, in one run.

Half snapshot reads, half updates, fsync on. The figure to quote is events per second *of CPU* (worker and PostgreSQL
together) with every row on the guarded way, the median of several runs; wall time on a shared machine says little.
Beside it: the same with the reads copied straight into the target, as a first snapshot does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.drain import Drained, drain
from benchmarks.fill import fill
from benchmarks.raw_copy import Copied, raw_copy
from overgrow.stack import Options, Stack

BAR = 20_000  # events per second and core that the project promises


def main() -> int:
    """Fill, drain and copy in turn, print."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("--rows", type=int, default=60_000, help="rows in the source (events: twice as many)")
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--json", action="store_true")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="overgrow-bench-") as folder:
        stack = Stack(Path(folder) / "stack", say=lambda line: print(line, file=sys.stderr))
        endpoints = stack.up(Options(full_jit=True))
        try:
            deployment = fill(endpoints, chosen.rows)
            postmaster = stack.status().parts["target"].pid or 0
            runs = []
            for number in range(chosen.repeat):
                print(f"run {number + 1} of {chosen.repeat}", file=sys.stderr)
                guarded, straight = drain(deployment, postmaster), drain(deployment, postmaster, straight=True)
                runs.append((guarded, straight, raw_copy(deployment, postmaster)))
        finally:
            stack.down()
    return report(runs, as_json=chosen.json)


def report(runs: list[tuple[Drained, Drained, Copied]], *, as_json: bool) -> int:
    """Print the medians; exit 1 below the bar."""
    ours = statistics.median(one.per_core for one, _, _ in runs)
    limit = statistics.median(copy.per_core for _, _, copy in runs)
    result = {
        "events": runs[0][0].events,
        "rows": runs[0][2].rows,
        "runs": len(runs),
        "events_per_core": round(ours),
        "events_per_core_each": [round(one.per_core) for one, _, _ in runs],
        "events_per_core_with_direct_copy": round(statistics.median(one.per_core for _, one, _ in runs)),
        "worker_us_per_event": round(statistics.median(one.worker / one.events for one, _, _ in runs) * 1e6, 1),
        "postgres_us_per_event": round(statistics.median(one.postgres / one.events for one, _, _ in runs) * 1e6, 1),
        "events_per_wall_second": round(statistics.median(one.events / one.wall for one, _, _ in runs)),
        "worker_rss_mb": round(max(one.rss_mb for one, _, _ in runs)),
        "events_per_transaction": round(statistics.median(one.events / one.transactions for one, _, _ in runs)),
        "raw_copy_rows_per_core": round(limit),
        "share_of_raw_copy": round(ours / limit, 2),
    }
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:<26} {value}")
    return 0 if ours >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
