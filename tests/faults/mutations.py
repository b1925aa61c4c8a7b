"""Workers with one rule weakened, on real systems: `python -m tests.faults.mutations --out FILE`.

Each runs through a provocation that only its rule survives, and some check must catch it: the judge, a refusal that
does not come, a commit under a claim that is another's. Each provocation is first played with nothing weakened, and
must be clean: what catches a mutant must not be the provocation itself.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from legacy_shop.data import UNKNOWN
from overgrow.model import Part
from overgrow.stack import Options, Stack
from overgrow.testing import rangelog
from overgrow.testing.faults import Plant
from tests.faults.acts.log import send_again, topic_recreated
from tests.faults.judge import inspect
from tests.faults.matrix import HOSTS
from tests.faults.mutants import CONTROL
from tests.faults.scene import Scene, played
from tests.faults.waiting import until
from tests.faults.worker import MUTATED

BATCHES = 200
STOOD_STILL = "it stands still: "  # is no proof of anything
Provocation = Callable[[Scene], list[str]]


class Case(NamedTuple):
    """A rule, what provokes its absence, and a fault inside the worker that this needs."""

    mutant: str
    provoke: Provocation
    inner_fault: str = ""


def judged(scene: Scene) -> list[str]:
    """End the writes; what the judge finds."""
    scene.stop_writing()
    try:
        return inspect(scene.pipeline).problems + fenced(scene)
    except AssertionError as stood:
        return [_ended(scene) or f"{STOOD_STILL}{str(stood).splitlines()[0]}"]


def _ended(scene: Scene) -> str:
    """What the workers' own checks ended them by."""
    said = [
        event for worker in scene.pipeline.workers for name in ("crashed", "refused") for event in worker.events(name)
    ]
    found = sorted({str(event.get("error") or event.get("code")) for event in said})
    return f"ended by its own check: {'; '.join(found)}" if found else ""


def fenced(scene: Scene) -> list[str]:
    """Ranges that a worker committed although the checkpoint was claimed by another."""
    with scene.pipeline.target() as target:
        owners = {(str(Part(one.topic, one.partition)), one.start): one.owner for one in rangelog.ranges(target)}
    by_owner = defaultdict[str, dict[str, int]](dict)
    for number, worker in enumerate(scene.pipeline.workers):
        for event in worker.events("committed"):
            if owner := owners.get((event["part"], event["start"])):
                by_owner[owner][f"{number}-{worker.name}"] = event["start"]
    return [f"claim owner {owner} was used by {sorted(used)}" for owner, used in by_owner.items() if len(used) > 1]


def live(scene: Scene) -> list[str]:
    """Live writes."""
    scene.pipeline.more_commits(BATCHES)
    return judged(scene)


def again(scene: Scene) -> list[str]:
    """Every change that was applied comes again, behind newer ones."""
    scene.pipeline.more_commits(BATCHES)
    for topic in scene.pipeline.deployment.plans:
        for number in range(scene.pipeline.deployment.partitions):
            send_again(scene.pipeline, Part(topic, number))
    return judged(scene)


def killed(scene: Scene) -> list[str]:
    """Workers die with everything written and nothing committed."""
    for number in range(4):
        victim = scene.victim(random.Random(number))  # noqa: S311 - the same every time
        worker = scene.order(victim, Plant(point="before_commit", do="kill", hit=5))
        assert worker.ended() == -signal.SIGKILL, worker.tail()
        scene.start(victim)
        scene.whole()
    return judged(scene)


def zombie(scene: Scene) -> list[str]:
    """A frozen worker goes on after another has claimed its partitions, and before that has applied anything."""
    scene.workers["w2"].kill()
    first = scene.workers["w1"]
    until(lambda: scene.owners() == 1, "one worker has everything", scene.pipeline.state)
    scene.order("w1", Plant(point="after_stage", do="pause"))
    first.frozen()
    heir = scene.start("w2", Plant(point="after_claim", do="delay", seconds=6))
    until(lambda: heir.events("planted"), "the heir has claimed everything", scene.pipeline.state)
    first.signal(signal.SIGCONT)
    until(lambda: heir.events("claimed"), "the heir goes on", scene.pipeline.state)
    scene.whole()
    return judged(scene)


def letters(scene: Scene) -> list[str]:
    """A change that does not translate; then what its key was before comes again."""
    with scene.pipeline.source() as source:
        keys = source.execute("SELECT cust_id FROM public.cust_master WHERE cust_id < 0").fetchall()
        assert not keys
        source.execute(
            'INSERT INTO public.cust_master SELECT (jsonb_populate_record(c, \'{"cust_id": -1, "stat_cd": "A"}\')).*'
            " FROM public.cust_master c LIMIT 1"
        )
        source.execute("UPDATE public.cust_master SET bal_amt = 1 WHERE cust_id = -1")
        scene.pipeline.drained()
        source.execute("UPDATE public.cust_master SET stat_cd = %s WHERE cust_id = -1", [UNKNOWN])
    scene.pipeline.more_commits(BATCHES)
    topic = f"{scene.pipeline.name}.public.cust_master"
    for number in range(scene.pipeline.deployment.partitions):
        send_again(scene.pipeline, Part(topic, number))
    scene.stop_writing()
    scene.pipeline.drained()
    with scene.pipeline.target() as target:
        states = target.execute("SELECT state FROM overgrow.dead_letter WHERE source_key = '[-1]'").fetchall()
        row = target.execute("SELECT balance_cents FROM crm.customers WHERE customer_id = -1").fetchall()
    if set(states) == {("open",)} and row == [(100,)]:  # the bad change itself has come again, and is set aside again
        return []
    return [f"the letters of [-1] are {states} instead of open, its row has {row} instead of 100 cents"]


def recreated(scene: Scene) -> list[str]:
    """The topic is deleted and made anew."""
    scene.stop_writing()
    scene.pipeline.drained()
    try:
        topic_recreated(scene)
    except AssertionError as error:
        return [f"not refused: {str(error).splitlines()[0]}"]
    return []


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
)


def play(stack: Stack, folder: Path, case: Case, mutant: str, host: str) -> list[str]:
    """Every problem that some check found; empty: clean."""
    env = {"OVERGROW_MUTANT": mutant, "OVERGROW_INNER_FAULT": case.inner_fault}
    with played(stack, folder, host=host, seed=1, entry=MUTATED, env=env) as scene:
        try:
            scene.settle()
            return case.provoke(scene)
        except AssertionError as stood:
            return [_ended(scene) or f"{STOOD_STILL}{str(stood).splitlines()[0]}"]
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
