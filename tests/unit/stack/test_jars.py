from __future__ import annotations

import threading
from pathlib import Path

import pytest

from overgrow.stack import StackError, jars

MAVEN = """#!/bin/sh
for word in "$@"; do case $word in -Dout=*) out=${word#-Dout=};; esac; done
echo run >> "$(dirname "$0")/runs"
mkdir -p "$out/libs" "$out/plugins"
echo jar > "$out/libs/kafka.jar"
"""
FAILING = "#!/bin/sh\necho '[ERROR] Could not resolve kafka-tools'\nexit 1\n"


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in Maven's place; the cache is the test's own."""
    stand_in = tmp_path / "bin" / "mvn"
    stand_in.parent.mkdir()
    stand_in.write_text(MAVEN)
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return stand_in


def silent(_line: str) -> None:
    pass


def test_the_cache_is_built_once_however_many_ask(maven: Path) -> None:
    found: list[jars.Jars] = []
    asking = [threading.Thread(target=lambda: found.append(jars.resolve("java17-x", silent))) for _ in range(4)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert maven.with_name("runs").read_text() == "run\n"
    assert len(found) == 4
    assert len(set(found)) == 1
    assert (found[0].folder / "libs" / "kafka.jar").read_text() == "jar\n"
    assert found[0].archive("kafka") is None


def test_a_failed_download_leaves_no_half_cache(maven: Path, tmp_path: Path) -> None:
    maven.write_text(FAILING)
    with pytest.raises(StackError, match="kafka-tools"):
        jars.resolve("java17-x", silent)
    assert [entry.suffix for entry in (tmp_path / "cache" / "overgrow").iterdir()] == [".lock"]

    maven.write_text(MAVEN)
    assert jars.resolve("java17-x", silent).plugins.is_dir()


def test_what_a_killed_build_left_is_swept(maven: Path, tmp_path: Path) -> None:
    assert maven.exists()
    folder = jars.resolve("java17-x", silent).folder
    folder.rename(folder.with_name(f"{folder.name}-building-killed"))
    jars.resolve("java17-x", silent)
    names = {entry.name for entry in (tmp_path / "cache" / "overgrow").iterdir()}
    assert names == {folder.name, f"{folder.name}.lock"}


def test_progress_is_told(maven: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "TELL_EVERY", 2)
    maven.write_text(MAVEN + "for n in 1 2 3 4; do echo '[INFO] Downloaded from central: x'; done\n")
    told: list[str] = []
    jars.resolve("java17-x", told.append)
    assert [line for line in told if "fetched" in line] == ["jars: 2 files fetched", "jars: 4 files fetched"]
