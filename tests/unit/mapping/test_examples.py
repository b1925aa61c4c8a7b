"""Example files: every problem at once, results field by field; `overgrow test` and its golden files."""

from __future__ import annotations

import hmac
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from overgrow import errors
from overgrow.cli import cli
from overgrow.mapping import OUTSIDE, RowCodec, Translator
from overgrow.mapping.examples import Refusal, read, run
from overgrow.mapping.examples.report import side_by_side
from overgrow.mapping.examples.running import stored
from overgrow.mapping.problems import Problems
from tests.unit.mapping import examples_sample as written
from tests.unit.mapping import sample

ROOT = Path(__file__).parents[3]
EXAMPLES = "transforms/shop_acl/examples/customers.yaml"
GOLDEN = "transforms/shop_acl/examples/customers.golden.json"
OTHER = {"id": "8", "born": "1969-12-30", "active": "f", "balance_cents": "1251", "at": "23:59:59", "photo": "'\\x00'"}
OTHER |= {"created_at": "2024-02-29 23:59:59.999998+00", "changed_at": "2024-02-29 18:29:59+00", "attributes": "'{}'"}
OTHER |= {"external": "00000000-0000-0000-0000-000000000000"}


def one(given: str, expect: str) -> Any:
    """The result of one example."""
    (result,) = written.results(written.DEFAULTS + written.example(given, expect))
    return result


def test_a_whole_row_is_as_expected_whatever_the_notation() -> None:
    (result,) = written.results(written.DEFAULTS + written.WHOLE)
    assert result.passed, [field for field in result.fields if not field.same]
    assert len(result.fields) == 14


@pytest.mark.parametrize("field", [line.split(":")[0].strip() for line in written.WHOLE.splitlines()[3:]])
@pytest.mark.parametrize("null", [True, False])
def test_a_wrong_field_is_found_and_no_other(field: str, null: bool) -> None:  # noqa: FBT001 - a parameter
    if field == "note":
        text = sample.changed(written.WHOLE, ("note: null", "note: 'null'"))
    else:
        start = written.WHOLE.index(f"      {field}: ")
        end = written.WHOLE.index("\n", start)
        text = f"{written.WHOLE[:start]}      {field}: {'null' if null else OTHER.get(field, 'x')}{written.WHOLE[end:]}"
    (result,) = written.results(written.DEFAULTS + text)
    assert [wrong.field for wrong in result.fields if not wrong.same] == [field]
    assert not result.passed


@pytest.mark.parametrize(
    ("given", "expect", "passed"),
    [
        ("{status: X}", "outside", True),
        ("{status: A}", "outside", False),
        ("{status: X}", "{id: 7}", False),
        ("{status: X}", "{error: {field: status, says: X}}", False),
        ("{status: Q}", "{error: {field: status, says: unknown code 'Q'}}", True),
        ("{status: Q}", "{error: {field: status, says: unknown code 'R'}}", False),
        ("{status: Q}", "{error: {field: name, says: unknown code 'Q'}}", False),
        ("{status: Q}", "{status: active}", False),
        ("{status: Q}", "outside", False),
        ("{status: A}", "{error: {field: status, says: unknown code}}", False),
        ("{notiz: null}", "{note: null}", True),
        ("{notiz: 'null'}", "{note: 'null'}", True),
        ("{notiz: ''}", "{note: null}", False),
    ],
)
def test_rows_errors_and_the_filter(given: str, expect: str, passed: bool) -> None:  # noqa: FBT001 - a parameter
    assert one(given, expect).passed is passed


def test_an_error_names_what_was_found_beside_what_was_expected() -> None:
    (wrong,) = one("{status: Q}", "{status: active, id: 7}").fields
    assert (wrong.field, wrong.expected, wrong.found) == ("status", "active", "error: unknown code 'Q' (from status)")
    expected, found = one("{status: Q}", "{error: {field: name, says: too long}}").fields
    assert (expected.field, expected.found) == ("name", "(not reached)")
    assert (found.field, found.expected) == ("status", "(no error)")


