"""The connector: its configuration as in the project, nothing beside it, and its tasks running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

from overgrow.deployment import Deployment
from overgrow.kafka.connect import Connect
from overgrow.provision.change import Change


def changes(deployment: Deployment) -> Iterator[Change]:
    """Create, correct or wake the connector (that its settings lose nothing has been checked with the project)."""
    name, config = deployment.connector.name, dict(deployment.connector.config)
    with closing(Connect(deployment.connect_url)) as connect:
        live = connect.config(name)
        put = partial(_put, connect, name, config)
        if live is None:
            yield _change(name, "create the connector", f"{len(config)} settings, snapshot first", put)
            return
        own = {key: value for key, value in live.items() if key != "name"}  # Connect adds it
        differing = sorted(key for key in own.keys() | config.keys() if own.get(key) != config.get(key))
        if differing:
            yield _change(name, "change the connector", ", ".join(differing), put)
        status = connect.status(name)
        if status is not None and status.state == "FAILED":
            yield _change(
                name, "restart its failed tasks", status.failure, lambda: _wake(connect.restart, connect, name)
            )
        elif status is not None and status.state in ("PAUSED", "STOPPED"):
            yield _change(name, "resume the connector", status.state, lambda: _wake(connect.resume, connect, name))


def _put(connect: Connect, name: str, config: dict[str, str]) -> None:
    connect.put_config(name, config)
    connect.wait_running(name)


def _wake(how: Callable[[str], None], connect: Connect, name: str) -> None:
    how(name)
    connect.wait_running(name)


def _change(name: str, does: str, detail: str, make: Callable[[], None]) -> Change:
    return Change(system="connect", name=name, does=does, detail=detail, make=make)
