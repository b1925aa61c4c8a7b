"""Keys of personal data: found where the reference says, named where they are not, before any row is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from overgrow import errors
from overgrow.project import Project
from overgrow.secret import resolve
from tests.unit.mapping import sample

HASHED = sample.changed(
    sample.MAPPING, ("note: notiz", "note: {from: notiz, do: {hmac: {key: '${env:OG_TEST_KEY}', id: k1}}}")
)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    resolve.cache_clear()


def test_a_key_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OG_TEST_KEY", " from the environment\n")
    assert resolve("${env:OG_TEST_KEY}") == b"from the environment"
    (tmp_path / "key").write_bytes(b"\x00\xff of a file \n")
    assert resolve(f"${{file:{tmp_path}/key}}") == b"\x00\xff of a file"


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("${env:OG_NO_SUCH}", "set the environment variable OG_NO_SUCH"),
        ("${file:/no/such/key}", "No such file"),
        ("hunter2", "is no reference to a key"),
    ],
)
def test_what_is_not_there_is_named(reference: str, says: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=says):
        resolve(reference)


@pytest.mark.parametrize(
    ("key", "says"), [(None, "set the environment variable OG_TEST_KEY"), ("short", "has 5 bytes, it needs 16")]
)
def test_a_worker_asks_for_its_keys_before_the_first_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None, says: str
) -> None:
    monkeypatch.delenv("OG_TEST_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("OG_TEST_KEY", key)
    plan = Project.require(sample.write(tmp_path, {sample.CUSTOMERS: HASHED})).plans[0]
    with pytest.raises(errors.ConfigurationError, match=says):
        plan.require_keys()


def test_a_key_is_never_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OG_TEST_KEY", "a key that nobody sees")
    project = Project.require(sample.write(tmp_path, {sample.CUSTOMERS: HASHED}))
    plan = project.plans[0]
    plan.require_keys()
    assert "nobody sees" not in plan.to_json() + repr(plan) + project.codec(plan).source
    assert "${env:OG_TEST_KEY}" in plan.to_json()
