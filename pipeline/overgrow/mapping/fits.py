"""Which type may be written to which, and which may be given to what.

Guarantees: what is refused would certainly fail or lose something in PostgreSQL; what depends on the value is left to
the value. Never converts. Called by the compiler.
"""

from __future__ import annotations

from overgrow.envelope import SqlType
from overgrow.mapping import literals
from overgrow.mapping.plan import TargetColumn

_WRITES: dict[str, frozenset[str]] = {
    "text": frozenset({"text", "char"}),
    "char": frozenset({"text", "char"}),
    "int": frozenset({"int", "numeric"}),
    "json": frozenset({"json", "text"}),
    "jsonb": frozenset({"jsonb", "json", "text"}),
    "uuid": frozenset({"uuid", "text"}),
}
_TAKES: dict[str, frozenset[str]] = {
    "text": frozenset({"text", "char"}),
    "json": frozenset({"json", "jsonb"}),
    "jsonb": frozenset({"json", "jsonb"}),
}


def written(found: SqlType, target: TargetColumn) -> str:
    """Why a value of this type cannot be written to the column; empty when it can."""
    kind = found.wire.kind
    if target.type is None:
        return "" if kind in {"text", "char"} else f"{found} into {target.type_text}, which only text can be written to"
    if target.type.wire.kind not in _WRITES.get(kind, {kind}):
        hint = "; say do: json" if (kind, target.type.name) == ("json", "jsonb") else ""
        return f"{found} into {target.type_text}{hint}"
    if kind == "numeric" and _scale(target.type, 16_383) < _scale(found, 16_383):
        return (
            f"{found} into {target.type_text}, which rounds; say do: {{decimal: {{scale: {target.type.scale or 0}}}}}"
        )
    return ""


def constant(text: str, target: TargetColumn) -> str:
    """Why this text is no value of the column; empty when it is or when only PostgreSQL can tell."""
    if target.type is None or target.type.wire.kind in {"json", "jsonb", "bytes", "float", "time"}:
        return ""
    if target.type.name == "varchar" and target.type.size and len(text) > target.type.size:
        return f"{text!r} is longer than {target.type}"
    try:
        literals.parse(text, target.type)
    except ValueError as error:
        return str(error)
    return ""


def taken(found: SqlType, declared: SqlType) -> bool:
    """Say whether a translator that declares a type may be given another."""
    return found.wire.kind in _TAKES.get(declared.wire.kind, {declared.wire.kind})


def _scale(number: SqlType, unlimited: int) -> int:
    return unlimited if number.size is None else number.scale or 0
