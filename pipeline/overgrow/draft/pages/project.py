"""`overgrow.yaml` and the connector: what the project is connected to, by reference only.

Guarantees: nothing secret is written, and the connector is told to send exactly the mapped tables. Called by
`draft.draft`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from overgrow.draft.choosing import Choice
from overgrow.draft.pages.page import Page, scalar

_PLAIN = re.compile(r"[A-Za-z0-9_]")
_JSON = "org.apache.kafka.connect.json.JsonConverter"


def settings(context: str, choice: Choice) -> Page:
    """The project file."""
    page = Page("overgrow.yaml")
    page.put(f"# A draft by `overgrow init`: what is left to decide is in DECISIONS.md.\npipeline: {context}")
    page.put(f"context: transforms/{context}_acl\nsource:\n  dsn: ${{env:OVERGROW_SOURCE_DSN}}")
    page.put(f"  connector: connectors/{context}.json\n  catalogue: schemas/source")
    if choice.refused:
        page.put("  refused:   # what stays behind, and why; `overgrow check` repeats it")
        for one in choice.refused:
            page.put(f"    {scalar(one.table)}: {scalar(one.reason)}", ("settings", one.table, ""))
    page.put("target:\n  dsn: ${env:OVERGROW_TARGET_DSN}")
    page.put(f"  ddl: [schemas/target/{context}.sql]")
    page.put(f"  constraints: [schemas/target/{context}_constraints.sql]   # for the end: overgrow apply --constraints")
    page.put('kafka: {bootstrap: "${env:OVERGROW_KAFKA}", partitions: 4}\nconnect: {url: "${env:OVERGROW_CONNECT}"}')
    page.put("worker: {}")
    return page


def connector(context: str, choice: Choice, *, database: str, placeholder: str, tables: Iterable[str]) -> Page:
    """The Debezium connector; `tables` are all those of the database, so that no other one is taken along."""
    captured = [one.table.full_name for one in choice.mapped]
    every = [*tables]
    config = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "database.hostname": "${env:OVERGROW_SOURCE_HOST}",
        "database.port": "${env:OVERGROW_SOURCE_PORT}",
        "database.user": "${env:OVERGROW_SOURCE_USER}",
        "database.password": "${env:OVERGROW_SOURCE_PASSWORD}",
        "database.dbname": database,
        "topic.prefix": context,
        "plugin.name": "pgoutput",
        "slot.name": f"overgrow_{context}",
        "slot.max.retries": "60",
        "slot.retry.delay.ms": "1000",
        "publication.name": f"overgrow_{context}",
        "publication.autocreate.mode": "disabled",
        "table.include.list": ",".join(pattern(table, every) for table in captured),
        "snapshot.mode": "initial",
        "offset.mismatch.strategy": "trust_offset",
        "decimal.handling.mode": "string",
        "binary.handling.mode": "bytes",
        "interval.handling.mode": "string",
        "time.precision.mode": "microseconds",
        "unavailable.value.placeholder": placeholder,
        "skipped.operations": "none",
        "tombstones.on.delete": "true",
        "provide.transaction.metadata": "true",
        "heartbeat.interval.ms": "1000",
        "poll.interval.ms": "25",
        "max.batch.size": "4096",
        "max.queue.size": "16384",
        "retriable.restart.connector.wait.ms": "1000",
        "key.converter": _JSON,
        "key.converter.schemas.enable": "true",
        "value.converter": _JSON,
        "value.converter.schemas.enable": "true",
        "topic.creation.default.replication.factor": "1",
        "topic.creation.default.partitions": "1",
        "producer.override.acks": "all",
        "producer.override.compression.type": "lz4",
        "producer.override.linger.ms": "5",
        "producer.override.batch.size": "262144",
        "producer.override.max.request.size": "8388608",
    }
    page = Page(f"connectors/{context}.json")
    page.put(json.dumps({"name": context, "config": config}, indent=2, ensure_ascii=False))
    return page


def pattern(table: str, every: Iterable[str]) -> str:
    r"""The regular expression of one table's name, as Java and Python read it.

    Debezium splits the list at commas, trims its entries and ignores the case: commas and blanks are written as \x2c
    and \x20, and the case counts where another table's name is the same without it.
    """
    exact = "".join(_character(one) for one in table)
    twins = [one for one in every if one != table and one.casefold() == table.casefold()]
    return f"(?-i:{exact})" if twins else exact


def _character(one: str) -> str:
    if _PLAIN.match(one) or ord(one) > 0x7F:  # noqa: PLR2004 - beyond ASCII no character means anything else
        return one
    return f"\\x{ord(one):02x}" if one in ", \t" else f"\\{one}"
