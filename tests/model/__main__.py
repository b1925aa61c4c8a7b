"""`python -m tests.model --seeds 10000`: that many random schedules of the delivery contract, and how many a second.

`--engine` drives the real engine with the in-memory sink through the same schedules. A schedule that breaks ends the
run with exit 1, its trace and, as the last line, the command that plays it again. CI plays the seeds 0 to 599 on the
model and on the engine, and every mutation until it is found (tests/model/conftest.py; OVERGROW_SEEDS changes it).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.model import play
from tests.model.checks import Violation

PIECE = 100  # schedules that a process takes at once


def main() -> int:
    """Play; 1 when a schedule breaks."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10_000, help="how many schedules")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--engine", action="store_true", help="with the real engine beside the model")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: one per core")
    asked = parser.parse_args()
    begun, end = time.perf_counter(), asked.first + asked.seeds
    pieces = [range(at, min(at + PIECE, end)) for at in range(asked.first, end, PIECE)]
    with ProcessPoolExecutor(asked.jobs) as pool:
        for broken in pool.map(partial(_play, with_engine=asked.engine), pieces):
            if broken:
                pool.shutdown(cancel_futures=True)
                sys.stdout.write(f"{broken}\n")
                return 1
    seconds = time.perf_counter() - begun
    what = "the engine and the model" if asked.engine else "the model"
    told = (
        f"{asked.seeds} schedules of {what} in {seconds:.1f} s: {asked.seeds / seconds:.0f}/s, {asked.jobs} processes"
    )
    sys.stdout.write(f"{told}\n")
    return 0


def _play(seeds: range, *, with_engine: bool) -> str:
    """What broke, or nothing."""
    for seed in seeds:
        try:
            (play.engine if with_engine else play.model)(seed)
        except Violation as broken:
            return str(broken)
    return ""


if __name__ == "__main__":
    sys.exit(main())
