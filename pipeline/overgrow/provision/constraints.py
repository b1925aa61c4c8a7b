"""The constraints of the new model: added and validated at the end of the sync, dropped when it starts over.

Guarantees: readers of the target are held up for moments only; what rows break is named by those rows and not left
behind half made. A constraint is known by its table and name: one that is there is not compared. Called by
`apply --constraints`, which asks first whether the pipeline is at rest, and by `apply --start-over`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.mapping.constraints import Constraint
from overgrow.provision import offenders
from overgrow.provision.change import Change
from overgrow.sinks.postgres import install
from overgrow.sources.postgres import session

Connection = psycopg.Connection[Any]
_VIOLATED = (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation, psycopg.errors.CheckViolation)
_NEXT = "mend the rows at the source and let a worker apply that, or mend the file; then `overgrow apply --constraints`"


def changes(deployment: Deployment) -> Iterator[Change]:
    """What is declared and not there, or there and not validated."""
    with _target(deployment) as connection:
        for one in deployment.project.constraints:
            if not install.columns(connection, one.table):
                msg = f"{one.file}:{one.line}: the target has no table {one.table}; next: `overgrow apply`"
                raise errors.ConfigurationError(msg)
            valid = _valid(connection, one)
            if valid is None:
                yield _change(one, f"add the {one.kind}", one.statement, partial(_add, connection, one))
            elif not valid:
                yield _change(one, f"validate the {one.kind}", one.statement, partial(_validate, connection, one))


def removals(deployment: Deployment) -> Iterator[Change]:
    """What is declared and there: it would refuse rows that arrive in another order."""
    with _target(deployment) as connection:
        for one in reversed(deployment.project.constraints):
            if _valid(connection, one) is not None:
                yield _change(
                    one, f"drop the {one.kind}", "until the next end of a sync", partial(_drop, connection, one)
                )


@contextmanager
def _target(deployment: Deployment) -> Iterator[Connection]:
    application = f"overgrow:{deployment.pipeline}:apply"
    with session(deployment.target_dsn, what="target", application=application) as connection:
        connection.execute("SET lock_timeout = '10s'")
        yield connection


def _valid(connection: Connection, one: Constraint) -> bool | None:
    """Whether it holds for all rows; None if there is none of that name."""
    if one.kind == "unique index":
        query = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s) AND indrelid = to_regclass(%s)"
        names = [_index(one).as_string(), _table(one).as_string()]
    else:
        query = "SELECT convalidated FROM pg_constraint WHERE conname = %s AND conrelid = to_regclass(%s)"
        names = [one.name, _table(one).as_string()]
    row = connection.execute(query, names).fetchone()
    return None if row is None else bool(row[0])


def _add(connection: Connection, one: Constraint) -> None:
    with _named(connection, one):
        if one.kind == "unique":
            # The index is built beside readers; only attaching it shuts them out.
            columns = sql.SQL(", ").join(map(sql.Identifier, one.columns))
            index = sql.SQL("CREATE UNIQUE INDEX {} ON {} ({})").format(sql.Identifier(one.name), _table(one), columns)
            attach = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} UNIQUE USING INDEX {}")
            with connection.transaction():
                connection.execute(index)
                connection.execute(attach.format(_table(one), sql.Identifier(one.name), sql.Identifier(one.name)))
        elif one.kind == "unique index":
            connection.execute(_written(one))
        else:
            connection.execute(_written(one) + sql.SQL(" NOT VALID"))
            _validate(connection, one)


def _validate(connection: Connection, one: Constraint) -> None:
    """Look at every row under a lock that neither readers nor writers feel; one that does not hold is dropped again."""
    validate = sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {}").format(_table(one), sql.Identifier(one.name))
    try:
        with _named(connection, one):
            connection.execute(validate)
    except errors.Refused:
        _drop(connection, one)
        raise


def _drop(connection: Connection, one: Constraint) -> None:
    if one.kind == "unique index":
        connection.execute(sql.SQL("DROP INDEX {}").format(_index(one)))
    else:
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        connection.execute(drop.format(_table(one), sql.Identifier(one.name)))


@contextmanager
def _named(connection: Connection, one: Constraint) -> Iterator[None]:
    place = f"{one.file}:{one.line}: {one.kind} {one.name} on {one.table}"
    try:
        yield
    except _VIOLATED as error:
        rows = offenders.named(connection, one) or (error.diag.message_detail or "").rstrip(".")
        raise errors.Refused(f"{place} does not hold: {rows}. Next: {_NEXT}.", code="constraint-violated") from error
    except psycopg.errors.LockNotAvailable as error:
        msg = f"{place}: another session holds the table. Nothing was changed. Next: end it, then say it again."
        raise errors.Refused(msg, code="table-in-use") from error
    except (psycopg.ProgrammingError, psycopg.NotSupportedError) as error:
        raise errors.ConfigurationError(f"{place}: {error.diag.message_primary}") from error


def _table(one: Constraint) -> sql.Identifier:
    return sql.Identifier(*one.table.split(".", 1))


def _index(one: Constraint) -> sql.Identifier:
    return sql.Identifier(one.table.partition(".")[0], one.name)


def _written(one: Constraint) -> sql.Composed:
    return sql.Composed([sql.SQL(one.statement)])  # the project's own DDL file


def _change(one: Constraint, does: str, detail: str, make: Any) -> Change:  # noqa: ANN401 - () -> None
    return Change(system="target", name=f"{one.table} {one.name}", does=does, detail=detail, make=make)
