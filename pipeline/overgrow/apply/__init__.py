"""The engine: a chunk of one partition becomes one guarded target transaction. Start with `engine.py`."""

from overgrow.apply.batch import Batch, Books, Row, Step, Truncate
from overgrow.apply.engine import Engine
from overgrow.apply.fold import Folder
from overgrow.apply.ports import BadRows, Boundary, Claimed, ClaimLost, ConstraintViolation, Hole, Moved, Receipt, Sink

__all__ = [
    "BadRows",
    "Batch",
    "Books",
    "Boundary",
    "ClaimLost",
    "Claimed",
    "ConstraintViolation",
    "Engine",
    "Folder",
    "Hole",
    "Moved",
    "Receipt",
    "Row",
    "Sink",
    "Step",
    "Truncate",
]
