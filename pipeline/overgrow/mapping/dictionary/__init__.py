"""What a mapping does with each column, for reading: the data dictionary of one mapping; pure.

Reading order: `entry` (what there is to say), `steps` (a step in words), `page` (as Markdown), `plain` (as JSON),
`sample` (rows before and after), `rows` (the rows of a file).
"""

from overgrow.mapping.dictionary.entry import Column, Dictionary, Entry, Part, describe, hidden
from overgrow.mapping.dictionary.page import page
from overgrow.mapping.dictionary.plain import listed, plain
from overgrow.mapping.dictionary.rows import Row, read
from overgrow.mapping.dictionary.sample import HIDDEN, Sample, Value, translated
from overgrow.mapping.dictionary.steps import visible

__all__ = [
    "HIDDEN",
    "Column",
    "Dictionary",
    "Entry",
    "Part",
    "Row",
    "Sample",
    "Value",
    "describe",
    "hidden",
    "listed",
    "page",
    "plain",
    "read",
    "translated",
    "visible",
]
