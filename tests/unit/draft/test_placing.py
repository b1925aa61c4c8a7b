from __future__ import annotations

import sys
from pathlib import Path

import click.testing
import pytest

from overgrow import errors
from overgrow.cli import EXIT_CODES, cli
from overgrow.draft import prove, refuse_existing, write
from tests.unit.draft.legacy import CUSTOMERS, drafted


def files_of(folder: Path) -> dict[str, str]:
    return {one.relative_to(folder).as_posix(): one.read_text() for one in folder.rglob("*") if one.is_file()}


def test_every_file_is_written(tmp_path: Path) -> None:
    files = drafted(CUSTOMERS).files
    write(tmp_path, files)
    assert files_of(tmp_path) == dict(files)


def test_no_existing_file_is_overwritten_and_each_is_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "crm.json").symlink_to("nowhere")
    with pytest.raises(errors.ConfigurationError, match=r"connectors/crm\.json, README\.md"):
        refuse_existing(tmp_path, drafted(CUSTOMERS).files)


def test_what_was_half_written_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(FileExistsError):
        write(tmp_path, drafted(CUSTOMERS).files)
    assert files_of(tmp_path) == {"README.md": "mine"}
    assert [one.name for one in sorted(tmp_path.iterdir())] == ["README.md", "schemas"]


def test_proving_leaves_neither_path_nor_module_behind() -> None:
    before = sys.path[:]
    prove(drafted(CUSTOMERS, context="left_behind").files)
    assert sys.path == before
    assert not [name for name in sys.modules if name.startswith("left_behind")]


@pytest.mark.parametrize("context", ["Crm", "order", "pg_x", "overgrow", "a" * 41, "1st", "a-b", ""])
def test_a_context_that_names_nothing_is_refused(context: str, tmp_path: Path) -> None:
    assert "--context" in refused(["--from", "host=127.0.0.1 port=1", "--context", context], tmp_path, 2)


def test_an_occupied_folder_is_refused_before_the_source_is_asked(tmp_path: Path) -> None:
    (tmp_path / "overgrow.yaml").touch()
    assert "overgrow.yaml" in refused(["--from", "host=127.0.0.1 port=1", "--context", "crm"], tmp_path, 2)


def test_the_connection_string_is_not_told_and_a_silent_source_is_exit_5(tmp_path: Path) -> None:
    said = refused(["--from", "postgresql://u:sec/ret@h/db", "--context", "crm"], tmp_path, 2)
    assert "--from is not a connection string" in said
    assert "sec" not in said.replace("source", "")
    assert "does not answer" in refused(["--from", "host=127.0.0.1 port=1", "--context", "crm"], tmp_path, 5)
    assert files_of(tmp_path) == {}


def refused(words: list[str], folder: Path, code: int) -> str:
    done = click.testing.CliRunner().invoke(cli, ["--project", str(folder), "init", *words])
    assert isinstance(done.exception, errors.ReplicationError), done.output
    assert next(number for kind, number in EXIT_CODES if isinstance(done.exception, kind)) == code
    return str(done.exception)
