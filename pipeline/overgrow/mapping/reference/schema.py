"""The JSON Schema of a mapping document, for editors that complete and check while one writes.

Guarantees: what `overgrow check` takes, the schema takes; a word, key or choice that the compiler does not know is
refused. Cannot know tables: columns, types and translators are left to `check`. Draft 7, which editors know best.
Published as schemas/mapping.schema.json; printed by `overgrow show --schema`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from overgrow.mapping import words
from overgrow.mapping.reference import keys
from overgrow.mapping.words.word import Word

FILE = "schemas/mapping.schema.json"
_TRANSLATOR = "^[A-Za-z_][A-Za-z0-9_]*$"


def document() -> dict[str, Any]:
    """The schema."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "overgrow mapping",
        "description": "One source table's mapping: what each of its rows becomes. See docs/reference/mapping.md.",
        **keys.properties(keys.TOP),
        "definitions": {"condition": keys.CONDITION, "field": _field(), "do": _do(), "step": _step()},
    }


def text() -> str:
    """The schema as it is published."""
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


def _field() -> Mapping[str, Any]:
    column = {"description": "A source column, written as it is.", **keys.COLUMN}
    return {"anyOf": [column, keys.properties(keys.FIELD), keys.properties([keys.CONST])]}


def _do() -> Mapping[str, Any]:
    step = {"$ref": "#/definitions/step"}
    return {"anyOf": [step, {"type": "array", "items": step}]}


def _step() -> Mapping[str, Any]:
    """A bare word, a word with its argument, or the name of one of the context's own translators."""
    listed = list(words.WORDS.values())
    bare = [{"const": word.name, "description": _says(word)} for word in listed if stands_alone(word)]
    given = {word.name: {"description": _says(word), **word.schema} for word in listed if word.schema is not None}
    translator = {
        "type": "string",
        "pattern": _TRANSLATOR,
        "not": {"enum": [word.name for word in listed]},
        "description": "A translator of the context.",
    }
    argument = {
        "type": "object",
        "properties": given,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    return {"anyOf": [*bare, argument, translator]}


def stands_alone(word: Word) -> bool:
    """Whether the word may be written without an argument."""
    return word.schema is None or word.optional


def _says(word: Word) -> str:
    return f"{word.does} Way back: {word.back}. Example: {word.example.splitlines()[0]}"
