"""`show`: the dictionary as text, JSON and Markdown; the code; rows before and after, personal data hidden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from overgrow import errors
from overgrow.cli import cli
from overgrow.cli.dictionary import Screen
from overgrow.mapping import dictionary
from overgrow.mapping.reference import schema
from tests.unit.mapping import sample

ROOT = Path(__file__).parents[3]
ROW = {
    "kd_nr": 7, "name": " Ann ", "status": "A", "saldo": 12.50, "angelegt": "2019-07-01 12:00:00",
    "geaendert": "2024-06-30 12:00:00+00", "attrs": {"b": [1.50, None]}, "notiz": "", "aktiv": True, "geburt": None,
    "zeit": "12:00:00", "foto": "\\x00ff", "ext_id": None,
}  # fmt: skip
PERSONAL = sample.changed(
    sample.MAPPING,
    ("  note: notiz\n", "  note: {from: notiz, do: {mask: {keep_last: 2}}}\n"),
    (
        "  status: {from: status, do: {codes: {A: active, G: blocked}}}\n",
        "  status: {from: status, do: {hmac: {key: '${env:SHOW_KEY}', id: k1}}}\n",
    ),
    ("where: {status: {not: X}}\n", ""),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sample.write(tmp_path)


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(folder), "show", *arguments])


def out(folder: Path, *arguments: str) -> str:
    result = run(folder, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def rows(folder: Path, found: object) -> str:
    path = folder / "rows.json"
    path.write_text(json.dumps(found))
    return str(path)


def test_the_text_tells_each_field_from_source_to_target_and_back(folder: Path) -> None:
    shown = out(folder, "customers")
    lines = {line.split()[0]: " ".join(line.split()) for line in shown.splitlines() if line.strip()}
    assert lines["balance_cents"] == "balance_cents bigint saldo numeric(12,2) string minor_units 2 yes"
    assert lines["name"].endswith("name varchar(80) not null string trim none: the blanks are gone")
    assert lines["born"] == "born date geburt date int32 Date date yes"
    assert lines["segment"].endswith("constant 'retail' not needed")
    assert lines["lost"] == "lost name (name: the blanks are gone)"
    assert lines["dropped"] == "dropped dauer"
    assert lines["topic"] == "topic leg.public.kunde"
    assert lines["WHERE"] == "WHERE \"status\" is distinct from 'X'"


def test_nothing_is_coloured_and_no_line_ends_in_blanks(folder: Path) -> None:
    shown = out(folder, "customers")
    assert "\x1b" not in shown
    assert [line for line in shown.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [80, 160])
def test_a_screen_holds_what_it_shows(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    told = described(sample.MAPPING)
    Screen(width).dictionary(told)
    shown = capsys.readouterr().out
    above, _, sql = shown.partition("SQL on the source")
    assert max(map(len, above.splitlines())) <= width
    for part in ("minor_units 2", "max_length 80", "the blanks are gone", "A=active", "Europe/London", "'retail'"):
        assert part in above
    assert '"attrs"::text AS "attrs"' in sql


def described(mapping: str) -> dictionary.Dictionary:
    return dictionary.describe(sample.plan(mapping), topic="leg.public.kunde", text=mapping)


def test_the_json_is_the_plan_and_more(folder: Path) -> None:
    shown = json.loads(out(folder, "customers", "--json"))
    assert (shown["mapping"], shown["topic"]) == ("customers", "leg.public.kunde")
    assert [field["target"] for field in shown["fields"]][:2] == ["id", "name"]
    assert [field["way_back"] for field in shown["fields"]][:2] == ["yes", "none: the blanks are gone"]
    assert shown["source"]["select"].startswith('SELECT\n  "kd_nr",\n')
    ways = {one["name"]: (one["back"], one["lost"]) for one in shown["way_back"]}
    assert ways["saldo"] == ("balance_cents", None)
    assert ways["name"] == (None, "name: the blanks are gone")
    assert "code" not in shown
    assert "samples" not in shown


def test_the_code_is_python_also_in_the_json(folder: Path) -> None:
    code = out(folder, "customers", "--code")
    compile(code, "shown", "exec")
    assert json.loads(out(folder, "customers", "--code", "--json"))["code"] == code


def test_without_a_mapping_they_are_listed(folder: Path) -> None:
    (heading, line) = out(folder).splitlines()
    assert heading.split()[:2] == ["mapping", "version"]
    assert line.split() == ["customers", "1", "public.kunde", "->", "crm.customers", "14", "name"]
    (listed,) = json.loads(out(folder, "--json"))["mappings"]
    assert (listed["mapping"], listed["targets"], listed["lost_columns"]) == (
        "customers", ["crm.customers"], ["name", "dauer"],
    )  # fmt: skip


def test_the_schema_needs_no_project(tmp_path: Path) -> None:
    assert out(tmp_path, "--schema") == schema.text()


def test_an_unknown_mapping_is_named(folder: Path) -> None:
    result = run(folder, "customer")
    assert isinstance(result.exception, errors.ConfigurationError)
    assert "did you mean customers?" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["customers", "--all"], "give a MAPPING or --all"),
        (["--markdown"], "--markdown needs a MAPPING, or --all"),
        (["--code"], "--code and --sample need a MAPPING"),
        (["--sample", "customers"], "overgrow show MAPPING --sample"),
        (["customers", "--sample", "nowhere.json"], "nowhere.json"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(folder: Path, arguments: list[str], says: str) -> None:
    result = run(folder, *arguments)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr


def test_markdown_is_a_data_dictionary(folder: Path) -> None:
    shown = out(folder, "customers", "--markdown")
    assert shown.startswith("# customers\n")
    assert "| `balance_cents` | bigint | `saldo` numeric(12,2) | `minor_units 2` | yes |" in shown
    assert "| `dauer` |  |  | nowhere: dropped |  |" in shown
    assert "| `attrs` | jsonb | string Json, left out where unchanged and large | `attributes` | attributes |" in shown


def test_all_mappings_as_one_markdown_document() -> None:
    shown = out(ROOT, "--all", "--markdown")
    assert shown.startswith("# Data dictionary\n")
    for name in ("addresses", "countries", "customers", "order_lines", "orders", "payments", "products", "vouchers"):
        assert f"\n## {name}\n" in shown
        assert f"[{name}](#{name})" in shown
    assert shown == out(ROOT, "--all", "--markdown")


def test_the_comment_at_the_top_says_what_the_mapping_is_about() -> None:
    text = f"# yaml-language-server: $schema=x.json\n# Customers, of\n# the old shop.\n{sample.MAPPING}# not this\n"
    assert described(text).about == "Customers, of the old shop."
    assert described(sample.MAPPING).about == ""


def test_a_further_target_is_told_as_well() -> None:
    shown = json.loads(out(ROOT, "orders", "--json"))
    for label, further in shown["also"].items():
        assert all("way_back" in field for field in further["fields"]), label
    text = out(ROOT, "orders")
    assert text.count("\ntarget ") == 1 + len(shown["also"])


def test_parts_come_back_together() -> None:
    part = "{from: name, do: {part: {number: N, of: 2, separator: ' '}}}"
    told = described(
        sample.changed(
            sample.MAPPING,
            ("  name: {from: name, do: [trim, {max_length: 80}]}\n", f"  name: {part.replace('N', '1')}\n"),
            ("  note: notiz\n", f"  note: {part.replace('N', '2')}\n"),
            ("drop: [dauer]", "drop: [dauer, notiz]"),
        )
    )
    back = {entry.name: entry.back for entry in told.fields}
    assert (back["name"], back["note"]) == ("yes, with note", "yes, with name")
    assert {one.name: one.back for one in told.columns}["name"] == "name, note"


def test_a_row_of_a_file_before_and_after(folder: Path) -> None:
    shown = json.loads(out(folder, "customers", "--json", "--sample", rows(folder, ROW)))
    (row,) = shown["samples"]
    assert (row["name"], row["target"], row["outside"], row["refused"]) == ("row 1", "customers", False, "")
    values = {one["field"]: (one["before"], one["after"]) for one in row["values"]}
    assert values["name"] == ({"name": " Ann "}, "Ann")
    assert values["balance_cents"] == ({"saldo": "12.50"}, "1250")
    assert values["created_at"] == ({"angelegt": "2019-07-01 12:00:00"}, "2019-07-01 11:00:00+00")
    assert values["attributes"] == ({"attrs": '{"b": [1.5, null]}'}, '{"b": [1.5, null]}')
    assert values["active"] == ({"aktiv": "t"}, "t")
    assert values["segment"] == ({}, "retail")


def test_a_row_on_the_screen_shows_what_cannot_be_seen(folder: Path) -> None:
    lines = out(folder, "customers", "--sample", rows(folder, [ROW, {**ROW, "status": "X"}])).splitlines()
    words = {line.split()[0]: " ".join(line.split()) for line in lines if line.strip()}
    assert lines[0] == "sample row 1 -> customers"
    assert words["name"] == "name ' Ann ' -> Ann"
    assert words["note"] == "note '' -> ''"
    assert words["born"] == "born NULL -> NULL"
    assert lines[-1] == "outside: the filter leaves it out"


def test_a_row_that_is_set_aside_says_why(folder: Path) -> None:
    shown = out(folder, "customers", "--sample", rows(folder, {**ROW, "status": "Q"}))
    assert "set aside: unknown code 'Q'" in shown


def test_rows_of_an_examples_file_and_of_the_markdown() -> None:
    file = str(ROOT / "transforms/shop_acl/examples/customers.yaml")
    names = [one["name"] for one in json.loads(out(ROOT, "customers", "--json", "--sample", file))["samples"]]
    assert "every field of an active customer" in names
    page = out(ROOT, "customers", "--markdown", "--sample", file)
    assert "Sample: every field of an active customer:" in page
    assert "| `balance_cents` | `12.50` | `1250` |" in page


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"kd_nr": 7}, "row 1 has no name, status"),
        ([ROW, 7], "row 2 is no object of columns"),
        ({**ROW, "saldo": "much"}, "row 1: saldo: 'much' is not a decimal number"),
    ],
)
def test_a_file_without_a_whole_row_is_refused_by_name(folder: Path, found: object, says: str) -> None:
    result = run(folder, "customers", "--sample", rows(folder, found))
    assert isinstance(result.exception, errors.ConfigurationError)
    assert says in str(result.exception)


def test_a_file_that_is_neither_json_nor_examples_is_refused_with_its_line(folder: Path) -> None:
    (folder / "rows.yaml").write_text("mapping: customers\nexample: []\n")
    result = run(folder, "customers", "--sample", str(folder / "rows.yaml"))
    assert isinstance(result.exception, errors.ConfigurationError)
    assert "rows.yaml:2: unknown-key:" in str(result.exception)


class TestPersonalData:
    VALUE = "Zanzibar"

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("SHOW_KEY", "a key for tests only")
        return sample.write(tmp_path, {sample.CUSTOMERS: PERSONAL})

    def sampled(self, folder: Path, **changes: object) -> str:
        file = rows(folder, {**ROW, "notiz": self.VALUE, **changes})
        return "".join(out(folder, "customers", *form, "--sample", file) for form in ([], ["--json"], ["--markdown"]))

    def test_is_shown_after_translation_only(self, folder: Path) -> None:
        shown = self.sampled(folder)
        assert self.VALUE not in shown
        assert dictionary.HIDDEN in shown
        assert "******ar" in shown
        assert "k1:" in shown

    def test_is_named_in_the_dictionary(self, folder: Path) -> None:
        assert "hidden    status, notiz" in out(folder, "customers")
        assert "`note` (personal data: hidden)" in out(folder, "customers", "--markdown")

    def test_is_not_shown_by_another_field_nor_by_the_cause_of_an_error(self, folder: Path) -> None:
        more = sample.changed(
            PERSONAL,
            ("  attributes: {from: attrs, do: json}\n", "  attributes: {from: notiz, do: json}\n"),
            ("drop: [dauer]", "drop: [dauer, attrs, name]"),
            ("  name: {from: name, do: [trim, {max_length: 80}]}\n", "  name: {from: notiz, do: required}\n"),
        )
        sample.write(folder, {sample.CUSTOMERS: more})
        shown = self.sampled(folder)
        assert self.VALUE not in shown
        assert f"set aside: {dictionary.HIDDEN}" in shown

    def test_is_not_shown_by_a_filter_that_cannot_say(self, folder: Path) -> None:
        more = sample.changed(
            PERSONAL,
            ("fields:\n", "where: {geburt: {at_least: 2000-01-01}}\nfields:\n"),
            (
                "  born: {from: geburt, do: date}\n",
                (
                    "  born: {from: geburt, do: date}\n"
                    "  external: {from: geburt, do: {hmac: {key: '${env:SHOW_KEY}', id: k1}}}\n"
                ),
            ),
            ("  external: ext_id\n", ""),
            ("drop: [dauer]", "drop: [dauer, ext_id]"),
        )
        target = sample.changed(sample.DDL, ("external uuid", "external text"))
        sample.write(folder, {sample.CUSTOMERS: more, "schemas/target/crm.sql": target})
        shown = self.sampled(folder, geburt="infinity")
        assert "2147483647 days" not in shown
        assert f"where: {dictionary.HIDDEN}" in shown

    def test_asks_for_its_key_by_name(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = rows(folder, ROW)
        monkeypatch.delenv("SHOW_KEY")
        secret = sample.changed(PERSONAL, ("SHOW_KEY", "SHOW_OTHER_KEY"))
        sample.write(folder, {sample.CUSTOMERS: secret})
        result = run(folder, "customers", "--sample", file)
        assert isinstance(result.exception, errors.ConfigurationError)
        assert "SHOW_OTHER_KEY" in str(result.exception)


@pytest.mark.parametrize(
    ("do", "shown"),
    [
        ("{codes: {table: {A: a, B: ' '}, otherwise: b}}", "codes A=a B=' ' otherwise=b"),
        ("{lookup: {file: ref.csv, key: k, value: v}}", "lookup A=a, quoted 'A '=b AB='c\\td' file=ref.csv"),
        ("{null_if: ''}", "null_if ''"),
        ("{join: {with: ', ', nulls: skip}}", "join separator=', ' nulls=skip"),
        ("{mask: {keep_last: 4}}", "mask keep_first=0 keep_last=4"),
        (f"{{codes: {{{', '.join(f'{n}: m{n}' for n in range(15))}}}}}", None),
    ],
)
def test_steps_are_told_with_their_arguments(do: str, shown: str | None) -> None:
    mapping = sample.changed(sample.MAPPING, ("  note: notiz\n", f"  note: {{from: notiz, do: {do}}}\n"))
    (step,) = next(one for one in described(mapping).fields if one.name == "note").steps
    assert step == shown if shown else step.endswith("11=m11 … 3 more")


def test_padding_is_not_shown_and_dates_are_dates() -> None:
    told = described(
        sample.changed(
            sample.MAPPING,
            ("{from: geburt, do: date}", "{from: geburt, do: {sentinels: {9999-12-31: null, 0001-01-01: 1900-01-01}}}"),
        )
    )
    steps = {entry.name: entry.steps for entry in told.fields}
    assert steps["born"] == ("sentinels 9999-12-31=null 0001-01-01=1900-01-01",)
    assert steps["status"] == ("codes A=active G=blocked",)
