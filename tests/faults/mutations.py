"""Workers with one rule weakened, on real systems: `python -m tests.faults.mutations --out FILE`.

Each runs through a provocation that only its rule survives, and some check must catch it: the judge, a refusal that
does not come, a commit under a claim that is another's. Each provocation is first played with nothing weakened, and
must be clean: what catches a mutant must not be the provocation itself.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from overgrow.stack import Options, Stack
from tests.faults.matrix import HOSTS
from tests.faults.mutants import CONTROL
from tests.faults.pipeline import CHECKOUT
from tests.faults.provocations import (
    STOOD_STILL,
    adopted,
    again,
    again_at_once,
    collided,
    ended_by,
    fallback,
    generation,
    in_flight,
    killed,
    letters,
    live,
    newer_mapping,
    old_behind_reads,
    recreated,
    rewound,
    truncated,
    zombie,
)
from tests.faults.scene import Scene, played
from tests.faults.worker import MUTATED

Provocation = Callable[[Scene], list[str]]


class Case(NamedTuple):
    """A rule, what provokes its absence, and a fault inside the worker that this needs."""

    mutant: str
    provoke: Provocation
    inner_fault: str = ""


CASES = (
    Case("check the claim", zombie),
    Case("stop at a hole", live, "chunks are dropped"),
    Case("trim what is applied already", live, "answers to commits are lost"),
    Case("compare positions", again),
    Case("leave a tombstone", again),
    Case("count open letters as stamps", letters),
    Case("commit rows and checkpoint together", killed),
    Case("delete a row that leaves the filter", live),
    Case("leave alone what did not travel", live),
    Case("count Kafka's tombstones", live),
    Case("refuse another topic of the same name", recreated),
    Case("compare offsets", rewound),
    Case("give a read no position", in_flight),
    Case("keep the floor under a read", old_behind_reads),
    Case("compact by the guard's rule", again_at_once),
    Case("fall back to the older valid event", fallback),
    Case("stamp with the generation under the lock", generation),
    Case("stamp with the epoch", adopted),
    Case("refuse what a truncate has overtaken", truncated),
    Case("refuse an older mapping", newer_mapping),
    Case("keep two source keys off one target key", collided),
)


def play(stack: Stack, folder: Path, case: Case, mutant: str, host: str) -> list[str]:
    """Every problem that some check found; empty: clean."""
    env = {"OVERGROW_MUTANT": mutant, "OVERGROW_INNER_FAULT": case.inner_fault, "PYTHONPATH": str(CHECKOUT)}
    with played(stack, folder, host=host, seed=1, entry=MUTATED, env=env) as scene:
        try:
            scene.settle()
            return case.provoke(scene)
        except AssertionError as stood:
            return [ended_by(scene) or f"{STOOD_STILL}{str(stood).splitlines()[0]}"]
        finally:
            for worker in scene.pipeline.workers:  # a mutant may have ended as it liked
                worker.expected = True


def main(arguments: Sequence[str] | None = None) -> int:
    """Play all of them; 0 when every mutant was caught and every control was clean."""
    parser = argparse.ArgumentParser(description="Weaken one rule at a time; each must be noticed.")
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/mutations.json"))
    parser.add_argument("--only", action="append", help="mutants whose rule contains this; the report keeps the others")
    asked = parser.parse_args(arguments)
    weighed: dict[str, Any] = {}
    if asked.only and asked.out.exists():
        weighed = {one["weakened"]: one for one in json.loads(asked.out.read_text())["mutations"]}
    with tempfile.TemporaryDirectory(prefix="overgrow-mutations-") as folder:
        stack = Stack(Path(folder) / "stack")
        stack.up(Options(min_session_timeout_ms=1000))
        try:
            for number, case in enumerate(CASES):
                if asked.only and not any(one in case.mutant for one in asked.only):
                    continue
                host = HOSTS[number % len(HOSTS)]
                weighed[case.mutant] = _weighed(stack, Path(folder), case, host)
                _write(asked.out, list(weighed.values()))
        finally:
            stack.down()
    return int(not _held(list(weighed.values())))


def _held(weighed: Sequence[dict[str, Any]]) -> bool:
    return len(weighed) == len(CASES) and all(one["caught"] and one["control_clean"] for one in weighed)


def _write(out: Path, weighed: Sequence[dict[str, Any]]) -> None:
    report = {"rules": len(CASES), "held": _held(weighed), "mutations": weighed}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")


def _weighed(stack: Stack, folder: Path, case: Case, host: str) -> dict[str, Any]:
    control = play(stack, folder, case, CONTROL, host)
    found = play(stack, folder, case, case.mutant, host)
    _say(f"{host}: without '{case.mutant}': {found or 'NOT CAUGHT'}; control: {control or 'clean'}")
    return {
        "weakened": case.mutant,
        "provocation": (case.provoke.__doc__ or "").strip(),
        "fault_inside": case.inner_fault or None,
        "host": host,
        "caught": any(not one.startswith(STOOD_STILL) for one in found),
        "by": [one[:300] for one in found],
        "control_clean": not control,
        "control": [one[:300] for one in control],
    }


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its stack goes with it
    sys.exit(main())
