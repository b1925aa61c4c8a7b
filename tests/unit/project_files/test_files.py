"""What the repository's own files promise: licence, lock, hooks, CI, Makefile, and what they must not contain."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[3]
TARGETS = ("demo", "test", "check", "lock", "bench", "clean")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def load(script: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(script).stem, ROOT / script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_licence_is_apache_2_word_for_word() -> None:
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_the_changelog_has_an_unreleased_part() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("name", ["base", "dev"])
def test_every_locked_dependency_has_a_hash_and_names_no_index(name: str) -> None:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    pins = [index for index, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]
    assert pins
    assert [lines[index] for index in pins if "==" not in lines[index]] == []
    assert [lines[index] for index in pins if not lines[index + 1].lstrip().startswith("--hash=sha256:")] == []
    assert [line for line in lines if "index-url" in line or "://" in line or "find-links" in line] == []


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, wanted in (
        ("base", project["dependencies"]),
        ("dev", project["dependencies"] + project["optional-dependencies"]["dev"]),
    ):
        locked = set(re.findall(r"^([a-z0-9-]+)", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE))
        asked = {re.split(r"[\[<>=;, ]", entry)[0].lower() for entry in wanted}
        assert asked - locked == set()


def test_what_runs_is_what_was_tested() -> None:
    base, dev = (
        set(re.findall(r"^[a-z0-9-]+==[^ ]+", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE))
        for name in ("base", "dev")
    )
    assert base <= dev


def test_the_only_hook_is_make_check() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook for repo in repos for hook in repo["hooks"]]
    assert [(hook["entry"], hook["language"]) for hook in hooks] == [("make check", "system")]


def test_ci_is_executable_valid_and_runs_check_and_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert script.read_text().rstrip().endswith("make check test")


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_exists_and_is_listed(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"make {target}\t" in listed.stdout


def test_an_old_python_is_refused_with_the_way_to_a_new_one(tmp_path: Path) -> None:
    old = tmp_path / "python-too-old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(["make", "python", f"PYTHON={old}"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    for words in ("Python 3.11", str(old), "apt-get install", "dnf install", "brew install"):
        assert words in done.stderr


@pytest.mark.parametrize(
    ("reason", "unexplained"),
    [("explained: needs two network cards", 0), ("flaky", 1), ("", 1)],
)
def test_a_skip_needs_an_explanation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reason: str, unexplained: int
) -> None:
    report = tmp_path / "tests.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.a" name="test_b">'
        f'<skipped type="pytest.skip" message="{reason}"/></testcase>'
        '<testcase classname="tests.a" name="test_c"/></testsuite></testsuites>'
    )
    assert load(".ci/skips.py").main(report) == unexplained
    assert f"skipped tests: 1, unexplained: {unexplained}" in capsys.readouterr().out


def test_the_engine_names_no_table_of_the_example() -> None:
    words = re.compile(r"cust_master|ord_line|shop_acl|legacy_shop|crm\.")
    engine = [path for path in tracked() if (ROOT / "pipeline") in path.parents]
    found = [path.name for path in engine if path.suffix in {".py", ".sql"} and words.search(path.read_text())]
    assert set(found) <= {"demo.py"}, "only the demo knows the example project"


def test_no_file_carries_a_path_of_one_machine() -> None:
    machine = re.compile(r"(?<![\w.])/(?:work|root|Users|home/\w+)/")
    texts = {path: path.read_bytes().decode("utf-8", "replace") for path in tracked()}
    found = {str(path.relative_to(ROOT)): machine.search(text) for path, text in texts.items() if path.suffix != ".xml"}
    assert [name for name, hit in found.items() if hit and not name.startswith("tests/unit/project_files/")] == []
