"""The context's own translators: pure functions on Python values, declared with their types.

Guarantees: a translator says what it takes and what it gives, so a mapping can be checked before any row is seen. Never
does I/O, never sees a clock. Declared in `transforms/<context>/translators.py`, used by name in a mapping's `do`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Translator:
    """A named pure function from source values (None for NULL) to one target value, with its way back if it has one."""

    name: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    output: str
    inverse: Callable[[Any], tuple[Any, ...]] | None = None

    def __call__(self, *values: Any) -> Any:  # noqa: ANN401 - the types are declared in `inputs` and `output`
        """Translate; used directly by the context's own tests."""
        return self.function(*values)


def translator(
    *, inputs: Sequence[str], output: str, inverse: Callable[[Any], tuple[Any, ...]] | None = None
) -> Callable[[Callable[..., Any]], Translator]:
    """Declare a translator. `inputs` and `output` are PostgreSQL type names, e.g. `text`, `numeric`, `jsonb`.

    Values are wire values: text, numeric, timestamptz, json and uuid as str, integers and dates (days) and timestamps
    (microseconds) as int, bytea as bytes. `inverse` gives back the inputs as a tuple, also for a single one.
    """

    def declare(function: Callable[..., Any]) -> Translator:
        return Translator(
            name=function.__name__, function=function, inputs=tuple(inputs), output=output, inverse=inverse
        )

    return declare
