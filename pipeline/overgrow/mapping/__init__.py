"""YAML mappings to checked, immutable, printable plans and their generated row functions; pure.

Reading order: `document` (what is written), `compiler` (what it means), `plan`, `interpret` (readable), `codec` (fast).
"""

from overgrow.mapping.codec import RowCodec
from overgrow.mapping.copytext import copy_line
from overgrow.mapping.filters import Condition, Filter
from overgrow.mapping.interpret import OUTSIDE, Outside, interpret
from overgrow.mapping.plan import Field, TablePlan, TargetColumn
from overgrow.mapping.problems import Problem
from overgrow.mapping.translators import Translator, translator

__all__ = [
    "OUTSIDE",
    "Condition",
    "Field",
    "Filter",
    "Outside",
    "Problem",
    "RowCodec",
    "TablePlan",
    "TargetColumn",
    "Translator",
    "copy_line",
    "interpret",
    "translator",
]
