"""What a word is given, in words, from the JSON Schema of its argument.

Guarantees: a schema that cannot be said is an error where the page is made. Called by the reference page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from overgrow.mapping.reference.markdown import code
from overgrow.mapping.words.word import SCALAR, Word


def said(word: Word) -> str:
    """The argument of a word."""
    if word.schema is None:
        return "none"
    return _shape(word.schema) + (", or none" if word.optional else "")


def _shape(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"anyOf": options}:
            return "; or ".join(map(_shape, options))
        case {"properties": properties, "required": needed}:
            given = [
                f"{code(name)}{'' if name in needed else ' (optional)'}: {_shape(one)}"
                for name, one in properties.items()
            ]
            return f"a map of {', '.join(given)}"
        case {"type": "array", "items": items}:
            return f"a list, each {_shape(items)}"
        case {"type": "object", "additionalProperties": values}:
            return f"a map of values, each to {_shape(values)}"
    return _single(schema)


def _single(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"enum": choices}:
            *others, last = map(code, choices)
            return f"{', '.join(others)} or {last}" if others else last
        case {"type": "integer", "minimum": low, "maximum": high}:
            return f"a whole number from {low:,} to {high:,}"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "string"}:
            special = {"uuid": "a UUID"}.get(schema.get("format", ""), "a text")
            return "`${env:NAME}` or `${file:PATH}`" if "pattern" in schema else special
        case _ if schema == SCALAR:
            return "a value"
    raise LookupError(f"nobody has said how to say {schema!r}")
