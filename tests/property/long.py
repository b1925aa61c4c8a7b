"""The long run: `python -m tests.property.long --rows 20000 --seed 1 --out docs/evidence/mapping.json`.

Random mappings on random rows: the generated function gives what the interpreter gives, and every column that claims
a way back comes back. The report counts what was compared; a difference ends the run with the smallest example of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

from overgrow import errors
from overgrow.mapping import OUTSIDE, interpret
from overgrow.mapping.inverse import ways
from tests.property.test_codec import Case, assert_equal, cases
from tests.property.test_inverse import assert_comes_back

EXAMPLES = 500  # mappings between two looks at the count


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until so many rows are compared; 0, or the assertion that fails."""
    parser = argparse.ArgumentParser(description="Compare generated code, interpreter and way back on random mappings.")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/mapping.json"))
    asked = parser.parse_args(arguments)
    found: dict[str, Any] = dict.fromkeys(("mappings", "rows", "set_aside", "outside", "columns_recovered"), 0)
    began, number = time.monotonic(), asked.seed
    while found["rows"] < asked.rows:
        _some(found, number)
        number += 1
        sys.stderr.write(f"{found}\n")
    report = {"seed": asked.seed, **found, "different": 0, "seconds": round(time.monotonic() - began, 1)}
    asked.out.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _some(found: dict[str, Any], number: int) -> None:
    @seed(number)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def compare(case: Case) -> None:
        found["mappings"] += 1
        back = sum(not way.lost for way in ways(case.codec.plan).values())
        for row in case.rows:
            assert_equal(case.codec, row, frozenset())
            assert_comes_back(case.codec.plan, row)
            found["rows"] += 1
            found[_fate(case, row)] += back if _fate(case, row) == "columns_recovered" else 1

    compare()


def _fate(case: Case, row: dict[str, Any]) -> str:
    try:
        return "outside" if interpret(case.codec.plan, row) is OUTSIDE else "columns_recovered"
    except errors.TranslationError:
        return "set_aside"


if __name__ == "__main__":
    sys.exit(main())
