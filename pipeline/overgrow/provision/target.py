"""The target: the project's tables, the stamps on them, overgrow's own tables, a checkpoint per partition."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg
import sqlglot

from overgrow import errors
from overgrow.deployment import Deployment, Target
from overgrow.envelope import SqlType
from overgrow.kafka.admin import Topics
from overgrow.mapping import TablePlan
from overgrow.provision import generations
from overgrow.provision.change import Change
from overgrow.sinks.postgres import Table, install
from overgrow.sinks.postgres.claim import SCHEMA_VERSION
from overgrow.sources.postgres import connected, session

Connection = psycopg.Connection[Any]


def changes(deployment: Deployment) -> Iterator[Change]:
    """Tables, stamps, own tables, the pipeline's source, checkpoints, mapping texts."""
    with session(
        deployment.target_dsn, what="target", application=f"overgrow:{deployment.pipeline}:apply"
    ) as connection:
        yield from _tables(deployment, connection)
        version = install.installed_version(connection)
        if version is None:
            does, detail = "create overgrow's own tables", f"version {SCHEMA_VERSION}"
            yield _change("overgrow", does, detail, partial(install.migrate, connection))
        elif version < SCHEMA_VERSION:
            does, detail = "bring overgrow's own tables forward", f"version {version} to {SCHEMA_VERSION}"
            yield _change("overgrow", does, detail, partial(install.migrate, connection))
        elif version > SCHEMA_VERSION:
            msg = f"the target's own tables have version {version}, this overgrow speaks {SCHEMA_VERSION}"
            raise errors.ConfigurationError(f"{msg}. Next: run the newer overgrow.")
        yield from _pipeline(deployment, connection, made=version is not None)
        for table in deployment.tables.values():
            yield from _checkpoints(deployment, connection, table, made=version is not None)
        for table in deployment.tables.values():
            yield from _mapping(deployment, connection, table, made=version is not None)
        if install.installed_version(connection) == SCHEMA_VERSION:
            yield from generations.changes(deployment, connection)
        else:  # `plan`; `apply` has brought them to this version by now
            yield generations.telling(deployment, connection, "all of them")


def statements(ddl: str) -> Iterator[str]:
    """The statements of a DDL text, as written."""
    start = 0
    for token in sqlglot.tokenize(ddl, read="postgres"):
        if token.token_type == sqlglot.TokenType.SEMICOLON:
            yield ddl[start : token.start].strip()
            start = token.end + 1
    if rest := ddl[start:].strip():
        yield rest


def _tables(deployment: Deployment, connection: Connection) -> Iterator[Change]:
    for text in deployment.ddl:
        for statement in statements(text):
            parsed = sqlglot.parse_one(statement, read="postgres")
            name = parsed.find(sqlglot.exp.Table)
            if parsed.args.get("kind") == "TABLE" and name is not None:
                full = f"{name.db or 'public'}.{name.name}"
                if not install.columns(connection, full):
                    yield _change(full, "create the table", statement, _run(connection, statement))
            elif parsed.args.get("kind") == "SCHEMA" and name is not None:
                row = connection.execute("SELECT to_regnamespace(%s) IS NULL", [name.db or name.name]).fetchone()
                if row and row[0]:
                    yield _change(name.db or name.name, "create the schema", statement, _run(connection, statement))
    stamped = set()
    for one in deployment.targets:
        yield from _stamps(connection, one, again=one.table.target in stamped)
        stamped.add(one.table.target)


def _stamps(connection: Connection, one: Target, *, again: bool) -> Iterator[Change]:
    """`again`: another target of the same mapping has had the table in hand."""
    table = one.table
    live = install.columns(connection, table.target)
    if live:
        _check_table(one.plan, live, install.primary_key(connection, table.target))
    if again:
        return
    missing = [name for name in install.stamp_columns(table) if name not in live]
    if not missing:
        return
    if live and install.has_rows(connection, table):
        msg = (
            f"target table {table.target} has rows without stamps: nobody can say how new they are. Empty it, or give "
            "the mapping another table."
        )
        raise errors.Refused(msg, code="unstamped-rows")
    yield _change(
        table.target,
        "add the stamp columns",
        ", ".join(missing),
        partial(install.add_stamps, connection, table, missing),
    )


