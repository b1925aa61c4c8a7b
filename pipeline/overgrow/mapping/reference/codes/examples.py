"""Problems of example files, and what translators do not hold: printed by `test`, beside the project's own."""

from __future__ import annotations

from overgrow.mapping.reference.codes.code import Code

EXAMPLES = (
    Code("unknown-mapping", "An example or golden file of no mapping.", "Its name is `examples/<mapping>.yaml`."),
    Code("wrong-mapping", "The file's `mapping` is another than its name.", "Make both the same."),
    Code("missing-column", "A column that the mapping uses has no value.", "Give it, or put one under `defaults`."),
    Code("unknown-field", "`expect` names a column that the mapping does not write.", "The message suggests one."),
    Code("bad-value", "A text that is no value of the column's type.", "Write it as `psql` prints it."),
    Code("duplicate-example", "Two examples of one name.", "Rename one: golden files know them by name."),
    Code("bad-golden", "A golden file that cannot be read.", "`overgrow test --golden --update`"),
    Code(
        "other-way-back",
        "A translator's inverse gave other inputs than the translator was given.",
        "Refuse one of the two inputs by ValueError, mend the inverse, or declare none.",
    ),
    Code("no-way-back", "A translator's inverse failed, or gave no tuple of the inputs.", "Mend the inverse."),
    Code("bad-refusal", "A translator raised another error than ValueError.", '`raise ValueError("why")`'),
    Code("bad-output", "A translator gave another type than it declares.", "Mend `output`, or the function."),
    Code("not-pure", "The same input gave two outputs.", "No clock, no randomness, no state."),
)
