"""An armed worker with one rule weakened (OVERGROW_MUTANT), and perhaps a fault inside it (OVERGROW_INNER_FAULT)."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

from tests.faults.mutants import FAULTS, MUTANTS

if __name__ == "__main__":
    if fault := os.environ.get("OVERGROW_INNER_FAULT"):
        FAULTS[fault]()
    MUTANTS[os.environ["OVERGROW_MUTANT"]]()
    runpy.run_path(str(Path(__file__).with_name("armed_worker.py")), run_name="__main__")
