"""Problems of a project's files: what `check`, and every verb that needs a project, prints as `file:line: code: …`."""

from __future__ import annotations

from overgrow.mapping.reference.codes.code import Code

_FILES = (
    Code(
        "missing-file",
        "A file or folder that is named is not in the project: the project file itself, connector, DDL, the context's "
        "folder, a table of codes.",
        "Mend the path, which counts from the project's folder; or add the file.",
    ),
    Code("unreadable-file", "The file is not UTF-8, or may not be read.", "Save it as UTF-8; mend its permissions."),
    Code("bad-yaml", "The file is not YAML, or no map of keys and values.", "The line is where it was noticed."),
    Code("yaml-alias", "An anchor or alias (`&`, `*`).", "Write the value out; in quotes if the sign is meant."),
    Code("yaml-tag", "A tag (`!…`).", "Leave it out: every value is text. In quotes if the sign is meant."),
    Code("too-large", "A file of more than a million characters.", "Keep tables of codes in CSV files."),
    Code("too-deep", "Maps and lists nested deeper than 20 levels.", "No document of overgrow needs that."),
    Code("bad-json", "The connector's file is not JSON.", "The line is where it was noticed."),
    Code("bad-shape", "A map where a value belongs, a list where a map does, and the like.", "The message says which."),
    Code("missing-key", "A key that must be there is not.", "Add it; [mapping.md](mapping.md#the-document)."),
    Code("unknown-key", "A key that nobody reads.", "The message suggests one, or lists those there are."),
    Code("duplicate-key", "A key is there twice in one map.", "Remove one: YAML would silently take the last."),
    Code(
        "bad-name", "A name that cannot be part of a topic, or is no `schema.table`.", "The message says what may be."
    ),
    Code("bad-number", "Not a whole number, or outside its bounds.", "The message gives the bounds."),
    Code("bad-choice", "Not one of the words that may stand here.", "The message lists them."),
)

_WORDS = (
    Code(
        "unknown-step", "A word with an argument that is no word of `do`.", "[The words](mapping.md#the-words-of-do)."
    ),
    Code(
        "unknown-translator",
        "A name in `do` that is neither a word nor a translator of the context.",
        "Mend the name, or add it to `translators.py`.",
    ),
    Code(
        "bad-argument",
        "A word without the argument it needs, with one it does not take, or with one of another form.",
        "The message shows the form; [the words](mapping.md#the-words-of-do).",
    ),
    Code(
        "bad-literal",
        "A value in a filter, a table of codes, `default`, `null_if` or `sentinels` that is none of the column's type.",
        "Write it as PostgreSQL prints it: `2024-02-29`, `12.50`, `true`.",
    ),
    Code("duplicate-code", "A code is there twice in one table.", "Remove one."),
    Code(
        "bad-codes-file",
        "A CSV file of codes without its header, with rows of another width, or outside the project.",
        "The message gives the CSV file's own line.",
    ),
    Code("bad-time-zone", "No time zone of that name.", "A name of the tz database, as in `Europe/London`."),
    Code(
        "bad-date-format",
        "`parse_date` with other parts than `%Y %m %d %H %M %S`, or without a whole date.",
        "The message says which part.",
    ),
    Code(
        "literal-secret",
        "A key of `hmac` or `token` that is written out.",
        "`${env:NAME}` or `${file:PATH}`. Was it a real key? Then it is known now: make another.",
    ),
    Code(
        "unsupported-filter", "A column of this type cannot be compared so.", "Filter on another column, or relation."
    ),
    Code(
        "bad-translators",
        "`translators.py` cannot be imported.",
        "The line is in that file; the message is Python's own.",
    ),
    Code(
        "bad-translator",
        "A translator declares a type that this version cannot carry.",
        "[The types](mapping.md#families-of-types).",
    ),
    Code(
        "translator-inputs",
        "Several columns without a word that takes several; or a translator for another number of columns.",
        "`join`, `nest`, `uuid5` or a translator as the first step; the message gives the number.",
    ),
)

