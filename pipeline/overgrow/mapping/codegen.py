"""The source text of a plan's row function.

Guarantees: the function gives for every row the COPY line of what the interpreter gives, and fails where it fails. No
value of a row is ever part of the text; names of columns are, as attributes that were checked to be identifiers.
Called by the row codec.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from overgrow.envelope import WireColumn
from overgrow.mapping import copytext, fast
from overgrow.mapping.filters import Condition, Filter
from overgrow.mapping.plan import Field, TablePlan
from overgrow.mapping.render import RENDER
from overgrow.mapping.words.nulls import Default, NullIf, Required
from overgrow.mapping.words.step import Step
from overgrow.mapping.words.text import MaxLength, Trim
from overgrow.mapping.words.times import Pass, Sentinels

_SPECIAL = " or ".join(f"{special} in {{0}}" for special in (r'"\\"', r'"\t"', r'"\n"', r'"\r"', r'"\0"'))
_JOINED = {"text", "char", "uuid"}  # escaped after one test of all of them together
_ALONE = {"json", "jsonb"}  # full of backslashes at times, tested one by one


def attributes(columns: Iterable[WireColumn]) -> dict[str, str]:
    """A Python attribute for each column: its own name where that is a plain identifier."""
    return {
        column.name: column.name
        if column.name.isidentifier()
        and column.name.isascii()
        and not keyword.iskeyword(column.name)
        and column.name[0] != "_"
        else f"_{number}"
        for number, column in enumerate(columns)
    }


def absent(columns: Sequence[WireColumn], placeholder: str) -> Callable[[Any], frozenset[str]]:
    """The function that names the columns of a row struct which carry the placeholder."""
    named = attributes(columns)
    marks = {c.name: placeholder.encode() if c.type.name == "bytea" else placeholder for c in columns if c.large}
    tests = " or ".join(f"r.{named[name]} == M{number}" for number, name in enumerate(marks)) or "False"
    names: dict[str, Any] = {f"M{number}": mark for number, mark in enumerate(marks.values())}
    names["NONE"] = frozenset()
    names["listed"] = lambda r: frozenset(name for name, mark in marks.items() if getattr(r, named[name]) == mark)
    return function(f"def absent(r):\n    return listed(r) if {tests} else NONE\n", names, "absent")


def function(source: str, names: dict[str, Any], name: str) -> Callable[[Any], Any]:
    """Compile a text that holds names of columns only, each an identifier; every value is bound by name."""
    bound = dict(names)
    exec(compile(source, f"<generated {name}>", "exec"), bound)  # noqa: S102 - the text is this module's own
    made: Callable[[Any], Any] = bound[name]
    return made


@dataclass(slots=True)
class RowFunction:
    """The text of one function and the names it uses."""

    plan: TablePlan
    attribute: dict[str, str]
    names: dict[str, Any] = field(default_factory=lambda: {"escape": copytext.escape, "N": copytext.NULL})
    lines: list[str] = field(default_factory=list)

    @classmethod
    def of_row(cls, plan: TablePlan, absent: frozenset[str]) -> RowFunction:
        """The function `line(r)` of a row struct in which some columns are absent."""
        made = cls(plan, attributes(plan.used))
        made.lines.append("def line(r):")
        if plan.where:
            made._filter(plan.where)
        made._fields(plan.fields, absent)
        return made

    @classmethod
    def of_key(cls, plan: TablePlan) -> RowFunction:
        """The function `line(r)` of a key struct: the target key's columns."""
        made = cls(plan, attributes(plan.key_columns))
        by_name = {one.target.name: one for one in plan.fields}
        made.lines.append("def line(r):")
        made._fields([by_name[name] for name in plan.target_key], frozenset())
        return made

    @property
    def source(self) -> str:
        """The text."""
        return "\n".join(self.lines) + "\n"

    def compiled(self) -> Callable[[Any], Any]:
        """The function."""
        return function(self.source, self.names, "line")

    def _name(self, name: str, value: object) -> str:
        self.names[name] = value
        return name

    def _filter(self, where: Filter) -> None:
        groups = [" and ".join(map(self._condition, group)) for group in where.groups]
        self.lines += [f"    if not ({' or '.join(groups)}):", "        return None"]

    def _condition(self, condition: Condition) -> str:
        value = f"r.{self.attribute[condition.column]}"
        if condition.relation in {"null", "not_null"}:
            return f"{value} is {'not ' if condition.relation == 'not_null' else ''}None"
        number = sum(name[0] == "W" for name in self.names)
        if not condition.hashed:
            return f"{self._name(f'W{number}', condition.holds)}({value})"
        if condition.type.wire.kind == "char":
            value = f"(None if {value} is None else {value}.rstrip(' '))"
        listed = self._name(f"W{number}", frozenset(condition.compared))
        return f"{value} {'in' if condition.relation == 'in' else 'not in'} {listed}"

    def _fields(self, fields: Sequence[Field], absent: frozenset[str]) -> None:
        shown: list[str] = []
        joined: list[str] = []
        for number, one in enumerate(fields):
            if absent.intersection(one.inputs):
                shown.append("{N}")
            elif one.constant is not None:
                shown.append(f"{{{self._name(f'C{number}', copytext.escape(one.constant))}}}")
            else:
                emitted = _FieldText(self, one, f"f{number}")
                shown.append(emitted.write())
                joined += [f"f{number}"] if emitted.joined else []
        if joined:
            self._escape_joined(joined)
        self.lines.append('    return f"' + r"\t".join(shown) + '"')

    def _escape_joined(self, joined: list[str]) -> None:
        self.lines.append('    x = f"' + "".join(f"{{{name}}}" for name in joined) + '"')
        self.lines.append(f"    if {_SPECIAL.format('x')}:")
        self.lines += [f"        {name} = {name} if {name} is None else escape({name})" for name in joined]


