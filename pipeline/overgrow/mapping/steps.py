"""The steps of the mapping language: what each does to one value, what it yields, whether it can be undone.

Guarantees: a step translates a value exactly or raises ValueError with the cause; NULL is not its business, except for
`default`. Never rounds, truncates or guesses. Built by the compiler, run as they stand by the interpreter, and
replaced by faster equals in generated code.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, ClassVar, Protocol

from overgrow.envelope import SqlType
from overgrow.mapping import render
from overgrow.mapping.instants import Zone
from overgrow.mapping.translators import Translator

TEXT = SqlType(name="text")
BIGINT = SqlType(name="bigint")
BOOLEAN = SqlType(name="boolean")
NUMERIC = SqlType(name="numeric")
JSONB = SqlType(name="jsonb")
TIMESTAMPTZ = SqlType(name="timestamptz")


class Step(Protocol):
    """One step on one value."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim:
    """Cut the blanks at both ends."""

    word: ClassVar[str] = "trim"
    yields: SqlType = TEXT
    one_way: str = "the blanks are gone"

    def apply(self, value: str) -> str:
        """Cut blanks only: tabs and newlines are content."""
        return value.strip(" ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Upper or lower case."""

    word: str  # `upper` or `lower`
    yields: SqlType = TEXT
    one_way: str = "the case is gone"

    def apply(self, value: str) -> str:
        """Fold by Unicode's rules."""
        return value.upper() if self.word == "upper" else value.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxLength:
    """Refuse longer text."""

    word: ClassVar[str] = "max_length"
    length: int
    yields: SqlType
    one_way: str = ""

    def apply(self, value: str) -> str:
        """Pass the text or fail."""
        if len(value) > self.length:
            raise ValueError(f"{len(value)} characters, max_length is {self.length}")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Replace each code by its meaning; codes have the type of the column, meanings are text or booleans."""

    word: str  # `codes` or `bool`
    pairs: tuple[tuple[Any, Any], ...]
    yields: SqlType

    @property
    def one_way(self) -> str:
        """Why two codes cannot be told apart again."""
        meanings = [meaning for _, meaning in self.pairs]
        double = next((m for m in meanings if meanings.count(m) > 1), None)
        return "" if double is None else f"several codes mean {render.RENDER[self.yields.wire.kind](double)}"

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - code and meaning have the types of the columns
        """Look the code up."""
        for code, meaning in self.pairs:
            if code == value:
                return meaning
        raise ValueError(f"unknown code {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorUnits:
    """An exact decimal amount to a whole number of its smallest unit."""

    word: ClassVar[str] = "minor_units"
    digits: int
    yields: SqlType = BIGINT
    one_way: str = ""

    def apply(self, value: str | int) -> int:
        """Shift the decimal point; a finer amount is an error, never rounded."""
        amount = Fraction(render.numeric(str(value))) * 10**self.digits
        if amount.denominator != 1:
            raise ValueError(f"{value} has more than {self.digits} decimals")
        return int(amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decimals:
    """A decimal with at most `scale` decimals, as text."""

    word: ClassVar[str] = "decimal"
    yields: SqlType
    one_way: str = ""

    def apply(self, value: str) -> str:
        """Pass the number or fail if it is finer."""
        whole, point, decimals = render.numeric(value).partition(".")
        scale = self.yields.scale or 0
        if decimals[scale:].strip("0"):
            raise ValueError(f"{value} has more than {scale} decimals")
        return whole + point + decimals[:scale] if scale else whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """Naive local time to an instant."""

    word: ClassVar[str] = "instant"
    zone: Zone
    yields: SqlType = TIMESTAMPTZ

    @property
    def one_way(self) -> str:
        """Why two local times cannot be told apart again."""
        if self.zone.missing == "shift_forward":
            return "a time that does not exist was moved"
        return "" if self.zone.ambiguous == "error" else "an hour that exists twice was chosen"

    def apply(self, value: int) -> str:
        """Give the instant in UTC."""
        return render.timestamp(self.zone.to_utc(value), "+00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Pass a value of the stated type: `date`, `timestamp`, and `json` for what is known to be JSON."""

    word: str  # the word used
    yields: SqlType
    one_way: str = ""

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - passes any
        """Change nothing."""
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseJson:
    """Text that must be a JSON document."""

    word: ClassVar[str] = "json"
    yields: SqlType = JSONB
    one_way: str = ""

    def apply(self, value: str) -> str:
        """Pass the text or fail."""
        return render.json(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NullIf:
    """One value means NULL."""

    word: ClassVar[str] = "null_if"
    value: Any
    yields: SqlType

    @property
    def one_way(self) -> str:
        """Why the way back is open."""
        return "NULL and the value it stands for are one"

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - passes any
        """Compare numbers by value, everything else as it is."""
        return None if self.matches(value) else value

    def matches(self, value: Any) -> bool:  # noqa: ANN401 - passes any
        """Say whether this is the value that means NULL."""
        if self.yields.wire.kind == "numeric":
            return Fraction(render.numeric(value)) == Fraction(self.value)
        return bool(value == self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """A declared value for NULL."""

    word: ClassVar[str] = "default"
    value: Any
    yields: SqlType

    @property
    def one_way(self) -> str:
        """Why the way back is open."""
        return "NULL and its default are one"

    def apply(self, value: Any) -> Any:  # noqa: ANN401 - passes any
        """Replace NULL."""
        return self.value if value is None else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Translate:
    """The context's own translator; it sees NULL as None."""

    translator: Translator
    yields: SqlType

    @property
    def word(self) -> str:
        """The translator's name."""
        return self.translator.name

    @property
    def one_way(self) -> str:
        """Why the way back is open."""
        return "" if self.translator.inverse is not None else f"translator {self.word} declares no inverse"

    def apply(self, value: tuple[Any, ...]) -> Any:  # noqa: ANN401 - declared by the translator
        """Call it and hold it to its declared type."""
        result = self.translator.function(*value)
        expected = self.yields.wire.python
        types = expected if isinstance(expected, tuple) else (expected,)
        if result is not None and type(result) not in types:
            raise ValueError(f"translator {self.word} gave {type(result).__name__}, it declares {self.yields}")
        if isinstance(result, str):
            result.encode()  # a lone surrogate would spoil the whole batch
        return result


def argument(step: Step) -> dict[str, object]:
    """What a step was given, as plain values for printing."""
    shown: dict[str, object] = {}
    for name in (f.name for f in fields(step) if f.name not in {"word", "yields", "one_way", "translator"}):  # type: ignore[arg-type]  # every step is a dataclass
        value = getattr(step, name)
        if isinstance(value, Zone):
            shown |= {"zone": value.name, "ambiguous": value.ambiguous, "missing": value.missing}
        else:
            shown[name] = [list(pair) for pair in value] if isinstance(value, tuple) else value
    return shown