_COLUMNS = (
    Code(
        "unknown-column",
        "The source table has no such column, as recorded in `schemas/source/`; for a constraint: the target's table.",
        "The message suggests one. Is the column new? Record it: `schemas/source/<table>.yaml`.",
    ),
    Code(
        "unmapped-column",
        "A source column is neither mapped nor dropped.",
        "Add a field for it, or name it under `drop`.",
    ),
    Code("dropped-and-used", "A column is under `drop` and in a field or the filter.", "Remove it from `drop`."),
    Code(
        "unsupported-type",
        "A column of a type this version cannot carry is used.",
        "`drop` it, or give the source a column of another type.",
    ),
    Code(
        "unsupported-name",
        "A column is used whose name holds a double quote, a backslash or a control character.",
        "`drop` it, or rename it at the source.",
    ),
    Code(
        "unknown-target-column", "The target table has no such column in the DDL.", "Mend the field's name or the DDL."
    ),
    Code("duplicate-field", "A target column has two fields.", "Remove one."),
    Code(
        "target-not-null",
        "A target column is NOT NULL, has no default, and no field.",
        "Add a field (`{const: …}` will do), a default, or let it be NULL.",
    ),
    Code(
        "type-mismatch",
        "What arrives is not what a word, a translator or the target column takes; or it would be rounded.",
        "The message names the step that translates: `decimal`, `json`, `cast`, `instant`.",
    ),
    Code(
        "may-not-fit",
        "A value the source can hold is too long, too large or too fine for the target column.",
        "Refuse it by name (`max_length`, `decimal`, `cast`), or widen the column in the DDL.",
    ),
    Code(
        "may-be-null",
        "A value that can be NULL goes into a column that cannot.",
        "`required` makes NULL a dead letter, `default` gives it a value; or let the column be NULL.",
    ),
    Code("reserved-name", "A name that begins with `_og_`.", "Choose another: those are overgrow's stamps."),
)

_KEYS = (
    Code(
        "wrong-source-key", "`source.key` is not the recorded key.", "Write the recorded one; or record the real one."
    ),
    Code("wrong-target-key", "`target.key` is not the primary key of the DDL.", "Make both the same."),
    Code("missing-key-field", "A column of the target's key has no field.", "Add it."),
    Code(
        "key-not-from-key",
        "A field of the target's key takes a column outside the source's key.",
        "A change or delete carries only the key: make the target's key of the source's.",
    ),
    Code(
        "key-not-covered",
        "A column of the source's key is in no field of the target's key.",
        "Take it in, or two source rows become one.",
    ),
    Code(
        "key-not-injective",
        "A step in the target's key makes two source keys the same (`trim`, `lower`, two codes of one meaning).",
        "Leave it out; or declare `on: {collision: set_aside}`: the second of two such rows waits as a dead letter.",
    ),
    Code(
        "unsupported-key-type",
        "A key column whose equal values can be unequal texts: decimals without a scale, floats, documents.",
        "Choose another unique key (`REPLICA IDENTITY USING INDEX` at the source).",
    ),
    Code("nullable-key", "A key column is recorded as nullable.", "Mend the catalogue: keys are never NULL."),
    Code(
        "overlapping-targets",
        "Two targets of one mapping write the same rows of one table.",
        "Give a column of the key another constant in each.",
    ),
)

