"""The standard way in: `faust -A overgrow.workers.apply worker -l info`; the project is OVERGROW_PROJECT, or here."""

from __future__ import annotations

import os
from pathlib import Path

from overgrow.workers.run import build

app = build(Path(os.environ.get("OVERGROW_PROJECT", ".")), name=os.environ.get("OVERGROW_WORKER_NAME"))