def test_what_the_target_cannot_hold_is_set_aside() -> None:
    plan = sample.plan()
    row = dict.fromkeys(("id", "name", "status", "active", "segment"), "1")
    assert stored(plan, row) == Refusal(
        field="active", column="aktiv", cause="'1' is not one of t, true, f, false, into boolean"
    )
    fine = {**row, "active": "t"}
    assert stored(plan, fine) == fine
    long = stored(plan, {**fine, "segment": "x" * 11})
    assert isinstance(long, Refusal)
    assert long.field == "segment"
    assert stored(plan, OUTSIDE) is OUTSIDE


@pytest.mark.parametrize(
    ("line", "faults"),
    [(lambda _: "7", [True, True]), (lambda _: None, [True, True]), (lambda _: 1 // 0, [True, False])],
)
def test_generated_code_that_does_something_else_is_named(line: Any, faults: list[bool]) -> None:
    codec = RowCodec(sample.plan(), placeholder=sample.OWN_PLACEHOLDER)
    codec.line = line
    text = written.DEFAULTS + written.WHOLE + written.example("{status: Q}", "{error: {field: status, says: Q}}")
    results = run([codec], [written.file(text)]).results
    assert [bool(one.faults) for one in results] == [not one.passed for one in results] == faults
    assert "please report this" in results[0].faults[0]
    assert all(field.same for one in results for field in one.fields)


def test_a_key_that_is_not_set_is_no_result(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = "{from: notiz, do: {hmac: {key: '${env:OVERGROW_TEST_KEY}', id: k1}}}"
    (folder / sample.CUSTOMERS).write_text(sample.changed(sample.MAPPING, ("note: notiz", f"note: {step}")))
    digits = hmac.digest(b"sixteen bytes or more", b"a", "sha256").hex()
    (folder / EXAMPLES).write_text(written.DEFAULTS + written.example("{notiz: a}", f"{{note: 'k1:{digits}'}}"))
    monkeypatch.delenv("OVERGROW_TEST_KEY", raising=False)
    failed = run_test(folder).exception
    assert isinstance(failed, errors.ConfigurationError)
    assert "set the environment variable OVERGROW_TEST_KEY" in str(failed)
    monkeypatch.setenv("OVERGROW_TEST_KEY", "sixteen bytes or more")
    assert run_test(folder).exit_code == 0


@pytest.mark.parametrize(
    ("inverse", "fault"),
    [
        (lambda a: (a and a[1:],), ""),
        (lambda a: (a and a[2:],), "the way back gives notiz as '', it was 'x'"),
        (lambda a: {}[a], "the way back fails with KeyError"),
        (lambda a: (int(a),), "the way back fails with ValueError: invalid literal"),
    ],
)
def test_a_row_that_does_not_come_back_is_named(inverse: Any, fault: str) -> None:
    mark = Translator(name="mark", function=lambda a: a and f"!{a}", inputs=("text",), output="text", inverse=inverse)
    plan, problems = sample.build(
        sample.changed(sample.MAPPING, ("note: notiz", "note: {from: notiz, do: mark}")), translators={"mark": mark}
    )
    assert plan is not None, problems
    text = written.DEFAULTS + written.example("{notiz: x, saldo: 7, status: G}", "{note: '!x'}")
    (result,) = written.results(text, plan)
    assert result.passed is (fault == "")
    assert "; ".join(result.faults).startswith(fault)


ALSO = """\
also:
  made:
    target: {table: crm.contacts, key: [id, kind]}
    fields: {id: kd_nr, kind: {const: made}, at: {from: angelegt, do: {instant: Europe/London}}}
  changed:
    target: {table: crm.contacts, key: [id, kind]}
    where: {geaendert: {null: false}}
    fields: {id: kd_nr, kind: {const: changed}, at: geaendert}
drop: [dauer]
"""
CONTACTS = "CREATE TABLE crm.contacts (id bigint, kind varchar(10), at timestamptz, PRIMARY KEY (id, kind));\n"
MADE = "made: {id: 7, kind: made, at: 2024-02-29 23:59:59.999999+00}"


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """The sample with three targets; only the second one minds the odd hours of London."""
    files = {
        sample.CUSTOMERS: sample.changed(sample.MAPPING, ("Europe/London", "UTC"), ("drop: [dauer]\n", ALSO)),
        "schemas/target/crm.sql": sample.DDL + CONTACTS,
        "schemas/source/public.kunde.yaml": sample.changed(sample.CATALOGUE, ("identity: default", "identity: full")),
    }
    folder = sample.write(tmp_path, files)
    (folder / EXAMPLES).parent.mkdir()
    return folder


@pytest.mark.parametrize(
    ("given", "expect", "also", "differing"),
    [
        ("{}", "{id: 7}", f"{{{MADE}, changed: {{kind: changed}}}}", []),
        ("{geaendert: null}", "{id: 7}", f"{{{MADE}, changed: outside}}", []),
        ("{status: X}", "outside", "{made: outside}", []),
        ("{}", "{id: 7}", "{made: {kind: mad}, changed: outside}", ["made.kind", "changed.(where)"]),
        ("{status: X}", "outside", f"{{{MADE}}}", ["made.(where)"]),
        ("{angelegt: 2024-10-27 01:30:00}", "{error: {field: made.at, says: exists twice}}", "", []),
        ("{angelegt: 2024-10-27 01:30:00}", "{error: {field: id, says: exists twice}}", "", ["id", "made.at"]),
        ("{angelegt: 2024-10-27 01:30:00}", "{id: 7}", f"{{{MADE}}}", ["made.at"]),
        ("{}", "{error: {field: made.at, says: exists twice}}", "", ["made.at"]),
    ],
)
def test_each_target_of_several_has_its_own_expectation(
    several: Path, given: str, expect: str, also: str, differing: list[str]
) -> None:
    text = written.example(given, expect) + (f"    also: {also}\n" if also else "")
    (several / EXAMPLES).write_text(written.DEFAULTS + text)
    document = json.loads(run_test(several, "--json").stdout)
    failures = document["failures"]
    assert [line["field"] for one in failures for line in one["fields"] if not line["same"]] == differing
    assert [one["faults"] for one in failures if one["faults"]] == []
    assert "made.kind" not in document["mappings"][0]["fields_not_expected"]  # a constant


def test_golden_files_hold_every_target(several: Path) -> None:
    (several / EXAMPLES).write_text(written.DEFAULTS + written.example("{geaendert: null}", "{id: 7}"))
    assert run_test(several, "--golden", "--update").exit_code == 0
    assert run_test(several, "--golden").exit_code == 0
    found = json.loads((several / GOLDEN).read_text())["examples"]["one"]
    assert found["also"]["changed"] == {"outside": True}
    assert found["also"]["made"]["row"]["kind"] == "made"
    (several / GOLDEN).write_text(sample.changed((several / GOLDEN).read_text(), ('"kind": "made"', '"kind": "mad"')))
    assert "made.kind" in run_test(several, "--golden").stdout


def test_what_is_wrong_with_further_targets_is_a_problem(several: Path) -> None:
    (several / EXAMPLES).write_text(
        written.DEFAULTS
        + written.example("{}", "{id: 7}")
        + "    also: {mad: outside, made: {idd: 1}, changed: {error: {field: at, says: x}}}\n"
        + written.example("{}", "{error: {field: id, says: x}}", name="two")
        + "    also: {made: outside}\n"
        + written.example("{}", "{id: 7}", name="three")
        + "    also: {made: inside, changed: {at: yesterday}}\n"
    )
    found = json.loads(run_test(several, "--json").stdout)["problems"]
    assert [one["code"] for one in found] == [
        *("unknown-field", "unknown-field", "unknown-key"),
        *("bad-shape", "bad-shape", "bad-value"),
    ]


def test_coverage_counts_what_a_row_expects_but_no_constant() -> None:
    codec = RowCodec(sample.plan(), placeholder=sample.OWN_PLACEHOLDER)
    text = written.DEFAULTS + written.example("{}", "{id: 7, name: Ann}")
    text += written.example("{status: Q}", "{error: {field: status, says: Q}}", name="two")
    (covered,) = run([codec], [written.file(text)]).coverage
    assert covered.expected == ("id", "name")
    assert "segment" not in covered.unexpected
    assert {"status", "note"} <= set(covered.unexpected)


def test_a_dropped_column_may_be_given() -> None:
    assert one("{dauer: whatever}", "{id: 7}").passed


BROKEN = """\
mapping: customer
defaults:
  kd_nr: 99999999999
  nam: Ann
  status: null
  notiz:
  attrs: {a: 1}
exampels: []
examples:
  - name: a
    given: {aktiv: Y, geburt: ~}
    expect: {idd: 1, born: 2023-02-29, note: [x]}
  - name: a
    given: {}
    expect: outsider
  - name: b
    given: {}
    expect: {error: {field: none, say: x}}
  - given: []
    expect: {}
  - {}
  - {name: "c\\n", given: {}, expect: outside}
  - {name: a, given: {}, expect: outside}
  - {name: a, given: {}, expect: outside}
"""


def test_every_problem_comes_at_once_with_its_line() -> None:
    assert [problem.split(": ", 2)[:2] for problem in written.problems(BROKEN)] == [
        [f"e.yaml:{line}", code]
        for line, code in (
            (1, "wrong-mapping"),
            (3, "bad-value"),
            (4, "unknown-column"),
            (5, "bad-value"),
            (6, "bad-value"),
            (7, "bad-value"),
            (8, "unknown-key"),
            (10, "missing-column"),  # what no example gives, once
            (11, "bad-value"),
            (11, "bad-value"),
            (12, "bad-value"),
            (12, "bad-value"),
            (12, "unknown-field"),
            (14, "missing-column"),  # what only the first one gives
            (15, "bad-shape"),
            (17, "missing-column"),
            (18, "missing-key"),
            (18, "unknown-key"),
            (19, "bad-shape"),
            (19, "missing-key"),
            (20, "bad-shape"),
            (21, "bad-shape"),
            (22, "bad-value"),
            (22, "missing-column"),
            (23, "duplicate-example"),
            (23, "missing-column"),
            (24, "duplicate-example"),
            (24, "missing-column"),
        )
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad-yaml"),
        ("examples: []", "missing-key"),
        ("mapping: customers\nexamples: []", "bad-shape"),
        ("- a", "bad-yaml"),
    ],
)
def test_what_is_no_example_file_is_a_problem(text: str, code: str) -> None:
    assert any(f": {code}: " in problem for problem in written.problems(text))


HOSTILE = [
    "null",
    "~",
    "''",
    "9" * 99,
    "1e999",
    '"\\ud800"',
    '"\\0"',
    "{a: 1}",
    "[[]]",
    "'{'",
    "\\x0",
    "&a 1",
    "*a",
    "!!x 1",
]
HOSTILE += ["infinity", "NaN", "-0", "'[1e99999999]'", "294276-12-31 23:59:59-15:59", "'\\'", "{error: {}}", "outside"]


def test_hostile_files_are_problems_and_nothing_else() -> None:
    dice = random.Random(3)  # noqa: S311 - test data
    plan = sample.plan()
    codec = RowCodec(plan, placeholder=sample.OWN_PLACEHOLDER)
    whole = (written.DEFAULTS + written.WHOLE + written.example("{status: X, saldo: 1}", "outside")).splitlines()
    seen = set()
    for _ in range(200):
        lines = [*whole]
        for _ in range(dice.randrange(1, 3)):
            at = dice.randrange(len(lines))
            key, colon, _ = lines[at].partition(": ")
            lines[at] = f"{key}{colon}{dice.choice(HOSTILE)}" if dice.randrange(6) else dice.choice(lines)
        problems = Problems("e.yaml")
        made = read("\n".join(lines), problems, plan)
        assert (made is None) is bool(problems.found)
        seen |= {one.code for one in problems.found}
        if made is not None:
            seen |= {f"passed {one.passed}" for one in run([codec], [made]).results}
    assert {"passed True", "passed False", "bad-value", "bad-yaml", "yaml-alias", "bad-shape"} <= seen


@pytest.mark.parametrize(
    ("expected", "found", "shown"),
    [
        ("a", None, ("a", "NULL")),
        ("NULL", None, ("'NULL'", "NULL")),
        ("", "a ", ("''", "'a '")),
        ("é", "e\u0301", ("'\\xe9'", "'e\\u0301'")),
        ('{"a": "\\\\"}', "b", ('{"a": "\\\\"}', "b")),
        ("x" * 300 + "a", "x" * 300 + "b", ("..." + "x" * 20 + "a", "..." + "x" * 20 + "b")),
        ("x" * 300, "y", ("x" * 120 + "...", "y")),
    ],
)
def test_values_are_shown_so_that_the_difference_is_seen(
    expected: str, found: str | None, shown: tuple[str, str]
) -> None:
    assert side_by_side(expected, found) == shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sample.write(tmp_path, {EXAMPLES: written.DEFAULTS + written.WHOLE})


def run_test(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(folder), "test", *arguments])


def test_all_as_expected(folder: Path) -> None:
    done = run_test(folder)
    assert done.exit_code == 0
    assert "ok: 1 example of 1 mapping, 1 translator" in done.stderr
    assert "\x1b" not in done.stdout


def test_a_difference_is_shown_field_by_field(folder: Path) -> None:
    path = folder / EXAMPLES
    path.write_text(sample.changed(path.read_text(), ("status: active", "status: blocked")))
    done = run_test(folder)
    assert done.exit_code == 3
    line = sample.line_of(path.read_text(), "name: whole")
    assert f"FAIL {EXAMPLES}:{line}: whole" in done.stdout
    (marked,) = [text.split() for text in done.stdout.splitlines() if text.strip().startswith("!")]
    assert marked == ["!", "status", "blocked", "active"]
    assert "1 of 1 example failed" in done.stderr


def test_the_document_holds_what_was_shown(folder: Path) -> None:
    path = folder / EXAMPLES
    path.write_text(sample.changed(path.read_text(), ("status: active", "status: null")))
    document = json.loads(run_test(folder, "customers", "--json").stdout)
    assert (document["ok"], document["mappings"][0]["examples"], document["mappings"][0]["passed"]) == (False, 1, 0)
    wrong = [field for field in document["failures"][0]["fields"] if not field["same"]]
    assert wrong == [{"field": "status", "expected": None, "found": "active", "same": False}]
    assert document["translators"] == []  # none of this mapping


def test_an_invalid_file_is_named_and_nothing_is_run(folder: Path) -> None:
    (folder / EXAMPLES).write_text(written.DEFAULTS + written.example("{notz: a}", "outside"))
    done = run_test(folder)
    assert (done.exit_code, done.stderr) == (2, "1 problem in 1 file\n")
    assert done.stdout == (
        f"{EXAMPLES}:{written.DEFAULTS.count(chr(10)) + 2}: unknown-column: given: the source table has no column notz;"
        " did you mean notiz?\n"
    )
    document = json.loads(run_test(folder, "--json").stdout)
    assert (document["ok"], [problem["code"] for problem in document["problems"]]) == (False, ["unknown-column"])


def test_a_file_of_no_mapping_and_a_mapping_that_is_not_there(folder: Path) -> None:
    (folder / EXAMPLES).rename((folder / EXAMPLES).with_name("customer.yaml"))
    done = run_test(folder)
    assert done.exit_code == 2
    assert "customer.yaml:1: unknown-mapping: no mapping is called customer; did you mean customers?" in done.stdout
    assert isinstance(run_test(folder, "customer").exception, errors.ConfigurationError)


def test_without_examples_only_strict_fails(folder: Path) -> None:
    (folder / EXAMPLES).unlink()
    done = run_test(folder)
    assert done.exit_code == 0
    assert "no examples: customers" in done.stderr
    assert run_test(folder, "--strict").exit_code == 3
    (folder / EXAMPLES).write_text(written.DEFAULTS + written.example("{}", "{id: 7}"))
    assert run_test(folder).exit_code == 0
    partly = run_test(folder, "--strict")
    assert partly.exit_code == 3
    assert "no example of customers expects: name, status" in partly.stderr


def test_golden_files_keep_all_results(folder: Path) -> None:
    path, kept = folder / EXAMPLES, folder / GOLDEN
    path.write_text(
        path.read_text()
        + written.example("{status: X}", "outside", name="gone")
        + written.example("{status: Q}", "{error: {field: status, says: Q}}", name="poison")
    )
    missing = run_test(folder, "--golden")
    assert (missing.exit_code, missing.stdout.count("FAIL")) == (3, 1)
    assert "write it with: overgrow test --golden --update" in missing.stdout
    assert run_test(folder, "--update").exit_code == 2
    written_now = run_test(folder, "--golden", "--update")
    assert (written_now.exit_code, written_now.stderr.splitlines()[0]) == (0, f"wrote {GOLDEN}")
    assert "wrote" not in run_test(folder, "--golden", "--update").stderr
    assert run_test(folder, "--golden").exit_code == 0
    found = json.loads(kept.read_text())["examples"]
    assert found["gone"] == {"outside": True}
    assert found["poison"] == {"error": {"field": "status", "column": "status", "cause": "unknown code 'Q'"}}
    assert found["whole"]["row"]["balance_cents"] == "1250"


def test_what_golden_files_do_not_hold_is_a_difference(folder: Path) -> None:
    path, kept = folder / EXAMPLES, folder / GOLDEN
    path.write_text(path.read_text() + written.example("{status: X}", "outside", name="gone"))
    run_test(folder, "--golden", "--update")
    kept.write_text(sample.changed(kept.read_text(), ('"1250"', "null"), ('"gone"', '"was here"')))
    done = run_test(folder, "--golden")
    assert done.exit_code == 3
    assert [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("FAIL")] == [
        [f"{GOLDEN}:{sample.line_of(kept.read_text(), 'whole')}:", "whole"],
        [f"{EXAMPLES}:{sample.line_of(path.read_text(), 'name: gone')}:", "gone"],
        [f"{GOLDEN}:{sample.line_of(kept.read_text(), 'was here')}:", "was", "here"],
    ]
    assert "3 results not as in the golden files" in done.stderr
    assert run_test(folder).exit_code == 0
    document = json.loads(run_test(folder, "--golden", "--json").stdout)
    assert (document["failures"], len(document["golden_failures"])) == ([], 3)


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", '{"examples": {"a": {"row": 1}}}', '{"examples": {"a": {}}}', "[" * 9999]
)
def test_a_golden_file_that_is_none_is_a_problem(folder: Path, content: str) -> None:
    (folder / GOLDEN).write_text(content)
    done = run_test(folder, "--golden")
    assert done.exit_code == 2
    assert f"{GOLDEN}:1: bad-golden: " in done.stdout


def test_a_translator_that_does_not_hold_is_named_with_its_line(folder: Path) -> None:
    path = folder / "transforms/shop_acl/translators.py"
    path.write_text(
        path.read_text() + "\n\n@translator(inputs=('text',), output='text', inverse=lambda a: (a,))\n"
        "def low(a: str | None) -> str | None:\n    return a and a.lower()\n"
    )
    done = run_test(folder)
    assert done.exit_code == 3
    line = sample.line_of(path.read_text(), "@translator(inputs=('text',)")
    assert f"FAIL transforms/shop_acl/translators.py:{line}: translator low: " in done.stdout
    assert "other-way-back" in done.stdout
    assert run_test(folder, "customers").exit_code == 0  # it is not used there
    assert run_test(folder, "--seed", "5").exit_code == 3


def test_the_shop_is_as_its_examples_say() -> None:
    done = run_test(ROOT, "--golden", "--strict")
    assert done.exit_code == 0, done.stdout


def test_the_how_to_shows_what_is_printed(tmp_path: Path) -> None:
    text = (ROOT / "docs/how-to/test-a-mapping.md").read_text()
    rows = text.partition("```yaml\n")[2].partition("```")[0]
    said = text.partition("$ overgrow test vouchers\n")[2].partition("```")[0]
    for name in ("connectors", "schemas", "transforms"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "overgrow.yaml", tmp_path)
    (tmp_path / "transforms/shop_acl/examples/vouchers.yaml").write_text(rows)
    done = run_test(tmp_path, "vouchers")
    assert [line.rstrip() for line in (done.stdout + done.stderr).splitlines()] == said.splitlines()
