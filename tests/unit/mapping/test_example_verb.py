"""`overgrow test`, its golden files, its exit codes."""

from __future__ import annotations

import hmac
import json
import shutil
from pathlib import Path

import pytest

from overgrow import errors
from tests.unit.mapping import examples_sample as written
from tests.unit.mapping import sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sample.write(tmp_path, {written.EXAMPLES: written.DEFAULTS + written.WHOLE})


def test_a_key_that_is_not_set_is_no_result(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = "{from: notiz, do: {hmac: {key: '${env:OVERGROW_TEST_KEY}', id: k1}}}"
    (folder / sample.CUSTOMERS).write_text(sample.changed(sample.MAPPING, ("note: notiz", f"note: {step}")))
    digits = hmac.digest(b"sixteen bytes or more", b"a", "sha256").hex()
    (folder / written.EXAMPLES).write_text(written.DEFAULTS + written.example("{notiz: a}", f"{{note: 'k1:{digits}'}}"))
    monkeypatch.delenv("OVERGROW_TEST_KEY", raising=False)
    failed = written.run_test(folder).exception
    assert isinstance(failed, errors.ConfigurationError)
    assert "set the environment variable OVERGROW_TEST_KEY" in str(failed)
    monkeypatch.setenv("OVERGROW_TEST_KEY", "sixteen bytes or more")
    assert written.run_test(folder).exit_code == 0


def test_all_as_expected(folder: Path) -> None:
    done = written.run_test(folder)
    assert done.exit_code == 0
    assert "ok: 1 example of 1 mapping, 1 translator" in done.stderr
    assert "\x1b" not in done.stdout


def test_a_difference_is_shown_field_by_field(folder: Path) -> None:
    path = folder / written.EXAMPLES
    path.write_text(sample.changed(path.read_text(), ("status: active", "status: blocked")))
    done = written.run_test(folder)
    assert done.exit_code == 3
    line = sample.line_of(path.read_text(), "name: whole")
    assert f"FAIL {written.EXAMPLES}:{line}: whole" in done.stdout
    (marked,) = [text.split() for text in done.stdout.splitlines() if text.strip().startswith("!")]
    assert marked == ["!", "status", "blocked", "active"]
    assert "1 of 1 example failed" in done.stderr


def test_the_document_holds_what_was_shown(folder: Path) -> None:
    path = folder / written.EXAMPLES
    path.write_text(sample.changed(path.read_text(), ("status: active", "status: null")))
    document = json.loads(written.run_test(folder, "customers", "--json").stdout)
    assert (document["ok"], document["mappings"][0]["examples"], document["mappings"][0]["passed"]) == (False, 1, 0)
    wrong = [field for field in document["failures"][0]["fields"] if not field["same"]]
    assert wrong == [{"field": "status", "expected": None, "found": "active", "same": False}]
    assert document["translators"] == []  # none of this mapping


def test_an_invalid_file_is_named_and_nothing_is_run(folder: Path) -> None:
    (folder / written.EXAMPLES).write_text(written.DEFAULTS + written.example("{notz: a}", "outside"))
    done = written.run_test(folder)
    assert (done.exit_code, done.stderr) == (2, "1 problem in 1 file\n")
    assert done.stdout == (
        f"{written.EXAMPLES}:{written.DEFAULTS.count(chr(10)) + 2}: unknown-column: "
        "given: the source table has no column notz;"
        " did you mean notiz?\n"
    )
    document = json.loads(written.run_test(folder, "--json").stdout)
    assert (document["ok"], [problem["code"] for problem in document["problems"]]) == (False, ["unknown-column"])


def test_a_file_of_no_mapping_and_a_mapping_that_is_not_there(folder: Path) -> None:
    (folder / written.EXAMPLES).rename((folder / written.EXAMPLES).with_name("customer.yaml"))
    done = written.run_test(folder)
    assert done.exit_code == 2
    assert "customer.yaml:1: unknown-mapping: no mapping is called customer; did you mean customers?" in done.stdout
    assert isinstance(written.run_test(folder, "customer").exception, errors.ConfigurationError)


def test_without_examples_only_strict_fails(folder: Path) -> None:
    (folder / written.EXAMPLES).unlink()
    done = written.run_test(folder)
    assert done.exit_code == 0
    assert "no examples: customers" in done.stderr
    assert written.run_test(folder, "--strict").exit_code == 3
    (folder / written.EXAMPLES).write_text(written.DEFAULTS + written.example("{}", "{id: 7}"))
    assert written.run_test(folder).exit_code == 0
    partly = written.run_test(folder, "--strict")
    assert partly.exit_code == 3
    assert "no example of customers expects: name, status" in partly.stderr


def test_golden_files_keep_all_results(folder: Path) -> None:
    path, kept = folder / written.EXAMPLES, folder / written.GOLDEN
    path.write_text(
        path.read_text()
        + written.example("{status: X}", "outside", name="gone")
        + written.example("{status: Q}", "{error: {field: status, says: Q}}", name="poison")
    )
    missing = written.run_test(folder, "--golden")
    assert (missing.exit_code, missing.stdout.count("FAIL")) == (3, 1)
    assert "write it with: overgrow test --golden --update" in missing.stdout
    assert written.run_test(folder, "--update").exit_code == 2
    written_now = written.run_test(folder, "--golden", "--update")
    assert (written_now.exit_code, written_now.stderr.splitlines()[0]) == (0, f"wrote {written.GOLDEN}")
    assert "wrote" not in written.run_test(folder, "--golden", "--update").stderr
    assert written.run_test(folder, "--golden").exit_code == 0
    found = json.loads(kept.read_text())["examples"]
    assert found["gone"] == {"outside": True}
    assert found["poison"] == {"error": {"field": "status", "column": "status", "cause": "unknown code 'Q'"}}
    assert found["whole"]["row"]["balance_cents"] == "1250"


def test_what_golden_files_do_not_hold_is_a_difference(folder: Path) -> None:
    path, kept = folder / written.EXAMPLES, folder / written.GOLDEN
    path.write_text(path.read_text() + written.example("{status: X}", "outside", name="gone"))
    written.run_test(folder, "--golden", "--update")
    kept.write_text(sample.changed(kept.read_text(), ('"1250"', "null"), ('"gone"', '"was here"')))
    done = written.run_test(folder, "--golden")
    assert done.exit_code == 3
    assert [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("FAIL")] == [
        [f"{written.GOLDEN}:{sample.line_of(kept.read_text(), 'whole')}:", "whole"],
        [f"{written.EXAMPLES}:{sample.line_of(path.read_text(), 'name: gone')}:", "gone"],
        [f"{written.GOLDEN}:{sample.line_of(kept.read_text(), 'was here')}:", "was", "here"],
    ]
    assert "3 results not as in the golden files" in done.stderr
    assert written.run_test(folder).exit_code == 0
    document = json.loads(written.run_test(folder, "--golden", "--json").stdout)
    assert (document["failures"], len(document["golden_failures"])) == ([], 3)


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", '{"examples": {"a": {"row": 1}}}', '{"examples": {"a": {}}}', "[" * 9999]
)
def test_a_golden_file_that_is_none_is_a_problem(folder: Path, content: str) -> None:
    (folder / written.GOLDEN).write_text(content)
    done = written.run_test(folder, "--golden")
    assert done.exit_code == 2
    assert f"{written.GOLDEN}:1: bad-golden: " in done.stdout


def test_a_translator_that_does_not_hold_is_named_with_its_line(folder: Path) -> None:
    path = folder / "transforms/shop_acl/translators.py"
    path.write_text(
        path.read_text() + "\n\n@translator(inputs=('text',), output='text', inverse=lambda a: (a,))\n"
        "def low(a: str | None) -> str | None:\n    return a and a.lower()\n"
    )
    done = written.run_test(folder)
    assert done.exit_code == 3
    line = sample.line_of(path.read_text(), "@translator(inputs=('text',)")
    assert f"FAIL transforms/shop_acl/translators.py:{line}: translator low: " in done.stdout
    assert "other-way-back" in done.stdout
    assert written.run_test(folder, "customers").exit_code == 0  # it is not used there
    assert written.run_test(folder, "--seed", "5").exit_code == 3


def test_the_shop_is_as_its_examples_say() -> None:
    done = written.run_test(written.ROOT, "--golden", "--strict")
    assert done.exit_code == 0, done.stdout


def test_the_how_to_shows_what_is_printed(tmp_path: Path) -> None:
    text = (written.ROOT / "docs/how-to/test-a-mapping.md").read_text()
    rows = text.partition("```yaml\n")[2].partition("```")[0]
    said = text.partition("$ overgrow test vouchers\n")[2].partition("```")[0]
    for name in ("connectors", "schemas", "transforms"):
        shutil.copytree(written.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(written.ROOT / "overgrow.yaml", tmp_path)
    (tmp_path / "transforms/shop_acl/examples/vouchers.yaml").write_text(rows)
    done = written.run_test(tmp_path, "vouchers")
    assert [line.rstrip() for line in (done.stdout + done.stderr).splitlines()] == said.splitlines()
