"""Typed reading of a tree: what is there, what is missing, what nobody knows.

Guarantees: a wrong shape is one problem at its line and the reading goes on. Never raises. Called by the loaders.
"""

from __future__ import annotations

from collections.abc import Iterable

from overgrow.mapping.problems import Problems, suggestion
from overgrow.mapping.tree import Map, Node, Scalar, Sequence

_DIGITS = 12  # more than any bound has; int() refuses texts of thousands


def entries(
    node: Node | None, problems: Problems, *, what: str, repeated: str = "duplicate-key"
) -> dict[str, tuple[Scalar, Node]]:
    """The entries of a map by key; a repeated key is a problem of the given code, the first one counts."""
    if not isinstance(node, Map):
        if node is not None:
            problems.add(node.line, "bad-shape", f"{what} is a map of keys and values")
        return {}
    made: dict[str, tuple[Scalar, Node]] = {}
    for key, value in node.entries:
        if key.text in made:
            problems.add(
                key.line, repeated, f"{what}: {key.text} is there twice, first in line {made[key.text][0].line}"
            )
        else:
            made[key.text] = (key, value)
    return made


def known(found: dict[str, tuple[Scalar, Node]], names: Iterable[str], problems: Problems, *, what: str) -> None:
    """Note every key that is not one of the names."""
    allowed = list(names)
    for text, (key, _) in found.items():
        if text not in allowed:
            hint = suggestion(text, allowed) or f"; known keys: {', '.join(allowed)}"
            problems.add(key.line, "unknown-key", f"{what} has no key {text}{hint}")


def required(
    found: dict[str, tuple[Scalar, Node]], name: str, problems: Problems, *, line: int, what: str
) -> Node | None:
    """The value of a key that must be there."""
    if name not in found:
        problems.add(line, "missing-key", f"{what} needs the key {name}")
        return None
    return found[name][1]


def scalar(node: Node | None, problems: Problems, *, what: str) -> Scalar | None:
    """A single text."""
    if node is None or isinstance(node, Scalar):
        return node
    problems.add(node.line, "bad-shape", f"{what} is a single value")
    return None


def scalars(node: Node | None, problems: Problems, *, what: str) -> tuple[Scalar, ...]:
    """A list of texts; a single text is a list of one."""
    if node is None:
        return ()
    if isinstance(node, Scalar):
        return (node,)
    if isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items):
        return tuple(item for item in node.items if isinstance(item, Scalar))
    problems.add(node.line, "bad-shape", f"{what} is a list of single values")
    return ()


def whole_number(node: Node | None, problems: Problems, *, what: str, low: int = 0, high: int = 2**31) -> int | None:
    """A number written in digits, within bounds."""
    found = scalar(node, problems, what=what)
    if found is None:
        return None
    if not (
        found.text.isascii() and found.text.isdecimal() and len(found.text) < _DIGITS and low <= int(found.text) <= high
    ):
        problems.add(found.line, "bad-number", f"{what} is a whole number from {low} to {high}, not {found.text!r}")
        return None
    return int(found.text)


def choice(node: Node | None, options: tuple[str, ...], problems: Problems, *, what: str) -> str | None:
    """One of a few words."""
    found = scalar(node, problems, what=what)
    if found is None:
        return None
    if found.text not in options:
        problems.add(found.line, "bad-choice", f"{what} is one of {', '.join(options)}, not {found.text!r}")
        return None
    return found.text
