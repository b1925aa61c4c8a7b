"""Each problem has its code, file and line; one mistake is one problem; all are found at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from overgrow import errors
from overgrow.cli import cli
from overgrow.mapping import Problem
from overgrow.project import Project
from tests.unit.mapping import sample
from tests.unit.mapping.sample import CATALOGUE, CONNECTOR, CUSTOMERS, DDL, MAPPING, PROJECT, changed, line_of

CATALOGUE_FILE = "schemas/source/public.kunde.yaml"
DDL_FILE = "schemas/target/crm.sql"
TRANSLATORS_FILE = "transforms/shop_acl/translators.py"
CONNECTOR_FILE = "connectors/shop.json"

# (file, text replaced, its replacement, code, the part of the new text on whose line the problem stands)
Case = tuple[str, str, str, str, str]
MAPPING_CASES: list[Case] = [
    (CUSTOMERS, "note: notiz", "note: notizz", "unknown-column", "notizz"),
    (CUSTOMERS, "note: notiz", "note: &a notiz", "yaml-alias", "&a notiz"),
    (CUSTOMERS, "note: notiz", "note: !!str notiz", "yaml-tag", "!!str"),
    (CUSTOMERS, "note: notiz", "note: [notiz", "bad-yaml", "[notiz"),
    (CUSTOMERS, "note: notiz", "note: {from: notiz, do: trimm}", "unknown-translator", "trimm"),
    (CUSTOMERS, "note: notiz", "note: {from: notiz, do: {cut: 3}}", "unknown-step", "cut"),
    (CUSTOMERS, "note: notiz", "note: {from: notiz, do: {trim: 3}}", "bad-argument", "trim: 3"),
    (CUSTOMERS, "note: notiz", "note: {from: notiz, do: {max_length: many}}", "bad-number", "many"),
    (CUSTOMERS, "note: notiz", "note: {from: notiz, do: {trim: , upper: }}", "bad-shape", "upper"),
    (
        CUSTOMERS,
        "note: notiz",
        "note: {from: notiz, do: {minor_units: 2}}",
        "type-mismatch",
        "minor_units: 2}}\n  active",
    ),
    (CUSTOMERS, "note: notiz", "note: {from: notiz, via: trim}", "unknown-key", "via"),
    (CUSTOMERS, "{const: retail}", "{from: [status, name], do: trim}", "translator-inputs", "segment"),
    (CUSTOMERS, "{const: retail}", "{from: [status, geburt], do: both}", "type-mismatch", "both"),
    (CUSTOMERS, "note: notiz", "note: {from: notiz, do: both}", "translator-inputs", "both"),
    (CUSTOMERS, "note: notiz", "note: notiz\n  note: notiz", "duplicate-field", "note: notiz\n  active"),
    (CUSTOMERS, "note: notiz", "nota: notiz", "unknown-target-column", "nota"),
    (CUSTOMERS, "note: notiz", "note: notiz\n  _og_off: kd_nr", "reserved-name", "_og_off"),
    (CUSTOMERS, "{const: retail}", "kd_nr", "type-mismatch", "segment"),
    (CUSTOMERS, "  at: zeit\n", "", "unmapped-column", "fields:"),
    (CUSTOMERS, "  segment: {const: retail}\n", "", "target-not-null", "fields:"),
    (CUSTOMERS, "{const: retail}", "{const: retail, do: trim}", "bad-shape", "segment"),
    (CUSTOMERS, "{const: retail}", "{const: retailretail}", "type-mismatch", "segment"),
    (CUSTOMERS, "A: active, G", "A: active, A", "duplicate-code", "A: active"),
    (CUSTOMERS, "A: active, G", "A: active, Gx", "bad-literal", "Gx"),
    (CUSTOMERS, "Europe/London", "Europe/Londn", "bad-time-zone", "Londn"),
    (CUSTOMERS, "instant: Europe/London", "instant: {zone: UTC, ambiguous: both}", "bad-choice", "both"),
    (CUSTOMERS, "minor_units: 2", "null_if: " + "9" * 5000, "bad-literal", "null_if"),
    (CUSTOMERS, "minor_units: 2", "minor_units: 1e3", "bad-number", "1e3"),
    (CUSTOMERS, "drop: [dauer]", "drop: [dauer, notiz]", "dropped-and-used", "drop"),
    (CUSTOMERS, "drop: [dauer]", "drop: [dauer, dauerr]", "unknown-column", "drop"),
    (CUSTOMERS, "drop: [dauer]", "drop: {dauer: yes}", "bad-shape", "dauer: yes"),
    (CUSTOMERS, "{status: {not: X}}", "{status: {like: X}}", "unknown-key", "like"),
    (CUSTOMERS, "{status: {not: X}}", "{stat: X}", "unknown-column", "stat: X"),
    (CUSTOMERS, "{status: {not: X}}", "{status: XY}", "bad-literal", "XY"),
    (CUSTOMERS, "{status: {not: X}}", "{zeit: {in: [1]}}", "unsupported-filter", "zeit: {in"),
    (CUSTOMERS, "{status: {not: X}}", "{notiz: a}", "replica-identity", "notiz: a"),
    (CUSTOMERS, ", partial: set_aside", "", "partial-row-enters", "status: {not"),
    (CONNECTOR_FILE, '"publication.autocreate.mode": "disabled",\n', "", "connector-setting", '"config"'),
    (CUSTOMERS, "version: 1", "version: one", "bad-number", "one"),
    (CUSTOMERS, "version: 1\n", "", "missing-key", "mapping"),
    (CUSTOMERS, "version: 1", "version: 1\nversion: 2", "duplicate-key", "version: 2"),
    (CUSTOMERS, "version: 1", "version: 1\nnotes: x", "unknown-key", "notes: x"),
    (CUSTOMERS, "drift: stop, ", "", "missing-policy", "on: {truncate"),
    (CUSTOMERS, "truncate: stop", "truncate: ignore", "bad-choice", "ignore"),
    (CUSTOMERS, ", key: [id]", "", "missing-key", "target:"),
    (CUSTOMERS, "key: [kd_nr]", "key: []", "missing-key", "key: []"),
    (CUSTOMERS, "key: [id]", "key: [uid]", "missing-key-field", "uid"),
    (CUSTOMERS, "key: [id]", "key: [name]", "wrong-target-key", "key: [name]"),
    (CUSTOMERS, "key: [kd_nr]", "key: [name]", "wrong-source-key", "key: [name]"),
    (CUSTOMERS, "id: kd_nr", "id: {const: 1}", "key-not-covered", "id: {const"),
    (CUSTOMERS, "public.kunde", "public.kunden", "missing-catalogue", "public.kunden"),
    (CUSTOMERS, "crm.customers", "crm.customer", "unknown-table", "crm.customer"),
]
OTHER_CASES: list[Case] = [
    (CATALOGUE_FILE, "replica_identity: default", "replica_identity: nothing", "bad-choice", "nothing"),
    (CATALOGUE_FILE, "table: public.kunde", "table: public.kunden", "wrong-table", "public.kunden"),
    (CATALOGUE_FILE, "key: [kd_nr]", "key: [kd]", "unknown-column", "key: [kd]"),
    (CATALOGUE_FILE, "int, nullable: false", "int, nullable: true", "nullable-key", "kd_nr: {"),
    (CATALOGUE_FILE, "{type: boolean, nullable: false}", "{type: boolean}", "missing-key", "boolean"),
    (CATALOGUE_FILE, "  aktiv:", "  name:", "duplicate-column", "name: {type: boolean"),
    (DDL_FILE, "born date,", "born date UNIQUE,", "constraint-too-early", "born"),
    (DDL_FILE, "born date,", "born date REFERENCES crm.days,", "constraint-too-early", "born"),
    (DDL_FILE, "born date,", "_og_born date,\n    born date,", "reserved-name", "_og_born"),
    (DDL_FILE, "id bigint PRIMARY KEY", "id bigint NOT NULL", "missing-primary-key", "CREATE TABLE"),
    (DDL_FILE, ");\n", ");\nALTER TABLE crm.customers ADD x int;\n", "unreadable-ddl", "ALTER"),
    (DDL_FILE, ");\n", ");\nCREATE DOMAIN d AS text;\n", "unreadable-ddl", "CREATE DOMAIN"),
    (DDL_FILE, "photo bytea,", "photo bytea nul,", "bad-ddl", "bytea nul"),
    (DDL_FILE, ");\n", ");\nCREATE VIEW crm.v AS SELECT 1;\n", "unreadable-ddl", "CREATE VIEW"),
    (CONNECTOR_FILE, '"microseconds"', '"adaptive"', "connector-setting", "adaptive"),
    (CONNECTOR_FILE, sample.OWN_PLACEHOLDER, "short", "connector-setting", "short"),
    (CONNECTOR_FILE, '"skipped.operations": "none",\n', "", "connector-setting", '"config"'),
    (CONNECTOR_FILE, '"config": {', '"config": [', "bad-json", '"topic.prefix"'),
    ("overgrow.yaml", "context: transforms/shop_acl\n", "", "missing-key", "pipeline"),
    ("overgrow.yaml", "transforms/shop_acl", "../shop_acl", "missing-file", "../shop_acl"),
    ("overgrow.yaml", "transforms/shop_acl", "/shop_acl", "missing-file", "/shop_acl"),
    ("overgrow.yaml", "{url:", "{url: x, url:", "duplicate-key", "url"),
    (CONNECTOR_FILE, '"config": {', '"config": {"table.include.list": "a(b",', "connector-setting", '"config"'),
    ("overgrow.yaml", "pipeline: shop", "pipeline: Shop!", "bad-name", "Shop!"),
    ("overgrow.yaml", "partitions: 4", "partitions: " + "9" * 5000, "bad-number", "partitions: 9"),
    ("overgrow.yaml", "partitions: 4", "partitions: 0", "bad-number", "partitions: 0"),
    ("overgrow.yaml", "partitions: 4", "partition: 4", "unknown-key", "partition: 4"),
    ("overgrow.yaml", "pipeline: shop\n", "", "missing-key", "context"),
    ("overgrow.yaml", "connectors/shop.json", "connectors/shp.json", "missing-file", "shp.json"),
    ("overgrow.yaml", "schemas/target/crm.sql]", "schemas/target/crm.sql, x.sql]", "missing-file", "x.sql"),
    (TRANSLATORS_FILE, "from overgrow", "import nowhere\nfrom overgrow", "bad-translators", "import nowhere"),
    (TRANSLATORS_FILE, "None if one", "None if one else (", "bad-translators", "None if one else ("),
]  # fmt: skip


def problems_of(folder: Path) -> list[Problem]:
    project, problems = Project.load(folder)
    assert (project is None) == bool(problems)
    return problems


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "part"), MAPPING_CASES + OTHER_CASES, ids=lambda value: str(value)[:30]
)
def test_one_mistake_is_one_problem_at_its_line(
    tmp_path: Path, file: str, old: str, new: str, code: str, part: str
) -> None:
    text = changed(sample.FILES[file], (old, new))
    found = problems_of(sample.write(tmp_path, {file: text}))
    shown = [(one.file, one.line, one.code) for one in found]
    assert shown == [(file, line_of(text, part), code)], "\n".join(map(str, found))


def test_the_sample_itself_is_valid(tmp_path: Path) -> None:
    assert problems_of(sample.write(tmp_path)) == []


def test_a_second_mapping_of_the_same_table_is_refused(tmp_path: Path) -> None:
    second = sample.write(tmp_path, {"transforms/shop_acl/second.yaml": MAPPING})
    codes = [(one.file, one.line, one.code) for one in problems_of(second)]
    assert codes == [
        ("transforms/shop_acl/second.yaml", 1, "duplicate-mapping"),
        ("transforms/shop_acl/second.yaml", 3, "duplicate-source"),
        ("transforms/shop_acl/second.yaml", 4, "duplicate-target"),
    ]


def test_a_table_the_connector_leaves_out_is_named(tmp_path: Path) -> None:
    listed = changed(CONNECTOR, ('"config": {', '"config": {"table.include.list": "public\\\\.other, public\\\\.kun",'))
    [found] = problems_of(sample.write(tmp_path, {CONNECTOR_FILE: listed}))
    assert (found.file, found.line, found.code) == (CUSTOMERS, 3, "table-not-captured")


def test_types_that_cannot_be_carried_or_be_a_key(tmp_path: Path) -> None:
    swapped = changed(MAPPING, ("external: ext_id", "external: dauer"), ("[dauer]", "[ext_id]"))
    [carried] = problems_of(sample.write(tmp_path / "one", {CUSTOMERS: swapped}))
    assert (carried.line, carried.code) == (line_of(swapped, "external"), "unsupported-type")
    number = changed(CATALOGUE, ("kd_nr: {type: int,", 'kd_nr: {type: "numeric(12,2)",'))
    target = changed(DDL, ("id bigint", "id numeric(12,2)"))
    [key] = problems_of(sample.write(tmp_path / "two", {CATALOGUE_FILE: number, DDL_FILE: target}))
    assert (key.file, key.line, key.code) == (CUSTOMERS, 3, "unsupported-key-type")


def test_translators_that_cannot_be_imported_are_one_problem(tmp_path: Path) -> None:
    text = changed(MAPPING, ("{const: retail}", "{from: [name, status], do: both}"))
    broken = "raise RuntimeError('no')\n"
    found = problems_of(sample.write(tmp_path, {CUSTOMERS: text, TRANSLATORS_FILE: broken}))
    assert [(one.file, one.line, one.code) for one in found] == [(TRANSLATORS_FILE, 1, "bad-translators")]


def test_large_columns_in_a_key_or_a_field_of_several_need_whole_rows(tmp_path: Path) -> None:
    text = changed(MAPPING, ("note: notiz", "note: {from: [name, notiz], do: both}"))
    found = problems_of(sample.write(tmp_path, {CUSTOMERS: text}))
    assert [one.code for one in found] == ["replica-identity"]
    assert "ALTER TABLE public.kunde REPLICA IDENTITY FULL" in found[0].message
    full = changed(CATALOGUE, ("replica_identity: default", "replica_identity: full"))
    assert problems_of(sample.write(tmp_path, {CUSTOMERS: text, CATALOGUE_FILE: full})) == []


def test_short_columns_are_large_when_together_they_do_not_fit_a_row(tmp_path: Path) -> None:
    text = changed(
        MAPPING, ("note: notiz", "note: {from: [name, name], do: both}"), ("[dauer]", "[dauer, notiz, extra]")
    )
    short = changed(CATALOGUE, ("  dauer:", '  extra: {type: "varchar(200)", nullable: true}\n  dauer:'))
    assert problems_of(sample.write(tmp_path, {CUSTOMERS: text, CATALOGUE_FILE: short})) == []
    more = "".join(f'  e{n}: {{type: "varchar(200)", nullable: true}}\n' for n in range(3))
    long = changed(short, ("  dauer:", f"{more}  dauer:"))
    wide = changed(text, ("extra]", "extra, e0, e1, e2]"))
    found = problems_of(sample.write(tmp_path, {CUSTOMERS: wide, CATALOGUE_FILE: long}))
    assert {one.code for one in found} == {"replica-identity"}


EIGHT = """\
mapping: customers
version: 1
source: {table: public.kunde, key: [kd_nr]}
target: {table: crm.customers}
fields:
  id: kd_nr
  name: {from: nam, do: [trim, {max_length: 80}]}
  status: {from: status, do: {codes: {A: active, G: blocked, A: idle}}}
  balance_cents: {from: saldo, do: {minor_units: 2}}
  created_at: {from: angelegt, do: {instant: Europe/Lundon}}
  changed_at: {from: geaendert, do: timestamp}
  attributes: {from: attrs, do: json}
  note: {from: notiz, do: tidy}
  active: aktiv
  active: aktiv
  born: {from: geburt, do: date}
  photo: foto
  external: ext_id
  segment: {const: retail}