_TABLES = (
    Code("unknown-table", "No DDL file has this table.", "Mend the name, or add the file to `target.ddl`."),
    Code(
        "missing-catalogue",
        "The source table is not recorded.",
        "Write `schemas/source/<schema>.<table>.yaml`: its columns, types, key.",
    ),
    Code("wrong-table", "A catalogue file describes another table than its name says.", "Mend name or content."),
    Code("table-not-captured", "The connector's `table.include.list` leaves the table out.", "Add it there."),
    Code("refused-and-mapped", "A table under `source.refused` has a mapping.", "Decide: remove one of the two."),
    Code("refused-and-captured", "A table under `source.refused` is in `table.include.list`.", "Take it out there."),
    Code("missing-reason", "A table under `source.refused` without a reason.", "Say why it stays behind."),
    Code("duplicate-mapping", "Two mappings of one name.", "Rename one."),
    Code(
        "duplicate-source", "Two mappings of one source table.", "One document per table; `also` for further targets."
    ),
    Code(
        "topic-clash",
        "Two source tables whose topics have one name, or differ only in `.` and `_`, which Kafka takes for the same.",
        "Leave one behind (`source.refused`), or rename it at the source.",
    ),
    Code(
        "duplicate-target",
        "Two mappings write one target table: whose row is newer could not be told.",
        "A table of its own for each; or one mapping with `also`, if both come from one source table.",
    ),
    Code("missing-policy", "`on` does not say what happens on drift or truncate.", "The message shows what to add."),
    Code(
        "replica-identity",
        "A large column feeds a key, a filter, a field of several columns or several targets, and an update may leave "
        "its unchanged value out.",
        "`ALTER TABLE … REPLICA IDENTITY FULL` at the source, and record it; or do not use the column there.",
    ),
    Code(
        "partial-row-enters",
        "A row that enters the filter may come without an unchanged large value.",
        "As before; or accept that it waits, with `on: {partial: set_aside}`.",
    ),
    Code(
        "connector-setting",
        "A setting of the connector under which something would be lost.",
        "The message says which value it must have, and what would be lost.",
    ),
)

_DDL = (
    Code("bad-ddl", "The file is not PostgreSQL's DDL.", "The line is where it was noticed."),
    Code(
        "unreadable-ddl", "A statement other than CREATE SCHEMA, TABLE, INDEX, SEQUENCE and COMMENT.", "Move it away."
    ),
    Code("duplicate-table", "Two DDL files make one table.", "Remove one."),
    Code("duplicate-column", "A column is there twice in one table.", "Remove one."),
    Code("missing-primary-key", "A target table without a primary key.", "Give it one: rows are found by it."),
    Code(
        "constraint-too-early",
        "A foreign key, unique constraint or unique index in the DDL: while rows arrive in any order it would refuse "
        "right ones.",
        "Move it into a file of `target.constraints`; [constraints](cli.md#constraints).",
    ),
    Code(
        "unreadable-constraint",
        "A statement of a constraints file that is none of the known forms.",
        "One named constraint per statement; the message lists the forms.",
    ),
    Code("duplicate-constraint", "Two constraints of one name in one schema.", "Rename one."),
)

_AGAIN = "Mean it: `overgrow check --record TABLE`, then mend the mapping. Or change the source back."
_LIVE = (
    Code("live-table", "The source has no such table any more.", "Remove mapping and catalogue, or look for a rename."),
    Code("live-column", "The source has a column more, or one less, than recorded.", _AGAIN),
    Code("live-type", "A column of the source has another type than recorded.", _AGAIN),
    Code("live-nullable", "A column of the source can be NULL, or cannot, other than recorded.", _AGAIN),
    Code("live-key", "The source's primary key is another one than recorded.", _AGAIN),
    Code(
        "live-replica-identity",
        "What the source sends of old rows is not what is recorded.",
        "The message has the `ALTER TABLE`; or `overgrow check --record TABLE`.",
    ),
    Code(
        "target-column",
        "The target table has not a column of the DDL, or one more that is NOT NULL without a default.",
        "`ALTER TABLE` at the target, or mend the DDL.",
    ),
    Code("target-type", "A column of the target has another type than the DDL says.", "As before."),
    Code("target-nullable", "A column of the target is NOT NULL, or is not, other than the DDL says.", "As before."),
    Code("target-key", "The target table has another primary key than the DDL says.", "As before."),
)

PROJECT = {
    "Any file": _FILES,
    "Words and translators": _WORDS,
    "Columns": _COLUMNS,
    "Keys": _KEYS,
    "Tables and policies": _TABLES,
    "DDL and constraints": _DDL,
    "Live databases (`check --live`, exit code 3)": _LIVE,
}
