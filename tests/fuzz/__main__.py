"""`python -m tests.fuzz --files 200000 --messages 1000000 --seed 1 --out docs/evidence/fuzz.json`: the long run.

Plain random mutation of every file a user writes and every byte a connector sends. Goes on after a finding; exit code 1
if there is any; after a stop, the same command goes on. `--only files:17` plays one input again (a number of `messages`
is a chunk). CI plays a slice (tests/fuzz/test_fuzz.py).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from overgrow.mapping.words import WORDS
from tests.fuzz.run import INPUTS, TARGETS, Tally, again, run

_PACKAGES = ("overgrow", "msgspec", "pyyaml", "sqlglot")


def main() -> int:
    """Run, write the report; 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="where the report goes; default: standard output")
    parser.add_argument("--only", metavar="WHAT:NUMBER", help="play one input again")
    asked = parser.parse_args()
    if asked.only:
        what, _, number = asked.only.partition(":")
        tallies = [again(what, asked.seed, int(number))]
        print(json.dumps(tallies[0].describe(), indent=1))  # noqa: T201 - its output
    else:
        before = os.getloadavg()[0]
        wanted = {"files": asked.files, "messages": asked.messages}
        tallies = [
            run(what, range(-(-count // INPUTS[what])), asked.seed, kept=_kept(asked.out, what))
            for what, count in wanted.items()
            if count
        ]
        _write(asked.out, _report(tallies, asked.seed, before))
    return 1 if any(one.found for one in tallies) else 0


def _kept(out: Path | None, what: str) -> Path | None:
    """Beside the report: how far the run is, until it is written."""
    return None if out is None else out.with_name(f"{out.stem}.{what}.partial")


def _report(tallies: list[Tally], seed: int, load: float) -> dict[str, Any]:
    return {
        "seed": seed,
        "held": not any(one.found for one in tallies),
        "findings": sum(one.found.total() for one in tallies),
        **{one.what: one.describe() for one in tallies},
        "words": sorted(WORDS),
        "load": [round(load, 2), round(os.getloadavg()[0], 2)],
        "cpus": os.cpu_count(),
        "versions": {
            "python": platform.python_version(),
            **{one: importlib.metadata.version(one) for one in _PACKAGES},
        },
    }


def _write(out: Path | None, report: dict[str, Any]) -> None:
    text = json.dumps(report, indent=1) + "\n"
    sys.stderr.write("\n")
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
        for what in TARGETS:
            out.with_name(f"{out.stem}.{what}.partial").unlink(missing_ok=True)
        sys.stderr.write(f"{report['findings']} findings, written to {out}\n")


if __name__ == "__main__":
    sys.exit(main())
