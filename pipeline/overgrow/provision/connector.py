"""The connector: its configuration as in the project, and its tasks running."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from overgrow.deployment import Deployment
from overgrow.kafka.connect import Connect
from overgrow.provision.change import Change


def changes(deployment: Deployment) -> Iterator[Change]:
    """Create or update the connector (that its settings lose nothing has been checked with the project)."""
    name, config = deployment.connector.name, dict(deployment.connector.config)
    connect = Connect(deployment.connect_url)
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
