"""Words on NULL: which values mean it, what stands for it, where it is an error."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from overgrow.envelope import SqlType
from overgrow.mapping import render
from overgrow.mapping.tree import Scalar
from overgrow.mapping.words.step import OneValue, SameValue, Step
from overgrow.mapping.words.word import SCALAR, Place, Word, simple

_LITERAL = frozenset({"text", "char", "int", "bool", "numeric", "date", "timestamp", "timestamptz", "uuid"})
_ANY = _LITERAL | {"time", "json", "jsonb", "bytes", "float"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NullIf(OneValue):
    """One value means NULL."""

    word: ClassVar[str] = "null_if"
    gives_null: ClassVar[bool] = True
    value: Any
    yields: SqlType
    one_way: str = "NULL and the value it stands for are one"

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - passes any
        """Compare numbers by value, everything else as it is."""
        return None if self.matches(value) else value

    def matches(self, value: Any) -> bool:  # noqa: ANN401 - passes any
        """Say whether this is the value that means NULL."""
        if self.yields.wire.kind == "numeric":
            return Decimal(render.numeric(value)) == Decimal(self.value)
        return bool(value == self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Default(OneValue):
    """A declared value for NULL."""

    word: ClassVar[str] = "default"
    sees_null: ClassVar[bool] = True
    value: Any
    yields: SqlType
    one_way: str = "NULL and its default are one"

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - passes any
        """Replace NULL."""
        return self.value if value is None else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Required(SameValue):
    """NULL is an error."""

    word: ClassVar[str] = "required"
    sees_null: ClassVar[bool] = True
    yields: SqlType
    one_way: str = ""

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - passes any
        """Pass everything but NULL."""
        if value is None:
            raise ValueError("NULL, and the value is required")
        return value


def _null_if(place: Place) -> Step | None:
    value = _literal(place)
    return None if value is None else NullIf(value=value, yields=place.arriving)


def _default(place: Place) -> Step | None:
    value = _literal(place)
    return None if value is None else Default(value=value, yields=place.arriving)


def _literal(place: Place) -> Any:  # noqa: ANN401 - one Python type per SQL type
    if not isinstance(place.argument, Scalar):
        place.problem("bad-argument", f"{place.word} needs a value, as in {{{place.word}: X}}")
        return None
    return place.literal(place.argument)


WORDS = (
    Word(
        name="null_if", takes=_LITERAL, gives="the same, or NULL",
        does="One value means NULL: `''` for empty text, `0` for a number.",
        back="none: NULL and the value are one", example="{from: phone, do: {null_if: ''}}", build=_null_if,
        schema=SCALAR,
    ),
    Word(
        name="default", takes=_LITERAL, gives="the same, never NULL", does="A declared value for NULL.",
        back="none: NULL and its default are one",
        example="{from: typ_cd, do: [{codes: {PR: person}}, {default: unspecified}]}", build=_default, schema=SCALAR,
    ),
    Word(
        name="required", takes=_ANY, gives="the same, never NULL",
        does="NULL is a dead letter: for a target column that cannot be NULL where the source's can.",
        back="yes: the value is not changed", example="{from: email, do: required}",
        build=simple(lambda place: Required(yields=place.arriving)),
    ),
)  # fmt: skip
