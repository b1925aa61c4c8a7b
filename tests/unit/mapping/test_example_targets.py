"""Example rows of a mapping with several targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.mapping import examples_sample as written
from tests.unit.mapping import sample

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
    (folder / written.EXAMPLES).parent.mkdir()
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
    (several / written.EXAMPLES).write_text(written.DEFAULTS + text)
    document = json.loads(written.run_test(several, "--json").stdout)
    failures = document["failures"]
    assert [line["field"] for one in failures for line in one["fields"] if not line["same"]] == differing
    assert [one["faults"] for one in failures if one["faults"]] == []
    assert "made.kind" not in document["mappings"][0]["fields_not_expected"]  # a constant


def test_golden_files_hold_every_target(several: Path) -> None:
    (several / written.EXAMPLES).write_text(written.DEFAULTS + written.example("{geaendert: null}", "{id: 7}"))
    assert written.run_test(several, "--golden", "--update").exit_code == 0
    assert written.run_test(several, "--golden").exit_code == 0
    found = json.loads((several / written.GOLDEN).read_text())["examples"]["one"]
    assert found["also"]["changed"] == {"outside": True}
    assert found["also"]["made"]["row"]["kind"] == "made"
    (several / written.GOLDEN).write_text(
        sample.changed((several / written.GOLDEN).read_text(), ('"kind": "made"', '"kind": "mad"'))
    )
    assert "made.kind" in written.run_test(several, "--golden").stdout


def test_what_is_wrong_with_further_targets_is_a_problem(several: Path) -> None:
    (several / written.EXAMPLES).write_text(
        written.DEFAULTS
        + written.example("{}", "{id: 7}")
        + "    also: {mad: outside, made: {idd: 1}, changed: {error: {field: at, says: x}}}\n"
        + written.example("{}", "{error: {field: id, says: x}}", name="two")
        + "    also: {made: outside}\n"
        + written.example("{}", "{id: 7}", name="three")
        + "    also: {made: inside, changed: {at: yesterday}}\n"
    )
    found = json.loads(written.run_test(several, "--json").stdout)["problems"]
    assert [one["code"] for one in found] == [
        *("unknown-field", "unknown-field", "unknown-key"),
        *("bad-shape", "bad-shape", "bad-value"),
    ]
