"""The project's own example rows: read, run through a mapping, compared field by field; pure.

Reading order: `document` (what is written), `values` (what it means), `running` (what the mapping makes of it), `trips`
(translators and their ways back), `golden` (all results, kept), `report`.
"""

from overgrow.mapping.examples.document import Example, ExampleFile, read
from overgrow.mapping.examples.report import Difference, Refusal, Report, Result
from overgrow.mapping.examples.running import run
from overgrow.mapping.examples.trips import Trial, Trip, attempt, inputs

__all__ = [
    "Difference",
    "Example",
    "ExampleFile",
    "Refusal",
    "Report",
    "Result",
    "Trial",
    "Trip",
    "attempt",
    "inputs",
    "read",
    "run",
]