drop: [dauer]
on: {drift: stop, truncate: stop}
"""


def test_eight_mistakes_are_eight_problems_in_one_run(tmp_path: Path) -> None:
    broken = "mapping: orders\nversion: 1\nsource: {table: public.bestellung, key: [nr]\n"
    folder = sample.write(tmp_path, {CUSTOMERS: EIGHT, "transforms/shop_acl/orders.yaml": broken})
    result = CliRunner().invoke(cli, ["--project", str(folder), "check"])
    assert result.exit_code == 2
    found = [":".join(line.split(":")[:3]).removeprefix("transforms/shop_acl/") for line in result.stdout.splitlines()]
    assert found == [
        "customers.yaml:4: missing-key",
        "customers.yaml:5: unmapped-column",
        "customers.yaml:7: unknown-column",
        "customers.yaml:8: duplicate-code",
        "customers.yaml:10: bad-time-zone",
        "customers.yaml:13: unknown-translator",
        "customers.yaml:15: duplicate-field",
        "orders.yaml:3: bad-yaml",
    ]
    assert "8 problems in 2 files" in result.stderr


def test_check_as_json_and_when_all_is_well(tmp_path: Path) -> None:
    folder = sample.write(tmp_path)
    good = CliRunner().invoke(cli, ["--project", str(folder), "check", "--json"])
    assert (good.exit_code, json.loads(good.stdout)) == (0, {"ok": True, "problems": [], "mappings": ["customers"]})
    plain = CliRunner().invoke(cli, ["--project", str(folder), "check"])
    assert (plain.stdout, plain.stderr) == ("", "ok: 1 mapping (customers)\n")
    (folder / DDL_FILE).write_text(changed(DDL, ("name text", "nam text")), encoding="utf-8")
    bad = CliRunner().invoke(cli, ["--project", str(folder), "check", "--json"])
    assert bad.exit_code == 2
    [problem] = json.loads(bad.stdout)["problems"]
    assert (problem["file"], problem["code"]) == (CUSTOMERS, "unknown-target-column")
    assert "did you mean nam?" in problem["message"]


def test_no_project_is_a_problem_not_a_traceback(tmp_path: Path) -> None:
    assert [(one.file, one.code) for one in problems_of(tmp_path)] == [("overgrow.yaml", "missing-file")]


def test_two_projects_with_packages_of_one_name_do_not_share_translators(tmp_path: Path) -> None:
    one = sample.write(tmp_path / "one")
    text = changed(sample.TRANSLATORS, ("def both", "def couple"))
    field = changed(
        MAPPING, ("note: notiz", "note: {from: [status, status], do: couple}"), ("[dauer]", "[dauer, notiz]")
    )
    files = {"transforms/shop_acl/translators.py": text, CUSTOMERS: field}
    two = sample.write(tmp_path / "two", files)
    assert problems_of(one) == []
    assert problems_of(two) == []
    assert problems_of(one) == []


def test_references_are_resolved_when_asked_for_and_named_when_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.require(sample.write(tmp_path))
    monkeypatch.delenv("OVERGROW_SOURCE_DSN", raising=False)
    with pytest.raises(
        errors.ConfigurationError, match=r"source\.dsn needs the environment variable OVERGROW_SOURCE_DSN"
    ):
        _ = project.source_dsn
    monkeypatch.setenv("OVERGROW_SOURCE_DSN", "host=db")
    assert project.source_dsn == "host=db"
    assert project.topic(project.plans[0]) == "leg.public.kunde"
    with pytest.raises(errors.ConfigurationError, match="did you mean customers"):
        project.plan("customer")


def test_an_invalid_project_names_its_first_problem_and_the_command(tmp_path: Path) -> None:
    folder = sample.write(tmp_path, {"overgrow.yaml": changed(PROJECT, ("pipeline: shop\n", ""))})
    with pytest.raises(errors.ConfigurationError, match=r"overgrow\.yaml:1: missing-key: .*run `overgrow check`"):
        Project.require(folder)


def test_the_sample_connector_is_what_the_cases_change() -> None:
    assert json.loads(CONNECTOR)["config"]["unavailable.value.placeholder"] == sample.OWN_PLACEHOLDER


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--live", "--record"], "--live looks, --record writes"),
        (["public.kunde"], "belong to --record"),
        (["--dry-run"], "belong to --record"),
        (["--live", "--yes"], "belong to --record"),
    ],
)
def test_options_that_do_not_go_together_are_a_matter_of_usage(tmp_path: Path, words: list[str], said: str) -> None:
    result = CliRunner().invoke(cli, ["--project", str(sample.write(tmp_path)), "check", *words])
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_an_invalid_project_is_told_before_any_database_is_asked(tmp_path: Path) -> None:
    folder = sample.write(tmp_path, {CUSTOMERS: "mapping: [\n"})
    result = CliRunner().invoke(cli, ["--project", str(folder), "check", "--live"])
    assert (result.exit_code, result.stdout.count("bad-yaml")) == (2, 1)


def test_half_a_character_can_be_printed(tmp_path: Path) -> None:
    """JSON spells it, no terminal takes it."""
    connector = sample.changed(sample.CONNECTOR, ('"skipped.operations": "none"', '"skipped.operations": "\\ud800"'))
    (found,) = problems_of(sample.write(tmp_path, {"connectors/shop.json": connector}))
    assert "skipped.operations must be none, it is \\ud800" in str(found).encode().decode()


def test_a_default_before_the_codes_is_one_of_them(tmp_path: Path) -> None:
    text = sample.changed(
        sample.MAPPING,
        ("segment: {const: retail}", "segment: {from: kd_nr, do: [{default: 1}, {cast: text}, {codes: {1: one}}]}"),
    )
    assert problems_of(sample.write(tmp_path, {sample.CUSTOMERS: text})) == []
