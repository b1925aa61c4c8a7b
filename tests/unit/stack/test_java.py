from __future__ import annotations

from pathlib import Path

import pytest

from overgrow.stack import MissingProgramError, java, postgres


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all there is on PATH."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def says(version: str) -> str:
    return f"""echo 'openjdk version "{version}" 2025-04-15' >&2"""


def test_java_home_comes_before_path(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "java", says("21.0.1"))
    on_path = java.find()
    assert on_path.program == str(path / "java")
    assert on_path.build.startswith("java21-")

    program(tmp_path / "home" / "bin", "java", says("17.0.15"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert java.find().build.startswith("java17-")


def test_builds_of_one_version_are_told_apart(path: Path) -> None:
    program(path, "java", says("17.0.15"))
    before = java.find().build
    program(path, "java", says("17.0.16"))
    assert java.find().build != before


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_402"])
def test_an_old_java_is_refused_by_version(path: Path, version: str) -> None:
    program(path, "java", says(version))
    with pytest.raises(MissingProgramError, match=rf"(?s)Java >= 17 is needed.*{version}.*apt-get.*dnf.*brew"):
        java.find()


@pytest.mark.usefixtures("path")
def test_missing_programs_are_named_with_the_way_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingProgramError, match=r"(?s)Java.*apt-get.*dnf.*brew.*overgrow stack up"):
        java.find()
    with pytest.raises(MissingProgramError, match=r"(?s)Maven.*apt-get.*dnf.*brew.*overgrow stack up"):
        java.find_maven()
    monkeypatch.setattr(postgres, "DISTRIBUTION", Path("/nowhere"))
    monkeypatch.setattr(postgres, "WHEEL", "no_such_wheel")
    with pytest.raises(MissingProgramError, match=r"(?s)PostgreSQL.*apt-get.*dnf.*brew.*pip install"):
        postgres.find_binaries()


def test_postgres_is_taken_from_path_then_newest_of_the_distribution(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "DISTRIBUTION", tmp_path / "lib")
    monkeypatch.setattr(postgres, "WHEEL", "no_such_wheel")
    for version in ("9.6", "15", "17"):
        for name in postgres.PROGRAMS:
            program(tmp_path / "lib" / version / "bin", name, "")
    assert postgres.find_binaries() == tmp_path / "lib" / "17" / "bin"

    program(path, "postgres", "")
    assert postgres.find_binaries() == tmp_path / "lib" / "17" / "bin", "no initdb beside it"
    program(path, "initdb", "")
    assert postgres.find_binaries() == path
