"""As much of JSON Schema (draft 7) as the published schema uses, and YAML as an editor reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from overgrow.mapping import tree
from overgrow.mapping.problems import Problems
from overgrow.mapping.tree import Map, Node, Scalar, Sequence

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}
# What says nothing about a value. A keyword that is neither here nor in `_RULES` is an error.
_SILENT = frozenset({"$schema", "title", "description", "definitions", "format", "required"})


class Schema:
    """One schema document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def faults(self, value: Any) -> list[str]:
        """Why the value does not fit; empty if it does."""
        return list(self._faults(value, self._document, "$"))

    def _faults(self, value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
        for keyword, given in schema.items():
            if keyword not in _SILENT:
                yield from self._rule(keyword, given, value, schema, at)
        if isinstance(value, dict):
            yield from (f"{at} needs {name}" for name in schema.get("required", []) if name not in value)

    def _rule(self, keyword: str, given: Any, value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
        match keyword:
            case "$ref":
                yield from self._faults(value, self._document["definitions"][given.removeprefix("#/definitions/")], at)
            case "anyOf":
                if all(self._misses(value, one, at) for one in given):
                    yield f"{at}: {value!r} is none of {len(given)}"
            case "not":
                if not self._misses(value, given, at):
                    yield f"{at}: {value!r} is what it must not be"
            case "properties" | "additionalProperties" | "propertyNames":
                yield from self._inside(keyword, given, value if isinstance(value, dict) else {}, schema, at)
            case "items":
                for number, one in enumerate(value if isinstance(value, list) else []):
                    yield from self._faults(one, given, f"{at}[{number}]")
            case _:
                if not _holds(keyword, given, value):
                    yield f"{at}: {value!r} against {keyword} {given!r}"

    def _inside(
        self, keyword: str, given: Any, value: dict[str, Any], schema: Mapping[str, Any], at: str
    ) -> Iterator[str]:
        for name, one in value.items():
            if keyword == "propertyNames":
                yield from self._faults(name, given, f"{at}.{name} (its name)")
            elif keyword == "properties" and name in given:
                yield from self._faults(one, given[name], f"{at}.{name}")
            elif keyword == "additionalProperties" and name not in schema.get("properties", {}):
                yield from [f"{at} has no {name}"] if given is False else self._faults(one, given, f"{at}.{name}")

    def _misses(self, value: Any, schema: Mapping[str, Any], at: str) -> bool:
        return any(True for _ in self._faults(value, schema, at))


def _holds(keyword: str, given: Any, value: Any) -> bool:
    rules: Mapping[str, Callable[[], bool]] = {
        "type": lambda: any(_TYPES[one](value) for one in ([given] if isinstance(given, str) else given)),
        "enum": lambda: value in given,
        "const": lambda: bool(value == given),
        "pattern": lambda: not isinstance(value, str) or re.search(given, value) is not None,
        "minLength": lambda: not isinstance(value, str) or len(value) >= given,
        "minimum": lambda: not _TYPES["number"](value) or value >= given,
        "maximum": lambda: not _TYPES["number"](value) or value <= given,
        "minItems": lambda: not isinstance(value, list) or len(value) >= given,
        "minProperties": lambda: not isinstance(value, dict) or len(value) >= given,
        "maxProperties": lambda: not isinstance(value, dict) or len(value) <= given,
    }
    return rules[keyword]()


def as_an_editor_reads(text: str) -> Any:
    """A YAML document by the core schema of YAML 1.2, as JSON."""
    problems = Problems("document")
    found = tree.load(text, problems)
    assert found is not None, problems.found
    return _plain(found)


def _plain(node: Node) -> Any:
    match node:
        case Map():
            return {key.text: _plain(value) for key, value in node.entries}
        case Sequence():
            return [_plain(item) for item in node.items]
        case Scalar():
            return _scalar(node.text) if node.plain else node.text


def _scalar(text: str) -> Any:
    words: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
    if text in words:
        return words[text]
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text
