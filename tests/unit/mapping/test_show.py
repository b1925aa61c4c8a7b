"""`show` prints the plan, its JSON and its code; an unknown mapping is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from overgrow import errors
from overgrow.cli import cli
from tests.unit.mapping import sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sample.write(tmp_path)


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(folder), "show", *arguments])


def test_the_text_names_every_field_and_its_way_back(folder: Path) -> None:
    out = run(folder, "customers").stdout
    assert "\x1b" not in out
    for part in ("leg.public.kunde", "crm.customers", "minor_units 2", "the blanks are gone", "A=active", "dropped"):
        assert part in out


def test_the_json_is_the_plan(folder: Path) -> None:
    shown = json.loads(run(folder, "customers", "--json").stdout)
    assert (shown["mapping"], shown["topic"]) == ("customers", "leg.public.kunde")
    assert [field["target"] for field in shown["fields"]][:2] == ["id", "name"]


def test_the_code_is_python(folder: Path) -> None:
    compile(run(folder, "customers", "--code").stdout, "shown", "exec")


def test_an_unknown_mapping_is_named(folder: Path) -> None:
    result = run(folder, "customer")
    assert isinstance(result.exception, errors.ConfigurationError)
    assert "did you mean customers?" in str(result.exception)
