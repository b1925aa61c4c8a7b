"""The long run: `python -m tests.faults.evidence --faults 500 --seed 1 --out docs/evidence/faults.json`.

Plays scenarios, on one host and the other, until so many faults are played; each is dealt from the whole table, so that
all of it comes up evenly. The report is written after every scenario: a run that is stopped keeps what it has, and
`--resume` goes on from there. `--only faust:3` plays one scenario again, without a report. `load` beside a fault is
the machine's load average when its scenario ended: seconds measured on a machine that others use as well are no bar.

Guarantees: reports what was measured, also when it is bad; the exit code is 1 if anything was lost, wrong or doubled, a
fault was not recovered from, or a bar was not met. Names no machine and no path.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from overgrow import __version__
from overgrow.stack import Options, Stack
from tests.faults.matrix import HOSTS, Fault, Host, hand
from tests.faults.pipeline import SESSION_SECONDS
from tests.faults.scenario import RECOVERED, REFUSED, Result, play

MIN_SESSION_TIMEOUT_MS = 1000
SIZE = 26  # faults of a scenario: three of them are the whole table of a host
STOP_EVERY = 4  # scenarios; a named stop costs a topic and 15 seconds
DEATHS = ("kill", "kill-and-take-over", "pause-past-session", "bug")
BACK = ("broker-killed", "broker-frozen", "target-killed", "target-frozen", "target-refused", "target-black-hole")
BARS = {"worker died or froze": (DEATHS, SESSION_SECONDS + 10.0), "broker or target is back": (BACK, 15.0)}
PACKAGES = ("faust-streaming", "aiokafka", "confluent-kafka", "psycopg")
Report = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 when everything that is promised held."""
    asked = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="overgrow-evidence-") as folder:
        stack = Stack(Path(folder) / "stack")
        stack.up(Options(min_session_timeout_ms=MIN_SESSION_TIMEOUT_MS))
        try:
            if asked.only:
                host, _, number = asked.only.partition(":")
                return _once(stack, Path(folder), cast("Host", host), int(number), asked.seed)
            return _run(stack, Path(folder), asked)
        finally:
            stack.down()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Play faults on real systems and report what came of them.")
    parser.add_argument("--faults", type=int, default=500, help="play at least so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/faults.json"))
    parser.add_argument("--resume", action="store_true", help="go on with the report that is there")
    parser.add_argument("--only", metavar="HOST:NUMBER", help="play this scenario again, write nothing")
    return parser


def _run(stack: Stack, folder: Path, asked: argparse.Namespace) -> int:
    report = json.loads(asked.out.read_text()) if asked.resume else _empty(asked.seed)
    number = report["scenarios"]
    while len(report["faults"]) < asked.faults:
        host = HOSTS[number % len(HOSTS)]
        result = _scenario(stack, folder, host, number // len(HOSTS), report["seed"])
        number += 1
        _add(report, result, number)
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(report, indent=1) + "\n")
        _say(f"{len(report['faults'])} faults, {report['events']} events, bars {report['bars']}")
    return int(not report["held"])


def _once(stack: Stack, folder: Path, host: Host, number: int, seed: int) -> int:
    result = _scenario(stack, folder, host, number, seed)
    _say("\n".join(result.problems()) or "clean")
    return int(bool(result.problems()))


def _scenario(stack: Stack, folder: Path, host: Host, number: int, seed: int) -> Result:
    faults = hand(host, number=number, seed=seed, size=SIZE)
    stop = Fault("topic-recreated", "stopped", host, seed) if number % STOP_EVERY == STOP_EVERY - 1 else None
    replay = f"python -m tests.faults.evidence --seed {seed} --only {host}:{number}"
    result = play(stack, folder, faults, replay=replay, stop=stop, say=_say)
    for problem in result.problems():
        _say(problem)
    return result


def _empty(seed: int) -> Report:
    return {
        "seed": seed,
        "scenarios": 0,
        "versions": {
            "overgrow": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in PACKAGES},
        },
        "machine": {"cpus": os.cpu_count(), "memory_gib": _memory_gib(), "system": platform.system()},
        "session_timeout_seconds": SESSION_SECONDS,
        **dict.fromkeys(("events", "lost", "wrong", "doubled", "skipped", "unjudged"), 0),
        "books_balanced": True,
        "seconds": 0.0,
        "problems": [],
        "faults": [],
    }


def _add(report: Report, result: Result, scenarios: int) -> None:
    report["scenarios"] = scenarios
    report["seconds"] = round(report["seconds"] + result.seconds, 1)
    report["problems"] += [problem.splitlines()[0] for problem in result.problems()]
    if (found := result.findings) is None:
        report["unjudged"] += 1
    else:
        report["events"] += found.events
        report["lost"] += len(found.lost)
        report["wrong"] += len(found.wrong)
        report["doubled"] += found.doubled
        report["skipped"] += found.skipped
        report["books_balanced"] = report["books_balanced"] and found.books_balanced
    report["faults"] += [
        {
            "class": one.fault.kind,
            "point": one.fault.point,
            "host": one.fault.host,
            "seed": one.fault.seed,
            "scenario": scenarios - 1,
            "load": round(os.getloadavg()[1], 1),
            "outcome": one.outcome,
            "recovery_seconds": None if one.seconds is None else round(one.seconds, 2),
        }
        for one in result.outcomes
    ]
    _summarise(report)


def _summarise(report: Report) -> None:
    by_class = defaultdict[str, list[float]](list)
    for one in report["faults"]:
        if one["recovery_seconds"] is not None:
            by_class[one["class"]].append(one["recovery_seconds"])
    report["classes"] = len({one["class"] for one in report["faults"]})
    report["recovery_seconds"] = {kind: _quantiles(seconds) for kind, seconds in sorted(by_class.items())}
    report["bars"] = {name: _bar(by_class, kinds, limit) for name, (kinds, limit) in BARS.items()}
    report["held"] = (
        not any(report[name] for name in ("lost", "wrong", "doubled", "skipped", "unjudged", "problems"))
        and report["books_balanced"]
        and all(one["outcome"] in (RECOVERED, REFUSED) for one in report["faults"])
        and all(not bar["over"] for bar in report["bars"].values())
    )


def _bar(by_class: Mapping[str, list[float]], kinds: Sequence[str], limit: float) -> dict[str, Any]:
    seconds = [one for kind in kinds for one in by_class.get(kind, [])]
    over = sum(one > limit for one in seconds)
    return {"limit": limit, "faults": len(seconds), "over": over, "max": max(seconds, default=None)}


def _quantiles(seconds: list[float]) -> dict[str, float | int]:
    """Nearest rank."""
    ordered = sorted(seconds)
    count = len(ordered)
    return {
        "count": count,
        "p50": ordered[(count - 1) // 2],
        "p95": ordered[-(-95 * count // 100) - 1],
        "max": ordered[-1],
    }


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its stack goes with it
    sys.exit(main())
