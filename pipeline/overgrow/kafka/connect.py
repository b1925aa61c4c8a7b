"""Kafka Connect's REST interface, as far as overgrow needs it.

Guarantees: a call returns when what it asked for is so, not when Connect has taken note of it; a rebalance (409, or a
busy worker's 500) is waited out within bounds; a FAILED task is a failure with its trace, whatever its connector says.
Never resolves a secret: configurations hold references (`${env:NAME}`), Connect's config provider resolves them.
Blocking; called by the command line, the reconciler's fence and the demo.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from overgrow import errors

BUSY = {httpx.codes.CONFLICT, httpx.codes.INTERNAL_SERVER_ERROR, httpx.codes.SERVICE_UNAVAILABLE}
POLL_SECONDS = 0.1
# Right after a restart Connect still shows the state and the trace from before it.
STALE_FAILURE_SECONDS = 2.0
TRACE_LINES = 6


class ConnectorFailed(errors.Refused):
    """A task of the connector has failed; Connect will not start it again by itself."""

    code = "connector-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """One task; `trace` is Java's stack trace of a failed one, else empty."""

    id: int
    state: str
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorStatus:
    """A connector and its tasks. `connector` alone proves nothing: it says RUNNING above a failed task."""

    name: str
    connector: str
    trace: str
    tasks: tuple[TaskStatus, ...]

    @property
    def state(self) -> str:
        """FAILED if anything has failed; RUNNING only if there is a task and all of them run."""
        states = [self.connector, *(task.state for task in self.tasks)]
        if "FAILED" in states:
            return "FAILED"
        if self.connector == "RUNNING" and not self.tasks:
            return "UNASSIGNED"
        return next((state for state in states if state != self.connector), self.connector)

    @property
    def failure(self) -> str:
        """The first trace there is, cut to its telling lines."""
        traces = [*(task.trace for task in self.tasks), self.trace]
        lines = next((trace for trace in traces if trace), "no trace given").splitlines()
        causes = [line for line in lines[1:] if line.startswith("Caused by")]
        return "\n".join([*lines[:1], *causes][:TRACE_LINES])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A connector class this Connect can run."""

    name: str
    kind: str
    version: str


class Connect:
    """One Connect cluster, through any of its workers. `busy_seconds` bounds how long a rebalance is waited out."""

    def __init__(self, url: str, *, busy_seconds: float = 30.0, answer_seconds: float = 100.0) -> None:
        self._url = url.rstrip("/")
        self._busy_seconds = busy_seconds
        # Connect itself gives up after 90 s; a proxy variable of the shell has no say in a cluster's own traffic.
        self._http = httpx.Client(base_url=self._url, trust_env=False, timeout=answer_seconds)

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def plugins(self) -> list[Plugin]:
        """The connectors that are installed."""
        found = self._ask("GET", "/connector-plugins") or []
        return [Plugin(name=one["class"], kind=one["type"], version=one.get("version") or "") for one in found]

    def names(self) -> list[str]:
        """The connectors that exist."""
        return sorted(self._ask("GET", "/connectors") or [])

    def put_config(self, name: str, config: Mapping[str, str]) -> None:
        """Create the connector or change its configuration; a configuration Connect rejects is a named error."""
        self._ask("PUT", f"{_path(name)}/config", body=dict(config))

    def config(self, name: str) -> dict[str, str] | None:
        """The configuration as it was put, references unresolved; None if there is no such connector."""
        found: dict[str, str] | None = self._ask("GET", f"{_path(name)}/config")
        return found

    def status(self, name: str) -> ConnectorStatus | None:
        """The states Connect reports; None if there is no such connector (or it has not been started yet)."""
        found = self._ask("GET", f"{_path(name)}/status")
        if found is None:
            return None
        tasks = (TaskStatus(id=one["id"], state=one["state"], trace=one.get("trace", "")) for one in found["tasks"])
        own = found["connector"]
        return ConnectorStatus(name=name, connector=own["state"], trace=own.get("trace", ""), tasks=tuple(tasks))

    def wait_running(self, name: str, timeout: float = 60.0) -> None:
        """Until the connector and all its tasks run. An absent or restarting Connect is waited for as well."""
        self._wait(name, lambda seen: seen is not None and seen.state == "RUNNING", "RUNNING", timeout)

    def offsets(self, name: str) -> dict[str, Any]:
        """The source offset Connect has committed; empty before the first commit.

        A Debezium connector for one database has one source partition, named by its topic prefix. Those of an earlier
        prefix outlive it under the connector's name and are passed over.
        """
        found = self._known("GET", f"{_path(name)}/offsets", name)["offsets"]
        if len(found) > 1:
            prefix = (self.config(name) or {}).get("topic.prefix")
            found = [one for one in found if one["partition"].get("server") == prefix]
        offset: dict[str, Any] = found[0]["offset"] if found else {}
        return offset or {}

    def stop(self, name: str, timeout: float = 60.0) -> None:
        """Until its tasks are gone and its offsets may be altered; the replication slot stays."""
        self._known("PUT", f"{_path(name)}/stop", name)
        self._wait(
            name, lambda seen: seen is not None and seen.state == "STOPPED" and not seen.tasks, "STOPPED", timeout
        )

    def pause(self, name: str, timeout: float = 60.0) -> None:
        """Until it sends nothing; its tasks keep their connections and the slot stays active."""
        self._known("PUT", f"{_path(name)}/pause", name)
        self._wait(name, lambda seen: seen is not None and seen.state == "PAUSED", "PAUSED", timeout)

    def resume(self, name: str, timeout: float = 60.0) -> None:
        """Out of STOPPED or PAUSED, until it runs."""
        self._known("PUT", f"{_path(name)}/resume", name)
        self.wait_running(name, timeout)

    def restart(self, name: str, timeout: float = 60.0) -> None:
        """Start the connector and its tasks anew, failed ones too, until they run."""
        self._known("POST", f"{_path(name)}/restart?includeTasks=true", name)
        self.wait_running(name, timeout)

    def forget_offsets(self, name: str) -> None:
        """Forget how far a stopped connector has come: its next start begins with a snapshot."""
        self._known("DELETE", f"{_path(name)}/offsets", name)

    def delete(self, name: str, timeout: float = 60.0) -> None:
        """Until it is gone; one that is not there is fine. Its replication slot and its offsets stay."""
        self._ask("DELETE", _path(name))
        self._wait(name, lambda seen: seen is None, "gone", timeout)

    def _wait(self, name: str, reached: Callable[[ConnectorStatus | None], bool], wanted: str, timeout: float) -> None:
        until = time.monotonic() + timeout
        failed_since: float | None = None
        seen: ConnectorStatus | None = None
        while True:
            try:
                seen = self.status(name)
                if reached(seen):
                    return
            except errors.UnreachableError:
                if time.monotonic() > until:
                    raise
            now = time.monotonic()
            failed_since = (failed_since or now) if seen and seen.state == "FAILED" else None
            if seen and failed_since and now - failed_since > min(STALE_FAILURE_SECONDS, timeout):
                raise ConnectorFailed(
                    f"connector {name} has failed: {seen.failure}\nnext: mend the cause, then restart it"
                )
            if now > until:
                shown = seen.state if seen else "unknown to Connect"
                raise errors.UnreachableError(f"connector {name} is {shown}, not {wanted}, after {timeout:g} s")
            time.sleep(POLL_SECONDS)

    def _known(self, method: str, path: str, name: str) -> Any:  # noqa: ANN401  a JSON document
        answer = self._send(method, path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise errors.ConfigurationError(f"{self._url} has no connector {name}; next: `overgrow apply`")
        return answer.json() if answer.content else {}

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:  # noqa: ANN401  a JSON document
        answer = self._send(method, path, body)
        if answer.status_code == httpx.codes.NOT_FOUND or not answer.content:
            return None
        return answer.json()

    def _send(self, method: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        """The answer once Connect is not busy: a success or a 404 that means it."""
        until = time.monotonic() + self._busy_seconds
        while True:
            answer = self._once(method, path, body)
            # A worker that starts answers 404 to everything, a missing connector is 404 from one that works.
            starting = answer.status_code == httpx.codes.NOT_FOUND and not self._works()
            if answer.status_code not in BUSY and not starting:
                break
            if time.monotonic() > until:
                raise errors.UnreachableError(
                    f"{self._url}{path} stays busy ({answer.status_code}) for {self._busy_seconds:g} s: {_said(answer)}"
                )
            time.sleep(POLL_SECONDS)
        if answer.status_code == httpx.codes.NOT_FOUND:
            # It may have begun to work between the two questions.
            answer = self._once(method, path, body)
        if answer.is_error and answer.status_code != httpx.codes.NOT_FOUND:
            raise errors.ConfigurationError(f"{self._url}{path} refused ({answer.status_code}): {_said(answer)}")
        return answer

    def _works(self) -> bool:
        return self._once("GET", "/connectors", None).is_success

    def _once(self, method: str, path: str, body: dict[str, str] | None) -> httpx.Response:
        try:
            return self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise errors.UnreachableError(f"Kafka Connect at {self._url} does not answer: {error}") from error


def _path(name: str) -> str:
    return f"/connectors/{quote(name, safe='')}"


def _said(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("message", answer.text))[:1000]
    except ValueError:
        return answer.text[:1000]
