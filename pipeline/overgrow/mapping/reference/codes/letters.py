"""Kinds of dead letters: the column `kind` of `overgrow.dead_letter`."""

from __future__ import annotations

from overgrow.mapping.reference.codes.code import Code

LETTERS = (
    Code(
        "decode",
        "The record is not the message its topic promises: no key, another shape, a value outside its type.",
        "Its bytes are in the letter. Who else writes to the topic?",
    ),
    Code(
        "translate",
        "A value does not fit the mapping; `field` and `cause` say which and why.",
        "Mend the row at the source, or the mapping: an unknown code, a missing `default`, a too strict `max_length`.",
    ),
    Code(
        "data",
        "The target refuses the value: out of range, NULL, a CHECK constraint.",
        "Mend the row at the source, or give the mapping a step that translates it.",
    ),
    Code(
        "key-collision",
        "Another source row holds the target key already.",
        "Two rows are one in the new model: mend the source, or the key's translation. It heals when the other goes.",
    ),
    Code(
        "partial-without-row",
        "An update without its unchanged large values met no target row.",
        "`REPLICA IDENTITY FULL` at the source, then any update of the row.",
    ),
)
