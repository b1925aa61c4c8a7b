"""The constraints the new model gets at the end: files of `ALTER TABLE … ADD CONSTRAINT` and `CREATE UNIQUE INDEX`.

Guarantees: each is known by its table and name, and can be looked for, added, validated and dropped by them; what
cannot be read, or names what no DDL file has, is a problem at its line. Never connects. Called by the project loader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import sqlglot
import sqlglot.errors
from sqlglot import exp

from overgrow.mapping import ddl
from overgrow.mapping.problems import Problems, suggestion

Kind = Literal["unique", "unique index", "foreign key", "check"]
_FORMS = (
    "ALTER TABLE … ADD CONSTRAINT name UNIQUE (columns) | FOREIGN KEY … | CHECK …, and CREATE UNIQUE INDEX name ON …"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """`statement` is as written. `columns` are empty where an index has expressions; `condition` is a check's
    expression or a partial index's WHERE; the parent's columns are its key where the file names none.
    """

    kind: Kind
    name: str
    table: str
    file: str
    line: int
    statement: str
    columns: tuple[str, ...] = ()
    condition: str = ""
    parent: str = ""
    parent_columns: tuple[str, ...] = ()


def read(text: str, problems: Problems) -> list[Constraint]:
    """The constraints of one file."""
    try:
        statements = list(ddl.statements(text))
    except sqlglot.errors.TokenError as error:
        problems.add(1, "bad-ddl", f"not PostgreSQL DDL: {error}")
        return []
    found = []
    for line, words in statements:
        one = _statement(line, words.strip(), problems)
        if one is None:
            problems.add(line, "unreadable-constraint", f"only these are read, one per statement: {_FORMS}")
        else:
            found.append(one)
    return found


def resolved(
    found: Iterable[Constraint], tables: Mapping[str, ddl.TargetTable], problems: Problems
) -> list[Constraint]:
    """The constraints whose tables and columns the DDL files have; a problem for each of the others."""
    made = []
    seen: set[tuple[str, str]] = set()
    for one in found:
        # An index's name belongs to its schema, a constraint's to its table; both are taken for the wider one.
        place = (one.table.partition(".")[0], one.name)
        if place in seen:
            problems.add(one.line, "duplicate-constraint", f"{one.name} is there twice in schema {place[0]}")
        seen.add(place)
        parent = tables.get(one.parent)
        whole = replace(one, parent_columns=parent.key) if parent and not one.parent_columns else one
        sides = [(one.table, one.columns)] + ([(one.parent, whole.parent_columns)] if one.parent else [])
        known = [_known(whole, table, columns, tables, problems) for table, columns in sides]  # a problem for each
        if all(known):
            made.append(whole)
    return made


def _known(
    one: Constraint,
    table: str,
    columns: tuple[str, ...],
    tables: Mapping[str, ddl.TargetTable],
    problems: Problems,
) -> bool:
    if table not in tables:
        problems.add(one.line, "unknown-table", f"no DDL file has the table {table}{suggestion(table, tables)}")
        return False
    missing = [name for name in columns if name not in tables[table].columns]
    for name in missing:
        hint = suggestion(name, tables[table].columns)
        problems.add(one.line, "unknown-column", f"{one.name}: table {table} has no column {name}{hint}")
    return not missing


def _statement(line: int, words: str, problems: Problems) -> Constraint | None:
    try:
        parsed = sqlglot.parse_one(words, read="postgres")
    except sqlglot.errors.ParseError:
        return None
    if isinstance(parsed, exp.Create):
        found = _index(parsed)
    elif isinstance(parsed, exp.Alter) and not parsed.args.get("not_valid"):
        found = _alter(parsed)
    else:
        found = None
    return None if found is None else replace(found, file=problems.file, line=line, statement=words)


def _index(create: exp.Create) -> Constraint | None:
    index = create.this
    if create.args.get("kind") != "INDEX" or not create.args.get("unique") or create.args.get("concurrently"):
        return None
    if not index.this or create.args.get("exists"):
        return None
    parameters = index.args["params"]
    ordered = [one.this for one in parameters.args.get("columns") or ()]
    plain = all(isinstance(one, exp.Column) for one in ordered)
    where = parameters.args.get("where")
    return _constraint(
        "unique index",
        index.this,
        index.args["table"],
        columns=tuple(ddl.name_of(one) for one in ordered) if plain else (),
        condition=where.this.sql("postgres") if where else "",
    )


def _alter(alter: exp.Alter) -> Constraint | None:
    actions = alter.args.get("actions") or []
    added = actions[0].expressions if len(actions) == 1 and isinstance(actions[0], exp.AddConstraint) else []
    if len(added) != 1 or not isinstance(added[0], exp.Constraint) or len(added[0].expressions) != 1:
        return None
    name, (rule,) = added[0].this, added[0].expressions
    if isinstance(rule, exp.UniqueColumnConstraint) and _plain(rule):
        columns = tuple(ddl.name_of(one) for one in rule.this.expressions)
        return _constraint("unique", name, alter.this, columns=columns)
    if isinstance(rule, exp.CheckColumnConstraint):
        return _constraint("check", name, alter.this, condition=rule.this.sql("postgres"))
    if isinstance(rule, exp.ForeignKey) and rule.args.get("reference") is not None:
        parent = rule.args["reference"].this
        return _constraint(
            "foreign key",
            name,
            alter.this,
            columns=tuple(ddl.name_of(one) for one in rule.expressions),
            parent=ddl.table_name(parent.this if isinstance(parent, exp.Schema) else parent),
            parent_columns=tuple(ddl.name_of(one) for one in parent.expressions),
        )
    return None


def _plain(rule: exp.UniqueColumnConstraint) -> bool:
    """UNIQUE (columns) and nothing else: its index is built first, under a lock that readers do not feel."""
    include = rule.args.get("include")
    return not (
        rule.args.get("nulls")
        or rule.args.get("options")
        or (include is not None and include.args.get("include"))
        or not isinstance(rule.this, exp.Schema)
    )


def _constraint(
    kind: Kind,
    name: exp.Expr,
    table: exp.Expr,
    *,
    columns: tuple[str, ...] = (),
    condition: str = "",
    parent: str = "",
    parent_columns: tuple[str, ...] = (),
) -> Constraint:
    return Constraint(
        kind=kind,
        name=ddl.name_of(name),
        table=ddl.table_name(table),
        file="",
        line=0,
        statement="",
        columns=columns,
        condition=condition,
        parent=parent,
        parent_columns=parent_columns,
    )
