"""The mapping language's shape: a YAML document to a typed one, names not yet looked up.

Guarantees: what is in the document is in the result with its line, or is a problem. Never knows a table. Called by the
project loader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from overgrow.mapping import reading, tree
from overgrow.mapping.problems import Problems
from overgrow.mapping.tree import Map, Node, Scalar, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDocument:
    """A word of `do` and what it is given."""

    word: Scalar
    argument: Node | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDocument:
    """One line of `fields`."""

    name: Scalar
    inputs: tuple[Scalar, ...] = ()
    steps: tuple[StepDocument, ...] = ()
    constant: Scalar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionDocument:
    """One condition of `where`; a single value is a list of one."""

    column: Scalar
    relation: Literal["in", "not_in", "at_least", "less_than", "null", "not_null"]
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """`source` or `target`: a table and its key."""

    line: int
    table: Scalar | None
    key: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoDocument:
    """A further target of the same source rows; `where` is asked beside the mapping's own."""

    label: Scalar
    target: Side
    fields_line: int
    fields: tuple[FieldDocument, ...]
    where: tuple[tuple[ConditionDocument, ...], ...]


@dataclass(slots=True, kw_only=True)
class MappingDocument:
    """One mapping as written."""

    name: Scalar
    version: int
    source: Side
    target: Side
    fields_line: int
    fields: list[FieldDocument] = field(default_factory=list)
    where: list[list[ConditionDocument]] = field(default_factory=list)  # all of any one group
    also: list[AlsoDocument] = field(default_factory=list)
    drop: tuple[Scalar, ...] = ()
    policies: dict[str, str] = field(default_factory=dict)


_KEYS = ("mapping", "version", "source", "target", "where", "fields", "also", "drop", "on")
_ALSO_KEYS = ("target", "where", "fields")
_LABEL = re.compile(r"[a-z][a-z0-9_]{0,19}")
RELATIONS = ("not", "in", "not_in", "null", "at_least", "less_than")
POLICIES = {"drift": ("stop",), "truncate": ("stop", "apply")}
DECLARABLE = {**POLICIES, "partial": ("set_aside",), "collision": ("set_aside",)}  # what must be declared, and what may


def read(text: str, problems: Problems) -> MappingDocument | None:
    """Read one mapping file; None when it is not even a mapping."""
    top = tree.load(text, problems)
    if top is None:
        return None
    found = reading.entries(top, problems, what="a mapping")
    reading.known(found, _KEYS, problems, what="a mapping")
    name = reading.scalar(_need(found, "mapping", problems), problems, what="mapping")
    version = reading.whole_number(_need(found, "version", problems), problems, what="version", low=1)
    fields = _need(found, "fields", problems)
    document = MappingDocument(
        name=name or Scalar(text="", line=1),
        version=version or 1,
        source=_side("source", found, problems),
        target=_side("target", found, problems),
        fields_line=found["fields"][0].line if "fields" in found else top.line,
    )
    document.fields = _fields(fields, problems)
    document.also = _also(found["also"][1], problems) if "also" in found else []
    document.where = _where(found["where"][1], problems) if "where" in found else []
    document.drop = _drop(found["drop"][1], problems) if "drop" in found else ()
    document.policies = _policies(found, problems, line=top.line)
    return document


def _fields(fields: Node | None, problems: Problems) -> list[FieldDocument]:
    listed = reading.entries(fields, problems, what="fields", repeated="duplicate-field")
    made = [_field(key, node, problems) for key, node in listed.values()]
    # The columns of a repeated field count as mapped: one mistake is one problem.
    if isinstance(fields, Map):
        made += [_field(k, n, Problems("")) for k, n in fields.entries if listed[k.text][0] is not k]
    return made


def _also(node: Node, problems: Problems) -> list[AlsoDocument]:
    made = []
    for label, value in reading.entries(node, problems, what="also").values():
        what = f"also {label.text}"
        if not _LABEL.fullmatch(label.text):
            problems.add(label.line, "bad-name", f"{what}: a name of up to 20 small letters, digits and _")
        inside = reading.entries(value, problems, what=what)
        reading.known(inside, _ALSO_KEYS, problems, what=what)
        fields = reading.required(inside, "fields", problems, line=label.line, what=what)
        made.append(
            AlsoDocument(
                label=label,
                target=_side("target", inside, problems, line=label.line),
                fields_line=inside["fields"][0].line if "fields" in inside else label.line,
                fields=tuple(_fields(fields, problems)),
                where=tuple(map(tuple, _where(inside["where"][1], problems))) if "where" in inside else (),
            )
        )
    return made


def _need(found: dict[str, tuple[Scalar, Node]], name: str, problems: Problems) -> Node | None:
    return reading.required(found, name, problems, line=1, what="a mapping")