def _check_table(plan: TablePlan, live: dict[str, tuple[str, bool]], key: set[str]) -> None:
    """The live target table takes what the mapping writes: by name, by type, by key."""
    wrong = []
    for column in plan.target_columns:
        kind = live.get(column.name, ("missing", True))[0]
        same = kind != "missing" if column.type is None else SqlType.parse(kind) == column.type
        if not same:
            wrong.append(f"column {column.name} is {kind}, the DDL says {column.type_text}")
    if key != set(plan.target_key):
        wrong.append(f"its primary key is ({', '.join(sorted(key)) or 'none'}), not ({', '.join(plan.target_key)})")
    if wrong:
        msg = (
            f"target table {plan.target_table}: {'; '.join(wrong)}. Alter it, or mend the DDL and mapping {plan.file}."
        )
        raise errors.ConfigurationError(msg)


def _pipeline(deployment: Deployment, connection: Connection, *, made: bool) -> Iterator[Change]:
    with connected(deployment.source_dsn, application=f"overgrow:{deployment.pipeline}:apply") as database:
        live = database.identity()
    if not made or not install.check_source(connection, deployment.pipeline, live.system_identifier, live.timeline):
        yield _change(
            deployment.pipeline,
            "bind the pipeline to its source",
            f"system {live.system_identifier}, timeline {live.timeline}",
            lambda: install.register_pipeline(connection, deployment.pipeline, live.system_identifier, live.timeline),
        )


def _checkpoints(deployment: Deployment, connection: Connection, table: Table, *, made: bool) -> Iterator[Change]:
    topic = Topics(deployment.bootstrap).describe([table.topic]).get(table.topic)
    there = install.checkpoints(connection, table.pipeline, table.topic) if made else {}
    if not there:
        if made and (left := install.leftovers(connection, table)):
            msg = (
                f"topic {table.topic} has no checkpoint, but {', '.join(left)} hold rows of an earlier run: their "
                "stamps would refuse the new ones. Next: `overgrow apply --start-over`."
            )
            raise errors.Refused(msg, code="leftovers")
        yield _change(
            table.topic,
            "begin at offset 0 of every partition",
            f"{deployment.partitions} checkpoints",
            lambda: _begin(deployment, connection, table),
        )
        return
    if topic is None or any(one != (topic.topic_id, topic.partitions) for one in there.values()):
        seen = "is gone" if topic is None else f"has id {topic.topic_id} and {topic.partitions} partitions"
        msg = (
            f"topic {table.topic} {seen}, its checkpoints were made for {sorted(set(there.values()))}: it was "
            "recreated or re-partitioned. Nothing was changed. Next: `overgrow adopt`, if that is meant."
        )
        raise errors.IdentityChanged(msg)


def _begin(deployment: Deployment, connection: Connection, table: Table) -> None:
    topic = Topics(deployment.bootstrap).describe([table.topic]).get(table.topic)
    if topic is None:
        msg = f"topic {table.topic} does not exist; next: `overgrow apply --only topics`"
        raise errors.ConfigurationError(msg)
    install.add_checkpoints(connection, table, topic.topic_id, topic.partitions)


def _mapping(deployment: Deployment, connection: Connection, table: Table, *, made: bool) -> Iterator[Change]:
    known = install.recorded_digest(connection, table) if made else None
    if known == (table.version, table.digest):
        return
    if known is not None and known[0] >= table.version:
        msg = (
            f"mapping {table.mapping} has changed, but its version is still {table.version} (recorded: {known[0]}). "
            f"Next: set `version: {known[0] + 1}` in {deployment.plans[table.topic].file}."
        )
        raise errors.ConfigurationError(msg)
    document = deployment.documents[table.mapping]
    yield _change(
        table.mapping,
        "record the mapping's text",
        f"version {table.version}",
        lambda: install.record_mapping(connection, table, document),
    )


def _change(name: str, does: str, detail: str, make: Any) -> Change:  # noqa: ANN401 - () -> None
    return Change(system="target", name=name, does=does, detail=detail, make=make)


def _run(connection: Connection, statement: str) -> Any:  # noqa: ANN401 - () -> None
    return lambda: connection.execute(statement)  # the project's own DDL file
