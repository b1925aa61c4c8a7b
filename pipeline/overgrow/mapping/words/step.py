"""What a step of the mapping language is: one value in, one value out, and whether the way back is open.

Guarantees: a step translates a value exactly or raises ValueError with the cause. Never rounds, truncates or guesses
unless that is what it is for. Made by the words of this package, run as they stand by the interpreter, replaced by
faster equals in generated code.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar, Protocol

from overgrow.envelope import SqlType

TEXT = SqlType(name="text")
BIGINT = SqlType(name="bigint")
BOOLEAN = SqlType(name="boolean")
JSONB = SqlType(name="jsonb")
UUID = SqlType(name="uuid")
TIMESTAMP = SqlType(name="timestamp")
TIMESTAMPTZ = SqlType(name="timestamptz")
DATE = SqlType(name="date")


class Step(Protocol):
    """One step."""

    sees_null: ClassVar[bool]  # it is called for NULL (None) too
    gives_null: ClassVar[bool]  # its result may be NULL although its input is not
    takes_row: ClassVar[
        bool
    ]  # it takes a tuple of all inputs of the field; sees NULL, may give NULL; the first step only

    @property
    def word(self) -> str:
        """Its name in the language."""

    @property
    def yields(self) -> SqlType:
        """The type of its result."""

    @property
    def one_way(self) -> str:
        """Why it has no inverse; empty if it has one, and then no two values give the same result."""

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - each step states its own
        """Translate one value, or raise ValueError with the cause."""

    def invert(self, value: Any) -> Any:  # noqa: ANN401 - each step states its own
        """Give back what `apply` was given (a tuple if it takes the row); ValueError for what it never gave."""


class OneValue:
    """The common case: never called for NULL, never gives it, takes one value, has no way back."""

    __slots__ = ()
    sees_null: ClassVar[bool] = False
    gives_null: ClassVar[bool] = False
    takes_row: ClassVar[bool] = False

    def invert(self, value: Any) -> Any:  # noqa: ANN401 - each step states its own
        """Refuse: a step with a way back has its own."""
        del value
        raise ValueError(getattr(self, "one_way", "") or "there is no way back")


class SameValue(OneValue):
    """A step that lets a value through or refuses it: its way back changes nothing."""

    __slots__ = ()

    def invert(self, value: Any) -> Any:  # noqa: ANN401 - passes any
        """Change nothing."""
        return value


# What follows from the types that arrive, or is said elsewhere.
_NOT_ARGUMENTS = frozenset(
    {"word", "yields", "one_way", "translator", "whole", "numeric", "kind", "kinds", "parts", "source"}
)


def argument(step: Step) -> dict[str, object]:
    """What a step was given, as plain values for printing."""
    shown: dict[str, object] = {}
    for name in (one.name for one in fields(step) if one.name not in _NOT_ARGUMENTS):  # type: ignore[arg-type]  # every step is a dataclass
        value = getattr(step, name)
        if value is None:
            continue
        described = getattr(value, "describe", None)
        if described is not None:
            shown |= described()
        elif isinstance(value, tuple):
            shown[name] = [list(one) if isinstance(one, tuple) else one for one in value]
        else:
            shown[name] = value
    return shown
