"""Row filters: which source rows belong to a mapping, in Python and as SQL on the source table.

Guarantees: `Filter.holds` and `Filter.sql` agree on every row; NULL is a value like any other: it is not X, and in no
list and no range. A value whose order nobody knows (an infinite date) is an error, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from overgrow.envelope import SqlType, quote
from overgrow.mapping import literals, render
from overgrow.mapping.document import ConditionDocument
from overgrow.mapping.problems import Problems

EQUAL = frozenset({"text", "char", "int", "bool", "uuid", "numeric", "date", "timestamp"})
ORDERED = frozenset({"int", "numeric", "date", "timestamp"})  # text is ordered by a collation, which only SQL knows
_SQL = {
    "in": "coalesce({column} in ({values}), false)",
    "not_in": "coalesce({column} not in ({values}), true)",
    "not": "{column} is distinct from {values}",
    "at_least": "coalesce({column} >= {values}, false)",
    "less_than": "coalesce({column} < {values}, false)",
    "null": "{column} is null",
    "not_null": "{column} is not null",
}
_BEYOND = {"NAN": 2, "POSITIVE_INFINITY": 1, "NEGATIVE_INFINITY": -1}  # as PostgreSQL orders them: NaN is the greatest


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition on one column. `values` are wire values, `texts` the same as written."""

    column: str
    type: SqlType
    relation: str  # in, not_in, at_least, less_than, null, not_null
    values: tuple[Any, ...]
    texts: tuple[str, ...]

    def holds(self, value: Any) -> bool:  # noqa: ANN401 - the column's wire value
        """Say whether a wire value is inside; ValueError where its order is unknown."""
        if value is None or self.relation in {"null", "not_null"}:
            return self.relation == ("null" if value is None else "not_null") or (
                value is None and self.relation == "not_in"
            )
        compared = self._comparable(value)
        match self.relation:
            case "in":
                return compared in self.compared
            case "not_in":
                return compared not in self.compared
            case "at_least":
                return bool(compared >= self.compared[0])
            case _:
                return bool(compared < self.compared[0])

    @property
    def compared(self) -> tuple[Any, ...]:
        """The literals as they are compared."""
        return tuple(self._comparable(value) for value in self.values)

    @property
    def hashed(self) -> bool:
        """Whether the wire value itself, of char(n) without its padding, is looked for among the literals."""
        return self.relation in {"in", "not_in"} and self.type.wire.kind != "numeric"

    def _comparable(self, value: Any) -> Any:  # noqa: ANN401 - the column's wire value
        kind = self.type.wire.kind
        if kind == "char":
            return value.rstrip(" ")  # as PostgreSQL compares char(n)
        if kind == "numeric":
            return (_BEYOND[value], Decimal(0)) if value in _BEYOND else (0, Decimal(render.numeric(value)))
        if kind in {"date", "timestamp"} and self.relation in {"at_least", "less_than"}:
            (render.day if kind == "date" else render.timestamp)(value)
        return value

    @property
    def sql(self) -> str:
        """The same condition on the source table, never NULL."""
        values = ", ".join(literals.sql(text) for text in self.texts)
        relation = "not" if self.relation == "not_in" and len(self.texts) == 1 else self.relation
        return _SQL[relation].format(column=quote(self.column), values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Rows of which all conditions of any one group hold; every row where there is no group."""

    groups: tuple[tuple[Condition, ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.groups)

    @property
    def columns(self) -> frozenset[str]:
        """The columns it looks at."""
        return frozenset(condition.column for group in self.groups for condition in group)

    def and_also(self, other: Filter) -> Filter:
        """Rows inside both."""
        if not self or not other:
            return self or other
        return Filter(groups=tuple(one + more for one in self.groups for more in other.groups))

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Say whether a row of wire values is inside."""
        return not self.groups or any(
            all(condition.holds(row[condition.column]) for condition in group) for group in self.groups
        )

    @property
    def sql(self) -> str:
        """The same on the source table, `true` without groups; it holds no parameters."""
        shown = [" and ".join(condition.sql for condition in group) for group in self.groups]
        return shown[0] if len(shown) == 1 else " or ".join(f"({one})" for one in shown) or "true"


def condition(document: ConditionDocument, sql_type: SqlType, problems: Problems) -> Condition | None:
    """One condition on a column of this type; None with the problem noted."""
    column, relation, kind = document.column.text, document.relation, sql_type.wire.kind
    suited = ORDERED if relation in {"at_least", "less_than"} else EQUAL
    if document.values and kind not in suited:
        message = f"where {column}: a column of type {sql_type} cannot be filtered on with {relation}"
        problems.add(document.column.line, "unsupported-filter", message)
        return None
    values = []
    for value in document.values:
        try:
            values.append(literals.parse(value.text, sql_type))
        except ValueError as error:
            problems.add(value.line, "bad-literal", f"where {column}: {error}")
    return Condition(
        column=column,
        type=sql_type,
        relation=relation,
        values=tuple(values),
        texts=tuple(value.text for value in document.values),
    )
