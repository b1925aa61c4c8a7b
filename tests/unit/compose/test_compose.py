"""docker-compose.yml keeps to the Compose specification, to the local stack's versions and settings, to loopback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
import yaml

from overgrow import stack
from overgrow.stack import kafka, postgres
from overgrow.stack.options import Options
from tests.unit.compose.specification import Compose, Service

ROOT = Path(__file__).parents[3]
PORTS = {"kafka": 9092, "controller": 9093, "connect": 8083, "legacy": 5432, "target": 5432}
# Where a container differs from a local process: addresses, folders, and what its image sets by itself.
PLACES = {
    "process.roles",
    "node.id",
    "controller.quorum.voters",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "log.dirs",
    "bootstrap.servers",
    "rest.advertised.host.name",
    "rest.advertised.port",
    "plugin.path",
    "plugin.discovery",
}
# What the image of Connect has names of its own for.
IMAGE = {
    "group.id": "GROUP_ID",
    "config.storage.topic": "CONFIG_STORAGE_TOPIC",
    "offset.storage.topic": "OFFSET_STORAGE_TOPIC",
    "status.storage.topic": "STATUS_STORAGE_TOPIC",
    "key.converter": "KEY_CONVERTER",
    "value.converter": "VALUE_CONVERTER",
}


@pytest.fixture(scope="module")
def document() -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(document: Any) -> dict[str, Service]:
    return msgspec.convert(document, Compose).services


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("services", "kafka", "memlimit"), "1g", "memlimit"),
        (("services", "kafka", "mem_limit"), "much", "mem_limit"),
        (("services", "kafka", "healthcheck", "interval"), "5", "interval"),
        (("services", "connect", "depends_on", "kafka", "condition"), "healthy", "condition"),
        (("services", "target", "environment", "A"), True, "environment"),
        (("volumes", "target"), "here", "volumes"),
        (("volume",), {}, "volume"),
    ],
)
def test_what_the_specification_does_not_know_is_found(
    document: Any, path: tuple[str, ...], value: object, said: str
) -> None:
    spoilt = json.loads(json.dumps(document))
    place = spoilt
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(spoilt, Compose)


def test_the_versions_are_the_local_stacks(services: dict[str, Service]) -> None:
    pom = ET.parse(Path(stack.__file__).with_name("pom.xml"))  # noqa: S314 - our own file
    versions = {one.tag.rpartition("}")[2]: one.text for one in pom.iter() if one.tag.endswith(".version")}
    assert services["kafka"].image.endswith(f":{versions['kafka.version']}")
    assert services["connect"].image.endswith(f":{versions['debezium.version']}")
    assert services["legacy"].image == services["target"].image


def test_the_brokers_settings_are_the_local_stacks(services: dict[str, Service]) -> None:
    given = services["kafka"].environment
    for name, value in kafka.broker_properties(Path("/d"), PORTS, Options()).items():
        if name not in PLACES:
            assert str(given[f"KAFKA_{name.upper().replace('.', '_')}"]) == str(value), name


def test_connects_settings_are_the_local_stacks(services: dict[str, Service]) -> None:
    given = services["connect"].environment
    for name, value in kafka.connect_properties(Path("/p"), PORTS).items():
        if name not in PLACES:
            variable = IMAGE.get(name, f"CONNECT_{name.upper().replace('.', '_')}")
            assert str(given[variable]) == str(value), name


def test_the_databases_are_the_local_stacks(services: dict[str, Service]) -> None:
    for part, encoding in (("legacy", "LATIN1"), ("target", "UTF8")):
        extra = dict(re.findall(r"(\w+) = (\w+)\n", postgres.EXTRA[part]))
        words = services[part].command
        given = dict(word.split("=") for flag, word in zip(words[1::2], words[2::2], strict=True) if flag == "-c")
        assert given == {**extra, "timezone": "UTC"}
        arguments = str(services[part].environment["POSTGRES_INITDB_ARGS"])
        assert f"--encoding={encoding} --locale=C" in arguments
    assert "LATIN1" in postgres.ENCODED["legacy"]


def test_the_connector_finds_every_variable_it_names(services: dict[str, Service]) -> None:
    named = re.findall(r"\$\{env:(\w+)\}", (ROOT / "connectors" / "shop.json").read_text())
    assert named
    assert set(named) <= services["connect"].environment.keys()


def test_loopback_only_and_no_two_on_one_port(services: dict[str, Service]) -> None:
    ports = [port for one in services.values() for port in one.ports]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len({re.findall(r":-(\d+)", port)[0] for port in ports}) == len(services)


def test_no_secret_stands_in_it(services: dict[str, Service]) -> None:
    secret = {name: value for one in services.values() for name, value in one.environment.items() if "PASSWORD" in name}
    assert len(secret) == 2
    assert all(str(value).startswith("${OVERGROW_PASSWORD:?") for value in secret.values())


def test_who_waits_waits_for_health_and_volumes_are_declared(document: Any, services: dict[str, Service]) -> None:
    waited = [(name, one.condition) for service in services.values() for name, one in service.depends_on.items()]
    assert waited
    assert all(name in services and condition == "service_healthy" for name, condition in waited)
    mounted = {volume.partition(":")[0] for service in services.values() for volume in service.volumes}
    assert mounted == document["volumes"].keys()


def test_the_page_names_ports_and_variables_as_they_are(services: dict[str, Service]) -> None:
    page = (ROOT / "docs" / "reference" / "containers.md").read_text()
    for service in services.values():
        for variable, port in re.findall(r"\$\{(\w+):-(\d+)\}", service.ports[0]):
            assert f"`{variable}`" in page
            assert f"127.0.0.1:{port}" in page