def _side(name: str, found: dict[str, tuple[Scalar, Node]], problems: Problems, *, line: int = 1) -> Side:
    node = reading.required(found, name, problems, line=line, what="a mapping")
    line = found[name][0].line if name in found else line
    inside = reading.entries(node, problems, what=name)
    reading.known(inside, ("table", "key"), problems, what=name)
    if not inside:
        if isinstance(node, Map):
            problems.add(line, "missing-key", f"{name} needs the keys table and key")
        return Side(line=line, table=None, key=())
    table = reading.scalar(reading.required(inside, "table", problems, line=line, what=name), problems, what="table")
    key = reading.required(inside, "key", problems, line=line, what=name)
    listed = reading.scalars(key, problems, what=f"{name}'s key")
    if isinstance(key, Sequence) and not key.items:
        problems.add(key.line, "missing-key", f"{name} needs at least one key column")
    return Side(line=line, table=table, key=listed)


def _field(name: Scalar, node: Node, problems: Problems) -> FieldDocument:
    if isinstance(node, Scalar):
        return FieldDocument(name=name, inputs=(node,))
    found = reading.entries(node, problems, what=f"field {name.text}")
    reading.known(found, ("from", "do", "const"), problems, what=f"field {name.text}")
    if "const" in found:
        if len(found) > 1:
            problems.add(name.line, "bad-shape", f"field {name.text}: const stands alone")
        return FieldDocument(name=name, constant=reading.scalar(found["const"][1], problems, what="const"))
    inputs = reading.required(found, "from", problems, line=name.line, what=f"field {name.text}")
    return FieldDocument(
        name=name,
        inputs=reading.scalars(inputs, problems, what="from"),
        steps=_steps(found["do"][1], problems) if "do" in found else (),
    )


def _steps(node: Node, problems: Problems) -> tuple[StepDocument, ...]:
    made: list[StepDocument] = []
    for item in node.items if isinstance(node, Sequence) else [node]:
        match item:
            case Scalar():
                made.append(StepDocument(word=item))
            case Map(entries=[(word, argument)]):
                made.append(StepDocument(word=word, argument=argument))
            case _:
                problems.add(item.line, "bad-shape", "each step of `do` is a word or a map with one key")
    return tuple(made)


def _drop(node: Node, problems: Problems) -> tuple[Scalar, ...]:
    listed = reading.scalars(node, problems, what="drop")
    # Columns in a wrong shape are still named: one mistake is one problem.
    return tuple(key for key, _ in node.entries) if isinstance(node, Map) else listed


def _where(node: Node, problems: Problems) -> list[list[ConditionDocument]]:
    """A map: all of its conditions; a list of maps: any of them."""
    groups = node.items if isinstance(node, Sequence) else [node]
    if not groups:
        problems.add(node.line, "bad-shape", "where is a map of conditions, or a list of such maps")
    return [_group(one, problems) for one in groups]


def _group(node: Node, problems: Problems) -> list[ConditionDocument]:
    made: list[ConditionDocument] = []
    listed = reading.entries(node, problems, what="where")
    for column, value in listed.values():
        if isinstance(value, Scalar):
            made.append(ConditionDocument(column=column, relation="in", values=(value,)))
            continue
        inside = reading.entries(value, problems, what=f"where {column.text}")
        reading.known(inside, RELATIONS, problems, what=f"where {column.text}")
        if isinstance(value, Map) and not inside:
            problems.add(value.line, "bad-shape", f"where {column.text} needs a condition, as in {{not: X}}")
        found = [_condition(column, word, given, problems) for word, (_, given) in inside.items() if word in RELATIONS]
        made += [one for one in found if one is not None]
    if isinstance(node, Map) and not listed:
        problems.add(node.line, "bad-shape", "where is a map of conditions, or a list of such maps")
    return made


def _condition(column: Scalar, word: str, node: Node, problems: Problems) -> ConditionDocument | None:
    what = f"where {column.text}: {word}"
    match word:
        case "not" | "at_least" | "less_than":
            value = reading.scalar(node, problems, what=what)
            if value is None:
                return None
            return ConditionDocument(column=column, relation="not_in" if word == "not" else word, values=(value,))
        case "null":
            wanted = reading.choice(node, ("true", "false"), problems, what=what)
            return ConditionDocument(column=column, relation="not_null" if wanted == "false" else "null", values=())
        case _:
            values = reading.scalars(node, problems, what=what)
            if isinstance(node, Sequence) and not node.items:
                problems.add(node.line, "bad-shape", f"{what} needs at least one value")
            return ConditionDocument(column=column, relation="in" if word == "in" else "not_in", values=values)


def _policies(found: dict[str, tuple[Scalar, Node]], problems: Problems, *, line: int) -> dict[str, str]:
    key, node = found.get("on", (Scalar(text="on", line=line), None))
    inside = reading.entries(node, problems, what="on")
    reading.known(inside, DECLARABLE, problems, what="on")
    missing = [name for name in POLICIES if name not in inside]
    if missing:
        problems.add(key.line, "missing-policy", f"declare on: {{{', '.join(f'{name}: stop' for name in missing)}}}")
    chosen = {
        name: reading.choice(inside[name][1], options, problems, what=f"on {name} (in this version)")
        for name, options in DECLARABLE.items()
        if name in inside
    }
    return {name: value for name, value in chosen.items() if value is not None}
