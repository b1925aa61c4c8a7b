"""One value of an example file: its text, NULL, or a problem at its line.

Guarantees: only the plain word null is NULL; what could be meant as NULL or as text must be written out. Never raises.
Called by the readers of given rows and of expectations.
"""

from __future__ import annotations

from typing import Any

from overgrow.envelope import SqlType
from overgrow.mapping.examples import values
from overgrow.mapping.problems import Problems
from overgrow.mapping.tree import Node, Scalar


def text(key: Scalar, node: Node, problems: Problems) -> str | None:
    """A value's text; None for NULL, and for what is no value."""
    if not isinstance(node, Scalar):
        problems.add(node.line, "bad-value", f"{key.text} is a single value; put JSON into single quotes")
    elif node.plain and node.text in {"", "~"}:
        message = f"{key.text}: write null for NULL, or {f'{node.text!r}'} for that text"
        problems.add(node.line, "bad-value", message)
    elif not is_null(node):
        return node.text
    return None


def wire(key: Scalar, written: str | None, of: SqlType | None, problems: Problems) -> Any:  # noqa: ANN401 - a wire value
    """The wire value of a text, the text itself where the type is unknown; None for what is no value of the type."""
    if written is None or of is None:
        return written
    try:
        return values.parse(written, of)
    except ValueError as error:
        problems.add(key.line, "bad-value", f"{key.text}: {error}")
        return None


def is_null(node: Node) -> bool:
    """Whether this is written as NULL."""
    return isinstance(node, Scalar) and node.plain and node.text == "null"
