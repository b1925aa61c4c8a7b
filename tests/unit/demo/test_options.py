"""Runs too small to show a failover are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from overgrow.cli import cli

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("option", "least"), [("--seconds", "10"), ("--rate", "50"), ("--rows", "100")])
def test_a_run_in_which_a_partition_may_see_no_change_is_refused(option: str, least: str) -> None:
    done = CliRunner().invoke(cli, ["--project", str(ROOT), "demo", option, "7"])
    assert done.exit_code == 2
    assert f"7 is not in the range x>={least}" in done.output.replace("7.0", "7").replace(".0", "")
