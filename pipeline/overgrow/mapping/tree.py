"""YAML text to a tree with line numbers in which every scalar stays the text that was written.

Guarantees: no value is ever reinterpreted (`no`, `1e3`, `0777` are text); aliases, tags and several documents are
refused; depth and size are bounded. Never builds Python objects. Called by the loaders of mappings, catalogues and
the project file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from overgrow.mapping.problems import Problems

_MAX_CHARACTERS = 1_000_000
_MAX_DEPTH = 20


@dataclass(slots=True, kw_only=True)
class Scalar:
    """A scalar as written; `plain` when it was not quoted."""

    text: str
    line: int
    plain: bool = True


@dataclass(slots=True, kw_only=True)
class Sequence:
    """A list."""

    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Map:
    """A map in the order written; a repeated key is still there twice, its reader reports it."""

    line: int
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)

    def keys(self) -> list[str]:
        """The keys in order."""
        return [key.text for key, _ in self.entries]


Node = Scalar | Sequence | Map


class _Refused(Exception):
    """Ends the reading of one file; never leaves this module."""

    def __init__(self, line: int, code: str, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.code = code


def load(text: str, problems: Problems) -> Map | None:
    """The document's top map, or None with the problem noted."""
    try:
        node = _document(text)
    except _Refused as error:
        problems.add(error.line, error.code, str(error))
        return None
    except yaml.YAMLError as error:
        mark = _mark(error)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        problems.add(mark.line + 1 if mark else 1, "bad-yaml", f"not YAML: {what}")
        return None
    if not isinstance(node, Map):
        problems.add(node.line if node else 1, "bad-yaml", "the document is not a map of keys and values")
        return None
    return node


def _mark(error: yaml.YAMLError) -> yaml.Mark | None:
    """Where the mistake is: a bracket or a quote left open is where it was opened, not where that was noticed."""
    noticed: yaml.Mark | None = getattr(error, "problem_mark", None)
    opened: yaml.Mark | None = getattr(error, "context_mark", None)
    context = getattr(error, "context", None) or ""
    return opened if opened and ("flow" in context or "quoted" in context) else noticed or opened


def _document(text: str) -> Node | None:
    if len(text) > _MAX_CHARACTERS:
        raise _Refused(1, "too-large", f"the file is longer than {_MAX_CHARACTERS} characters")
    events = iter(yaml.parse(text, Loader=yaml.SafeLoader))
    node: Node | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if node is not None:
                raise _Refused(_line(event), "bad-yaml", "one file holds one document")
            node = _node(next(events), events, 0)
    return node


def _node(event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
    line = _line(event)
    if depth > _MAX_DEPTH:
        raise _Refused(line, "too-deep", f"nested deeper than {_MAX_DEPTH} levels")
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise _Refused(line, "yaml-alias", "anchors and aliases are not part of the language: write the value out")
    if getattr(event, "tag", None):
        raise _Refused(line, "yaml-tag", "tags are not part of the language: scalars are always text")
    match event:
        case yaml.ScalarEvent():
            _check_text(event.value, line)
            return Scalar(text=event.value, line=line, plain=event.style is None)
        case yaml.SequenceStartEvent():
            return _sequence(line, events, depth)
        case _:
            return _map(line, events, depth)


def _check_text(text: str, line: int) -> None:
    """An escape can write half of a character, which no file, database or terminal can hold."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _Refused(line, "bad-yaml", "a text with half a character (a lone surrogate)") from None


def _sequence(line: int, events: Iterator[yaml.Event], depth: int) -> Sequence:
    made = Sequence(line=line)
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        made.items.append(_node(event, events, depth + 1))
    return made


def _map(line: int, events: Iterator[yaml.Event], depth: int) -> Map:
    made = Map(line=line)
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        key = _node(event, events, depth + 1)
        if not isinstance(key, Scalar):
            raise _Refused(key.line, "bad-yaml", "a key is a single word or text")
        made.entries.append((key, _node(next(events), events, depth + 1)))
    return made


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1
