"""The example project's files fit together: connector, mappings, catalogue and seeded data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from legacy_shop.texts import HOSTILE, LATIN1

ROOT = Path(__file__).parents[3]
CONFIG: dict[str, str] = json.loads((ROOT / "connectors" / "shop.json").read_text())["config"]
MAPPINGS = sorted((ROOT / "transforms" / "shop_acl").glob("*.yaml"))
# Everything else loses information somewhere between the log and the topic.
REQUIRED = {
    "decimal.handling.mode": "string",
    "binary.handling.mode": "bytes",
    "interval.handling.mode": "string",
    "time.precision.mode": "microseconds",
    "skipped.operations": "none",
    "tombstones.on.delete": "true",
    "provide.transaction.metadata": "true",
    "publication.autocreate.mode": "disabled",
    "offset.mismatch.strategy": "trust_offset",
    "snapshot.mode": "initial",
    "key.converter.schemas.enable": "true",
    "value.converter.schemas.enable": "true",
    "producer.override.acks": "all",
}


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return document


@pytest.mark.parametrize(("key", "value"), REQUIRED.items())
def test_the_connector_loses_nothing(key: str, value: str) -> None:
    assert CONFIG[key] == value


def test_the_connector_holds_references_and_no_secret() -> None:
    for key in ("hostname", "port", "user", "password", "dbname"):
        assert re.fullmatch(r"\$\{env:OVERGROW_SOURCE_[A-Z]+\}", CONFIG[f"database.{key}"]), key


def test_no_text_of_the_shop_is_taken_for_the_placeholder() -> None:
    placeholder = CONFIG["unavailable.value.placeholder"]
    assert placeholder != "__debezium_unavailable_value"
    assert json.dumps(placeholder) == f'"{placeholder}"', "found in raw bytes, so it must need no escape"
    assert all(placeholder not in text for text in (*HOSTILE, *LATIN1.hostile))


def test_the_connector_captures_exactly_the_mapped_tables() -> None:
    captured = {name.replace("\\.", ".") for name in CONFIG["table.include.list"].split(",")}
    mapped = {read(path)["source"]["table"] for path in MAPPINGS}
    recorded = {read(path)["table"] for path in (ROOT / "schemas" / "source").glob("*.yaml")}
    assert captured == mapped == recorded


def test_the_project_names_files_that_exist() -> None:
    project = read(ROOT / "overgrow.yaml")
    named = [
        project["context"],
        project["source"]["connector"],
        project["source"]["catalogue"],
        *project["target"]["ddl"],
    ]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_large_column_has_the_default_identity_and_one_table_has_full() -> None:
    recorded = {path.stem: read(path) for path in (ROOT / "schemas" / "source").glob("*.yaml")}
    assert recorded["public.cust_master"]["replica_identity"] == "default"
    assert recorded["public.cust_master"]["columns"]["notes"]["type"] == "text"
    assert recorded["public.ord_line"]["replica_identity"] == "full"