class _FieldText:
    """Writes one field's statements; follows whether the value can be NULL at each point."""

    def __init__(self, function: RowFunction, one: Field, variable: str) -> None:
        self._function = function
        self._field = one
        self._v = variable
        self._nullable = True
        self._kind = one.yields.wire.kind
        self.joined = False

    def write(self) -> str:
        """Write the statements and give the expression for the line."""
        chain = [step for step in self._field.steps if not isinstance(step, Pass)]
        core = len(chain)
        while core and isinstance(chain[core - 1], Default):
            core -= 1
        printed = self._core(chain[:core])
        for step in chain[core:]:
            self._default(step, printed=printed)
        self.joined = not printed and self._kind in _JOINED
        return f"{{N if {self._v} is None else {self._v}}}" if self._nullable else f"{{{self._v}}}"

    def _core(self, chain: list[Step]) -> bool:
        inputs = [f"r.{self._function.attribute[name]}" for name in self._field.inputs]
        if chain and chain[0].takes_row:
            function = self._function._name(f"{self._v}_0", fast.step(chain[0]))  # noqa: SLF001 - same file, one writer
            self._put(f"{self._v} = {function}({', '.join(inputs)})")
            rest = list(enumerate(chain))[1:]
        else:
            self._put(f"{self._v} = {inputs[0]}")
            columns = {column.name: column for column in self._function.plan.columns}
            self._nullable = columns[self._field.inputs[0]].nullable
            rest = list(enumerate(chain))
        if rest and (last := fast.last_step(rest[-1][1])) is not None:
            self._steps(rest[:-1])
            self._guarded(f"{self._v} = {self._function._name(f'{self._v}_p', last)}({self._v})")  # noqa: SLF001
            return True
        self._steps(rest)
        return self._print()

    def _steps(self, chain: list[tuple[int, Step]]) -> None:
        for number, step in chain:
            match step:
                case _ if step.takes_row:
                    self._put(f"{self._v} = {self._named(number, step)}({self._v})")
                case Default():
                    self._default(step, printed=False)
                case Required():
                    self._put(f"{self._v} = {self._named(number, step)}({self._v})")
                    self._nullable = False
                case NullIf():
                    matches = self._function._name(f"{self._v}_{number}", step.matches)  # noqa: SLF001
                    self._guarded(f"if {matches}({self._v}): {self._v} = None")
                case Trim():
                    self._guarded(f"{self._v} = {self._v}.strip(' ')")
                case MaxLength():
                    self._guarded(f"if len({self._v}) > {step.length}: raise ValueError('max_length')")
                case _:
                    self._guarded(f"{self._v} = {self._named(number, step)}({self._v})")
            self._nullable = self._nullable or step.gives_null

    def _named(self, number: int, step: Step) -> str:
        return self._function._name(f"{self._v}_{number}", fast.step(step))  # noqa: SLF001

    def _print(self) -> bool:
        if self._kind == "bool":
            self._guarded(f"{self._v} = 't' if {self._v} else 'f'")
            return True
        if (printer := self._printer()) is not None:
            self._guarded(f"{self._v} = {self._function._name(f'{self._v}_p', printer)}({self._v})")  # noqa: SLF001
            return True
        if self._kind in _ALONE:
            self._guarded(f"if {_SPECIAL.format(self._v)}: {self._v} = escape({self._v})")
            return True
        return False

    def _printer(self) -> fast.Function | None:
        """Only the readable rule prints an infinity."""
        infinite = any(isinstance(step, Sentinels) for step in self._field.steps)
        return RENDER[self._kind] if infinite else fast.renderer(self._kind)

    def _default(self, step: Step, *, printed: bool) -> None:
        value = step.apply(None)
        if printed:
            value = copytext.escape(RENDER[self._kind](value))
        number = sum(name.startswith(f"{self._v}_d") for name in self._function.names)
        name = self._function._name(f"{self._v}_d{number}", value)  # noqa: SLF001 - each default has its own
        self._put(f"if {self._v} is None: {self._v} = {name}")
        self._nullable = False

    def _guarded(self, statement: str) -> None:
        if self._nullable:
            self._put(f"if {self._v} is not None:")
            self._put(f"    {statement}")
        else:
            self._put(statement)

    def _put(self, statement: str) -> None:
        self._function.lines.append(f"    {statement}")
