"""Many random databases, one after the other: python -m tests.integration.draft.many --seeds 24 [--first 100]"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from overgrow.stack import Options, Stack
from tests.integration.draft.run import Outcome, Run


def main() -> int:
    """Run them all on one stack; the number of those that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--first", type=int, default=1)
    chosen = parser.parse_args()
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="overgrow-draft-") as name:
        stack = Stack(Path(name) / "stack", say=_say)
        try:
            stack.up(Options(fsync=False))
            for seed in range(chosen.first, chosen.first + chosen.seeds):
                outcomes.append(Run(stack.up(), Path(name) / f"p{seed}", f"draft_{seed}", seed).run())
                _tell(outcomes[-1])
        finally:
            stack.down()
    return _sum_up(outcomes)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _tell(one: Outcome) -> None:
    _say(
        f"seed {one.seed}: {one.failed or 'equal'}; {one.tables} tables, {one.refused} refused, {one.columns} columns,"
        f" {one.rows} rows, {one.decisions} decisions, {one.answered} answered, {one.seconds:.1f} s"
    )
    if one.failed:
        _say(one.told)


def _sum_up(outcomes: list[Outcome]) -> int:
    failed = [one.seed for one in outcomes if one.failed]
    _say(
        f"{len(outcomes)} databases: {len(outcomes) - len(failed)} equal, failed {failed}; "
        f"{sum(one.tables for one in outcomes)} tables, {sum(one.columns for one in outcomes)} columns,"
        f" {sum(one.rows for one in outcomes)} rows, {sum(one.refused for one in outcomes)} refused,"
        f" {sum(one.decisions for one in outcomes)} decisions, {sum(one.answered for one in outcomes)} answered"
    )
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
