"""`apply --constraints` before it has asked any system: what is declared, what stands alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from overgrow import errors
from overgrow.cli import cli
from overgrow.project import Project
from tests.unit.mapping import sample

LATE = "schemas/target/late.sql"
DECLARED = sample.changed(
    sample.PROJECT, ("ddl: [schemas/target/crm.sql]", f"ddl: [schemas/target/crm.sql], constraints: {LATE}")
)


@pytest.mark.parametrize("project", [sample.PROJECT, DECLARED])
def test_nothing_is_declared(tmp_path: Path, project: str) -> None:
    folder = sample.write(tmp_path, {"overgrow.yaml": project, LATE: "-- nothing yet\n"})
    done = CliRunner().invoke(cli, ["--project", str(folder), "apply", "--constraints"])
    assert isinstance(done.exception, errors.ConfigurationError)
    assert "target.constraints" in str(done.exception)


@pytest.mark.parametrize("beside", [["--only", "target"], ["--start-over"]])
def test_it_stands_alone(tmp_path: Path, beside: list[str]) -> None:
    done = CliRunner().invoke(cli, ["--project", str(sample.write(tmp_path)), "apply", "--constraints", *beside])
    assert done.exit_code == 2
    assert "--constraints stands alone" in done.output


def test_the_project_knows_what_its_files_declare(tmp_path: Path) -> None:
    text = "ALTER TABLE crm.customers ADD CONSTRAINT once UNIQUE (external);"
    project, problems = Project.load(sample.write(tmp_path, {"overgrow.yaml": DECLARED, LATE: text}))
    assert problems == []
    assert project is not None
    assert [(one.file, one.line, one.name) for one in project.constraints] == [(LATE, 1, "once")]


def test_a_mistake_in_a_file_is_a_problem_of_the_project(tmp_path: Path) -> None:
    text = "\nALTER TABLE crm.customers ADD CONSTRAINT once UNIQUE (externa);"
    _, problems = Project.load(sample.write(tmp_path, {"overgrow.yaml": DECLARED, LATE: text}))
    assert [(one.file, one.line, one.code) for one in problems] == [(LATE, 2, "unknown-column")]
    _, problems = Project.load(sample.write(tmp_path / "without", {"overgrow.yaml": DECLARED}))
    assert [(one.file, one.code) for one in problems] == [("overgrow.yaml", "missing-file")]
