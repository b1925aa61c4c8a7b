"""The keys of a mapping document, beside its words: what each says, its JSON Schema, an example.

Guarantees: every key that `document` knows is here, with the choices that `document` allows (a test compares them).
Called by the reference page and the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from overgrow.mapping import document
from overgrow.mapping.words.word import SCALAR

Schema = Mapping[str, Any]
COLUMN: Schema = {"type": "string", "minLength": 1}
COLUMNS: Schema = {"anyOf": [COLUMN, {"type": "array", "items": COLUMN, "minItems": 1}]}
VALUES: Schema = {"anyOf": [SCALAR, {"type": "array", "items": SCALAR, "minItems": 1}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a map; `needed`: it cannot be left out."""

    name: str
    does: str
    example: str
    schema: Schema
    needed: bool = False


def properties(keys: Iterable[Key]) -> dict[str, Any]:
    """The JSON Schema of a map of these keys and no others."""
    listed = list(keys)
    return {
        "type": "object",
        "properties": {one.name: {"description": one.does, **one.schema} for one in listed},
        "required": [one.name for one in listed if one.needed],
        "additionalProperties": False,
    }


def _side(what: str) -> tuple[Key, ...]:
    return (
        Key(
            name="table", needed=True, example="public.cust",
            does=f"The {what} table as `schema.table`.",
            schema={"type": "string", "pattern": r"^[^.]+\..+$"},
        ),
        Key(
            name="key", needed=True, example="[cust_id]",
            does=f"The columns of the {what} table's key.",
            schema=COLUMNS,
        ),
    )  # fmt: skip


SOURCE = _side("source")
TARGET = _side("target")

RELATIONS = (
    Key(
        name="not", example="{stat_cd: {not: X}}",
        does="Is not the value. NULL is not the value either, so it is inside.", schema=SCALAR,
    ),
    Key(
        name="in", example="{stat_cd: {in: [A, I]}}",
        does="Is one of the values; NULL is none of them.", schema=VALUES,
    ),
    Key(
        name="not_in", example="{stat_cd: {not_in: [X, Z]}}",
        does="Is none of the values; NULL is inside.", schema=VALUES,
    ),
    Key(
        name="null", example='{birth_dt: {"null": false}}',
        does="Is NULL (`true`), or is not (`false`). In quotes: a bare `null` key ends the checks of some editors.",
        schema={"type": "boolean"},
    ),
    Key(
        name="at_least", example="{crt_dt: {at_least: 2015-01-01 00:00:00}}",
        does="Is the value or greater: of whole numbers, decimals, dates and timestamps. NULL is outside.",
        schema=SCALAR,
    ),
    Key(
        name="less_than", example="{bal_amt: {less_than: 1000}}",
        does="Is less than the value, of the same types; with `at_least` a range. NULL is outside.", schema=SCALAR,
    ),
)  # fmt: skip
CONDITION: Schema = {"anyOf": [SCALAR, {**properties(RELATIONS), "minProperties": 1}]}
_CONDITIONS: Schema = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"$ref": "#/definitions/condition"},
}

FIELD = (
    Key(
        name="from", needed=True, example="cust_nm", does="The source column, or a list of columns.", schema=COLUMNS,
    ),
    Key(
        name="do", example="[trim, {max_length: 120}]",
        does="The steps, in order: a word, `{word: argument}`, the name of a translator; or a list of them.",
        schema={"$ref": "#/definitions/do"},
    ),
)  # fmt: skip
CONST = Key(
    name="const", needed=True, example="retail",
    does="A constant, as the target column reads it. It stands alone.", schema=SCALAR,
)  # fmt: skip
_FIELDS: Schema = {
    "type": "object",
    "propertyNames": {"not": {"pattern": "^_og_"}},
    "additionalProperties": {"$ref": "#/definitions/field"},
}

_POLICIES = {
    "drift": "The source's table is not as recorded any more (a column more, less, or of another type): `stop`, and a "
    "person decides.",
    "truncate": "The source truncates the table: `stop`, or `apply` it.",
    "partial": "A row may come without its unchanged large values and find no row to add the others to: `set_aside` "
    "accepts that such a row waits as a dead letter (only where `check` asks for it).",
    "collision": "Two rows of the source may get one target key: `set_aside` accepts that one of them waits as a dead "
    "letter until the other is gone (only where `check` asks for it).",
}
POLICIES = tuple(
    Key(
        name=name, needed=name in document.POLICIES, does=_POLICIES[name], example=options[0],
        schema={"enum": list(options)},
    )
    for name, options in document.DECLARABLE.items()
)  # fmt: skip

_WHERE = Key(
    name="where", example="{stat_cd: {not: X}}",
    does="Which rows belong: a map of conditions that all hold, or a list of such maps of which any holds. A row "
    "that leaves the filter leaves the target.",
    schema={"anyOf": [_CONDITIONS, {"type": "array", "minItems": 1, "items": _CONDITIONS}]},
)  # fmt: skip

_FIELDS_KEY = Key(
    name="fields", needed=True, example="{customer_id: cust_id}",
    does="Target column to what makes it: a source column, `{from: …, do: …}` or `{const: …}`.", schema=_FIELDS,
)  # fmt: skip

_TARGET_KEY = Key(
    name="target", needed=True, example="{table: new.customers, key: [customer_id]}",
    does="The table that is written, as the DDL files declare it.", schema=properties(TARGET),
)  # fmt: skip

ALSO = (_TARGET_KEY, _WHERE, _FIELDS_KEY)

TOP = (
    Key(
        name="mapping", needed=True, example="customers",
        does="Its name, by which every command knows it.", schema={"type": "string", "minLength": 1},
    ),
    Key(
        name="version", needed=True, example="1",
        does="A whole number from 1. Raise it with every change of what rows become: a worker with an older one is "
        "refused, and so is a changed mapping under the same one.",
        schema={"type": "integer", "minimum": 1},
    ),
    Key(
        name="source", needed=True, example="{table: public.cust, key: [cust_id]}",
        does="The legacy table. One mapping document per table.", schema=properties(SOURCE),
    ),
    _TARGET_KEY,
    _WHERE,
    _FIELDS_KEY,
    Key(
        name="also", example="{shipping: {target: {…}, where: {…}, fields: {…}}}",
        does="Further targets of the same source rows, by a name of up to 20 small letters, digits and `_`. Each has "
        "`target` and `fields` of its own, and a `where` that is asked beside the mapping's.",
        schema={
            "type": "object",
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,19}$"},
            "additionalProperties": properties(ALSO),
        },
    ),
    Key(
        name="drop", example="[legacy_flag]",
        does="Source columns that are left behind. Every column is mapped or dropped by name; a new one is drift.",
        schema={"anyOf": [COLUMN, {"type": "array", "items": COLUMN}]},
    ),
    Key(
        name="on", needed=True, example="{drift: stop, truncate: stop}",
        does="What happens when something else than a row comes. Policies are declared, never implied.",
        schema=properties(POLICIES),
    ),
)  # fmt: skip
