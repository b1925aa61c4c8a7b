"""The connector: its configuration as in the project, and its tasks running."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from overgrow import errors
from overgrow.kafka.connect import Connect
from overgrow.provision.change import Change, Facts

# Anything else loses information somewhere (see docs/reference in the project, research/debezium in the design).
REQUIRED = {
    "decimal.handling.mode": "string",
    "binary.handling.mode": "bytes",
    "interval.handling.mode": "string",
    "time.precision.mode": "microseconds",
    "skipped.operations": "none",
    "tombstones.on.delete": "true",
    "publication.autocreate.mode": "disabled",
    "snapshot.mode": "initial",
    "key.converter.schemas.enable": "true",
    "value.converter.schemas.enable": "true",
}


def changes(facts: Facts) -> Iterator[Change]:
    """Create or update the connector; refuses settings that lose information."""
    name, config = facts.connector["name"], facts.connector["config"]
    wrong = {key: config.get(key) for key, value in REQUIRED.items() if config.get(key) != value}
    if wrong:
        lines = ", ".join(f"{key} must be {REQUIRED[key]!r}, not {value!r}" for key, value in wrong.items())
        msg = f"connector {name}: {lines}"
        raise errors.ConfigurationError(msg)
    connect = Connect(facts.connect_url)
    live = connect.config(name)
    differing = sorted(key for key, value in config.items() if (live or {}).get(key) != value)
    if differing:
        yield Change(
            system="connect",
            name=name,
            does="create the connector" if live is None else "change the connector",
            detail=", ".join(differing) if live is not None else f"{len(config)} settings, snapshot first",
            make=partial(_put, connect, name, config),
        )


def _put(connect: Connect, name: str, config: dict[str, str]) -> None:
    connect.put_config(name, config)
    connect.wait_running(name)
