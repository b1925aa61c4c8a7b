"""PostgreSQL's COPY text format for one line.

Guarantees: any text PostgreSQL can hold comes back equal. Never truncates or replaces. Called by the row codec, by the
generated code it runs, and by tests.
"""

from __future__ import annotations

from collections.abc import Iterable

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def escape(value: str) -> str:
    """One value as COPY text; a NUL character, which PostgreSQL cannot hold, is an error."""
    if "\0" in value:
        raise ValueError("the text holds a NUL character, which PostgreSQL cannot store")
    return value.translate(_ESCAPES)


def copy_line(values: Iterable[str | None]) -> str:
    """The values of a row as one line, without its newline."""
    return "\t".join(NULL if value is None else escape(value) for value in values)
