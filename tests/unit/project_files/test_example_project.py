"""The example project's files fit together: connector, mappings, catalogue and seeded data."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from legacy_shop.texts import HOSTILE, LATIN1
from overgrow.cli import cli

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


def test_the_identities_are_those_that_check_asks_for() -> None:
    recorded = {path.stem.removeprefix("public."): read(path) for path in (ROOT / "schemas" / "source").glob("*.yaml")}
    assert {name for name, one in recorded.items() if one["replica_identity"] == "full"} == {"ord_line", "prod_master"}
    assert recorded["cust_master"]["columns"]["notes"]["type"] == "text"


def test_products_without_whole_rows_are_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    catalogue = folder / "schemas" / "source" / "public.prod_master.yaml"
    catalogue.write_text(catalogue.read_text().replace("replica_identity: full", "replica_identity: default"))
    (problem,) = check(folder)["problems"]
    assert (problem["file"], problem["code"]) == ("transforms/shop_acl/products.yaml", "partial-row-enters")
    assert "descr" in problem["message"]


def test_the_code_of_a_voucher_cannot_be_unique_during_the_sync(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    ddl = folder / "schemas" / "target" / "crm.sql"
    ddl.write_text(ddl.read_text().replace("CREATE INDEX vouchers_by_code", "CREATE UNIQUE INDEX vouchers_by_code"))
    assert [one["code"] for one in check(folder)["problems"]] == ["constraint-too-early"]


def test_the_table_without_a_key_is_refused_with_its_reason() -> None:
    document = check(ROOT)
    assert list(document["refused"]) == ["public.web_log"]
    assert "no primary key" in document["refused"]["public.web_log"]
    said = CliRunner().invoke(cli, ["--project", str(ROOT), "check"])
    assert "refused: public.web_log: no primary key" in said.stderr


REASON = "    public.web_log: no primary key, and rows that are the same twice; no change of it has an address"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("    public.web_log:", "missing-reason"),
        ("    web_log: it has no key", "bad-name"),
        ("    public.web_log: it has no key\n    public.web_log: twice", "duplicate-table"),
        ("    public.web_log: {why: it has no key}", "bad-shape"),
        ("    public.vchr: it has no key", "refused-and-mapped"),
        ("    public.cust_archive: it has no key", "refused-and-captured"),
    ],
)
def test_a_refusal_that_says_nothing_or_contradicts_the_project_is_a_problem(
    tmp_path: Path, written: str, code: str
) -> None:
    folder = copied(tmp_path)
    connector = folder / "connectors" / "shop.json"
    connector.write_text(connector.read_text().replace(r"public\\.ctry", r"public\\.ctry,public\\..*_archive"))
    project = folder / "overgrow.yaml"
    text = project.read_text()
    assert REASON in text
    project.write_text(text.replace(REASON, written))
    (problem,) = check(folder)["problems"]
    line = len(text.partition(REASON)[0].splitlines()) + written.count("\n") + 1
    assert (problem["file"], problem["line"], problem["code"]) == ("overgrow.yaml", line, code)


def check(folder: Path) -> dict[str, Any]:
    """What `overgrow check` finds."""
    done = CliRunner().invoke(cli, ["--project", str(folder), "check", "--json"])
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def copied(folder: Path) -> Path:
    """The example project, to be spoilt."""
    for name in ("connectors", "schemas", "transforms"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "overgrow.yaml", folder)
    return folder
