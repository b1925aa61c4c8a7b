"""The import contracts bite: a package of the same shape that breaks each of them is caught at each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
# Like the real tree, each part with an import it may have.
ALLOWED = {
    "pipeline/overgrow/errors.py": "",
    "pipeline/overgrow/__main__.py": "import overgrow.cli",
    "pipeline/overgrow/observe.py": "",
    "pipeline/overgrow/model/__init__.py": "import overgrow.errors",
    "pipeline/overgrow/envelope/__init__.py": "import overgrow.model",
    "pipeline/overgrow/mapping/__init__.py": "import overgrow.envelope",
    "pipeline/overgrow/apply/__init__.py": "import overgrow.mapping",
    "pipeline/overgrow/secret.py": "import overgrow.errors",
    "pipeline/overgrow/project.py": "import overgrow.mapping, overgrow.secret",
    "pipeline/overgrow/sinks/__init__.py": "import overgrow.apply, psycopg",
    "pipeline/overgrow/sources/__init__.py": "import overgrow.project",
    "pipeline/overgrow/kafka/__init__.py": "import overgrow.apply, httpx",
    "pipeline/overgrow/deployment.py": "import overgrow.sinks, overgrow.project",
    "pipeline/overgrow/draft/__init__.py": "import overgrow.sources, overgrow.project",
    "pipeline/overgrow/cli/init.py": "import overgrow.draft",
    "pipeline/overgrow/workers/__init__.py": "import overgrow.sinks, overgrow.kafka, time",
    "pipeline/overgrow/provision/__init__.py": "import overgrow.sinks, overgrow.sources",
    "pipeline/overgrow/reconcile/__init__.py": "import overgrow.sinks, overgrow.sources",
    "pipeline/overgrow/reconcile/source_records.py": "import overgrow.model",
    "pipeline/overgrow/reconcile/source_report.py": "import overgrow.model",
    "pipeline/overgrow/doctor/__init__.py": "import overgrow.deployment, overgrow.kafka, psycopg",
    "pipeline/overgrow/doctor/judging/__init__.py": "import overgrow.model",
    "pipeline/overgrow/resnapshot/__init__.py": "import overgrow.provision",
    "pipeline/overgrow/demo/__init__.py": "import overgrow.workers, overgrow.stack, overgrow.testing",
    "pipeline/overgrow/testing/__init__.py": "import overgrow.apply",
    "pipeline/overgrow/stack/__init__.py": "import overgrow.kafka, subprocess",
    "pipeline/overgrow/cli/stack.py": "import overgrow.stack",
    "pipeline/overgrow/cli/demo.py": "import overgrow.stack",
    "transforms/shop_acl/__init__.py": "import overgrow.mapping",
    "legacy_shop/__init__.py": "import time, psycopg",
}
FORBIDDEN = [
    ("pipeline/overgrow/model/__init__.py", "time", "The core is pure"),
    ("pipeline/overgrow/envelope/__init__.py", "random", "The core is pure"),
    ("pipeline/overgrow/mapping/__init__.py", "overgrow.observe", "The core is pure"),
    ("pipeline/overgrow/apply/__init__.py", "psycopg", "The core is pure"),
    ("transforms/shop_acl/__init__.py", "httpx", "The core is pure"),
    ("pipeline/overgrow/mapping/__init__.py", "overgrow.apply", "Dependencies point one way"),
    ("pipeline/overgrow/sinks/__init__.py", "overgrow.kafka", "Dependencies point one way"),
    ("pipeline/overgrow/doctor/judging/__init__.py", "time", "What judges the live systems"),
    ("pipeline/overgrow/reconcile/source_report.py", "psycopg", "What judges the live systems"),
    ("pipeline/overgrow/doctor/__init__.py", "overgrow.reconcile", "Dependencies point one way"),
    ("pipeline/overgrow/workers/__init__.py", "overgrow.stack", "The local stack"),
    ("pipeline/overgrow/workers/__init__.py", "overgrow.draft", "What drafts a project"),
    ("pipeline/overgrow/workers/__init__.py", "legacy_shop", "The engine names no table"),
    ("legacy_shop/__init__.py", "overgrow.model", "The legacy shop"),
]


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    for package in (root / "pipeline" / "overgrow", root / "pipeline" / "overgrow" / "cli"):
        (package / "__init__.py").touch()


def lint(root: Path) -> tuple[bool, str]:
    """Whether all contracts are kept, and what is said about those that are not."""
    shutil.copy(ROOT / ".importlinter", root / ".importlinter")
    path = os.pathsep.join(str(root / part) for part in ("pipeline", "transforms", ""))
    done = subprocess.run(
        [LINT_IMPORTS, "--no-logo", "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    return done.returncode == 0, done.stdout.partition("Broken contracts")[2]


def test_what_is_allowed_is_kept(tmp_path: Path) -> None:
    write(tmp_path, ALLOWED)
    assert lint(tmp_path) == (True, "")


def test_a_new_part_needs_a_place(tmp_path: Path) -> None:
    write(tmp_path, {**ALLOWED, "pipeline/overgrow/helpers.py": ""})
    kept, said = lint(tmp_path)
    assert not kept
    assert "- overgrow.helpers" in said


@pytest.mark.parametrize(("name", "imported", "contract"), FORBIDDEN)
def test_what_is_forbidden_breaks_its_contract(tmp_path: Path, name: str, imported: str, contract: str) -> None:
    write(tmp_path, {**ALLOWED, name: f"{ALLOWED[name]}\nimport {imported}"})
    kept, said = lint(tmp_path)
    assert not kept
    assert contract in said
    assert f"-> {imported}" in said
