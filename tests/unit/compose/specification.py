"""The part of the Compose specification that docker-compose.yml uses; whatever else the file holds is an error."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Duration = Annotated[str, msgspec.Meta(pattern=r"^(\d+(h|m|s|ms|us))+$")]
Bytes = Annotated[str, msgspec.Meta(pattern=r"^\d+[bkmg]b?$")]
Port = Annotated[str, msgspec.Meta(pattern=r"^[\d.]+:\$\{[A-Z_]+:-\d+\}:\d+$")]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z0-9._-]+$")]


class Dependency(msgspec.Struct, forbid_unknown_fields=True):
    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]


class HealthCheck(msgspec.Struct, forbid_unknown_fields=True):
    test: list[str]
    interval: Duration
    timeout: Duration
    retries: int
    start_period: Duration = "0s"


class Service(msgspec.Struct, forbid_unknown_fields=True):
    image: str
    environment: dict[str, str | int]
    ports: list[Port]
    healthcheck: HealthCheck
    mem_limit: Bytes
    command: list[str] = []
    depends_on: dict[Name, Dependency] = {}
    volumes: list[str] = []
    stop_grace_period: Duration = "10s"


class Compose(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    services: dict[Name, Service]
    volumes: dict[Name, None]
