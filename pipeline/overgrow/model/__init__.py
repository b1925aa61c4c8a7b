"""Frozen nouns of change data capture, shared by every layer; no I/O, no clock."""

from overgrow.model.chunk import Chunk, Claim, Headers, Part, Record
from overgrow.model.deadletter import Letter, LetterKind
from overgrow.model.generation import GenerationRecord
from overgrow.model.stamp import Stamp, may_write, stamp_base
from overgrow.model.truncation import Truncation

__all__ = [
    "Chunk",
    "Claim",
    "GenerationRecord",
    "Headers",
    "Letter",
    "LetterKind",
    "Part",
    "Record",
    "Stamp",
    "Truncation",
    "may_write",
    "stamp_base",
]
