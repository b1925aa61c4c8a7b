"""The context's own translators as steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from overgrow.envelope import SqlType
from overgrow.mapping.translators import Translator
from overgrow.mapping.words.step import OneValue, Step
from overgrow.mapping.words.word import Place

# What a translator may be given that declares a type of another family.
_TAKES: dict[str, frozenset[str]] = {
    "text": frozenset({"text", "char"}),
    "json": frozenset({"json", "jsonb"}),
    "jsonb": frozenset({"json", "jsonb"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Translate(OneValue):
    """The context's own translator; it sees NULL as None."""

    takes_row: ClassVar[bool] = True
    sees_null: ClassVar[bool] = True
    gives_null: ClassVar[bool] = True
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

    def invert(self, value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - declared by the translator
        """Call its inverse."""
        if self.translator.inverse is None:
            raise ValueError(self.one_way)
        return self.translator.inverse(value)


def translate(place: Place, translator: Translator) -> Step | None:
    """The step for a translator, its declared types held against those that reach it."""
    place.no_argument()
    arriving = place.all_arriving or (place.arriving,)
    declared = [SqlType.parse(text) for text in translator.inputs]
    output = SqlType.parse(translator.output)
    if output is None or None in declared:
        named = ", ".join([*translator.inputs, translator.output])
        place.problem("bad-translator", f"translator {place.word} declares a type this version cannot carry: {named}")
        return None
    if len(declared) != len(arriving):
        place.problem(
            "translator-inputs", f"translator {place.word} takes {len(declared)} columns, not {len(arriving)}"
        )
        return None
    for expected, found in zip(declared, arriving, strict=True):
        if expected is not None and found.wire.kind not in _TAKES.get(expected.wire.kind, {expected.wire.kind}):
            place.problem("type-mismatch", f"translator {place.word} takes {expected}, not {found}")
            return None
    return Translate(translator=translator, yields=output)
