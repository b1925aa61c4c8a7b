"""The source: can it be streamed, does the publication hold every mapped table, is the catalogue still true?"""

from __future__ import annotations

from collections.abc import Iterator

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.envelope import SqlType
from overgrow.mapping import TablePlan
from overgrow.provision.change import Change
from overgrow.sources.postgres import PostgresSource, connected


def changes(deployment: Deployment) -> Iterator[Change]:
    """Publication; refuses a source that contradicts the recorded catalogue."""
    publication = deployment.connector.config["publication.name"]
    with connected(deployment.source_dsn, application=f"overgrow:{deployment.pipeline}:apply") as database:
        if database.wal_level() != "logical":
            msg = f"the source's wal_level is {database.wal_level()!r}; set wal_level=logical and restart it"
            raise errors.ConfigurationError(msg)
        for plan in deployment.plans.values():
            _check_table(database, plan)
        wanted = [plan.source_table for plan in deployment.plans.values()]
        there = database.published(publication)
        missing = [table for table in wanted if table not in (there or ())]
    if missing:
        exists = there is not None
        yield Change(
            system="source",
            name=publication,
            does="add tables to the publication" if exists else "create the publication",
            detail=", ".join(missing),
            make=lambda: _publish(deployment, publication, missing, exists=exists),
        )


def _publish(deployment: Deployment, publication: str, tables: list[str], *, exists: bool) -> None:
    with connected(deployment.source_dsn, application=f"overgrow:{deployment.pipeline}:apply") as database:
        database.publish(publication, tables, exists=exists)


def _check_table(database: PostgresSource, plan: TablePlan) -> None:
    table = plan.source_table
    live = database.columns(table)
    if not live:
        msg = f"the source has no table {table} (mapping {plan.mapping}, {plan.file})"
        raise errors.ConfigurationError(msg)
    recorded = {column.name: column for column in plan.columns}
    changed = [f"new column {name} ({live[name][0]})" for name in live if name not in recorded]
    changed += [f"missing column {name}" for name in recorded if name not in live]
    for name, column in recorded.items():
        kind, nullable = live.get(name, (str(column.type), column.nullable))
        # A dropped column is never read; where this version cannot carry its type, the recorded one is only a stand-in.
        if column.used and (SqlType.parse(kind), nullable) != (column.type, column.nullable):
            was = f"{column.type}{'' if column.nullable else ' not null'}"
            changed.append(f"column {name} is {kind}{'' if nullable else ' not null'}, recorded as {was}")
    if changed:
        msg = (
            f"{table} has changed since its catalogue was recorded: {'; '.join(changed)}. Mend "
            f"schemas/source/{table}.yaml and the mapping, then `overgrow check`."
        )
        raise errors.SchemaDrift(msg)
    identity = database.replica_identity(table)
    if identity != plan.replica_identity:
        msg = (
            f"{table} has REPLICA IDENTITY {identity}, its catalogue says {plan.replica_identity}. Next: ALTER TABLE "
            f"{table} REPLICA IDENTITY {plan.replica_identity.upper()}; on the source, or mend the catalogue."
        )
        raise errors.ConfigurationError(msg)
