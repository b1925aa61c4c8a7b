"""What `init` writes passes `overgrow check`, and its questions point at the lines where the answers belong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from overgrow import errors
from overgrow.draft import Draft, prove
from overgrow.draft.facts import Check, ForeignKey, Unique
from overgrow.envelope.types import WIRES
from overgrow.project import Project
from tests.unit.draft.legacy import CUSTOMERS, ORDERS, PLACEHOLDER, column, drafted, one, profile, table

SPELLED = [
    *WIRES,
    "character varying(20)",
    "character(7)",
    "bpchar",
    "numeric(12,2)",
    "numeric(5,0)",
    "timestamp(3) without time zone",
    "timestamp with time zone",
    "timestamp(0) with time zone",
    "time without time zone",
    "time(3) without time zone",
]
ODD = [
    "Mixed Case", 'with "quotes"', "it's", "back\\slash", "tab\there", "new\nline", "{c}", "%s", "a:b #c", "- x", "[y]",
    "no", "null", "123", "0x1F", "1e3", "Ünïcödé", "名前", "\U0001f600", "\x7f", "\u2028", "~", "?", "a,b", "`tick`",
    "select", "date", "name", "type", "index", "comment", "value", "xmin", "tableoid", "_key", "_og_off", "key", "from",
]  # fmt: skip


def test_every_type_of_the_table_is_carried_over() -> None:
    columns = [column(f"c{number}", kind, nullable=bool(number % 2)) for number, kind in enumerate(SPELLED)]
    draft = drafted(table("all_types", *columns, column("odd", "interval"), column("en", "public.mood")))
    prove(draft.files)
    assert "drop: [odd, en]" in draft.files["transforms/crm_acl/all_types.yaml"]
    assert re.search(r"c\d+ +bpchar", draft.files["schemas/target/crm.sql"])


def test_names_of_every_kind_are_kept_in_the_source_and_plain_in_the_target() -> None:
    columns = [column(name, "integer", nullable=False) for name in ODD]
    named = [table(name, schema="Odd one") for name in ODD if not re.search(r"[\\\x00-\x1f\x7f]", name)]
    draft = drafted(table("t", *columns, key=("Mixed Case", "it's", "{c}", "%s")), *named)
    prove(draft.files)
    made = [found.target for found in draft.choice.mapped]
    made += [field.name for field in draft.choice.mapped[0].fields]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in made)
    assert {field.column.name for field in draft.choice.mapped[0].fields} == {
        name for name in ODD if not re.search(r'["\\\x00-\x1f]', name)
    }


def test_constraints_are_comments_that_apply_accepts(tmp_path: Path) -> None:
    parent = table("cust", column("code", "text"), uniques=(Unique(name="u", columns=("code",), plain=True),))
    child = table(
        "ord",
        column("cust", "bigint"),
        column("who", "text"),
        uniques=(Unique(name="part", columns=("who",), plain=False),),
        foreign_keys=(
            ForeignKey(name="f", columns=("cust",), parent="public.cust", parent_columns=("id",)),
            ForeignKey(name="gone", columns=("who",), parent="public.lost", parent_columns=("x",)),
        ),
        checks=(Check(name="c", text="CHECK ((who <> ''::text))"),),
    )
    files = dict(drafted(parent, child).files)
    name = "schemas/target/crm_constraints.sql"
    files[name] = re.sub(r"^-- (?=ALTER)", "", files[name], flags=re.MULTILINE)
    project = loaded(files, tmp_path)
    assert [(found.kind, found.columns) for found in project.constraints] == [
        ("unique", ("code",)),
        ("foreign key", ("cust",)),
    ]
    assert files[name].count("Not carried over") == 2
    assert "CHECK ((who <> ''::text))" in files[name]


def loaded(files: Mapping[str, str], folder: Path) -> Project:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    project, problems = Project.load(folder)
    assert project is not None, problems
    return project


EACH = ("A", "B", "C")
SUSPICIOUS: dict[str, Any] = {
    "money-in-float": ("double precision", "float", ["1.25"] * 20),
    "naive-time": ("timestamp without time zone", "timestamp", ["2024-01-01 00:00:00"]),
    "codes": ("character(2)", "char", EACH * 20),
    "boolean": ("character(1)", "char", ["Y", "N"] * 20),
    "double-encoded": ("text", "text", ["MÃ¼ller"]),
    "sentinel": ("date", "date", ["9999-12-31", "2024-01-01"]),
    "empty-text": ("text", "text", ["", None, "x"]),
    "ancient-date": ("date", "date", ["0044-03-15 BC", "1582-10-10", "1582-10-15", "1066-10-14"]),
    "not-a-number": ("numeric", "numeric", ["NaN", "1"]),
    "personal-data": ("text", "text", ["somebody@example.com"] * 20),
}


def suspect(kind: str, nullable: bool = True) -> Draft:  # noqa: FBT001, FBT002 - one switch of a test
    spelled, family, values = SUSPICIOUS[kind]
    found = {"public.t": {"Col X": profile(family, values)}}
    return drafted(table("t", column("Col X", spelled, nullable=nullable)), profiles=found)


@pytest.mark.parametrize("kind", SUSPICIOUS)
def test_each_suspicion_is_asked_once_where_its_answer_belongs(kind: str) -> None:
    draft = suspect(kind)
    prove(draft.files)
    decision: Any = one(draft, kind)
    assert len(draft.decisions) == 1
    for place in decision["places"]:
        line = draft.files[place["file"]].splitlines()[place["line"] - 1]
        assert "Col X" in line or "col_x" in line
        assert f"{place['file']}:{place['line']}" in draft.files["DECISIONS.md"]
    assert draft.files["DECISIONS.md"].count("\n## 1. ") == 1


CHANGED = {
    "money-in-float": ("double precision", "numeric(14,2)"),
    "naive-time": ("timestamp", "timestamptz"),
    "codes": ("char(2)", "text"),
    "boolean": ("char(1)", "boolean"),
}


@pytest.mark.parametrize(
    "kind", ["money-in-float", "naive-time", "codes", "boolean", "double-encoded", "sentinel", "empty-text"]
)
def test_what_a_question_suggests_passes_check(kind: str, tmp_path: Path) -> None:
    draft = suspect(kind)
    suggested = re.search(r"`(col_x: .*?\}\}?)`", str(one(draft, kind)["change"]))
    assert suggested is not None
    files = dict(draft.files)
    mapping = "transforms/crm_acl/t.yaml"
    files[mapping] = re.sub(r"^  col_x: .*", lambda _: f"  {suggested[1]}", files[mapping], flags=re.MULTILINE)
    assert "no `NOT NULL`" in str(one(suspect("sentinel", nullable=False), "sentinel")["change"])
    old, new = CHANGED.get(kind, ("", ""))
    files["schemas/target/crm.sql"] = files["schemas/target/crm.sql"].replace(f"col_x {old}", f"col_x {new}")
    assert loaded(files, tmp_path).plan("t").fields[1].steps


@pytest.mark.parametrize("suggested", ['{hmac: {key: "${env:NAME}", id: k1}}', "{mask: {keep_last: 4}}"])
def test_what_is_suggested_for_data_about_people_passes_check(suggested: str, tmp_path: Path) -> None:
    draft = suspect("personal-data")
    assert suggested in str(one(draft, "personal-data")["change"])
    files = dict(draft.files)
    mapping = "transforms/crm_acl/t.yaml"
    files[mapping] = files[mapping].replace('"Col X"\non:', f'{{from: "Col X", do: {suggested}}}\non:')
    assert loaded(files, tmp_path).plan("t").fields[1].steps


def test_codes_are_listed_with_their_counts() -> None:
    draft = suspect("codes")
    assert one(draft, "codes")["codes"] == dict.fromkeys(EACH, 20)
    assert "`A` 20, `B` 20, `C` 20" in draft.files["DECISIONS.md"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("birth_place", ["Somewhere", "Elsewhere"] * 30),
        ("contact_nm", ["Ann Other", "Bob Other"] * 30),
        ("ref", ["a@example.com", "b@example.com"] * 30),
        ("ref", ["+49 30 1234567", "open"] * 30),
    ],
)
def test_values_of_people_are_in_no_file(name: str, values: list[str]) -> None:
    draft = drafted(table("t", column(name, "text")), profiles={"public.t": {name: profile("text", values)}})
    written = "\n".join(draft.files.values()) + str([decision.document() for decision in draft.decisions])
    assert not [value for value in values if value in written]


def test_an_infinite_time_is_kept_by_declaration(tmp_path: Path) -> None:
    profiles = {"public.t": {"a": profile("timestamp", ["infinity", "2024-01-01 00:00:00"])}}
    for nullable in (True, False):
        draft = drafted(table("t", column("a", "timestamp", nullable=nullable)), profiles=profiles)
        prove(draft.files)
        assert "{sentinels: {infinity: infinity, -infinity: -infinity}}" in draft.files["transforms/crm_acl/t.yaml"]
    loaded(draft.files, tmp_path)


def test_what_must_be_done_before_apply_comes_first() -> None:
    draft = drafted(ORDERS, table("t", column("k", "text", nullable=False), key=("k",)))
    assert draft.decisions[0].question.kind == "replica-identity"
    assert draft.files["DECISIONS.md"].index("Before the first `overgrow apply`") < draft.files["DECISIONS.md"].index(
        "## 1. "
    )
    assert 'ALTER TABLE "public"."t" REPLICA IDENTITY FULL;' in draft.files["schemas/source/replica_identity.sql"]
    assert "schemas/source/replica_identity.sql" not in drafted(ORDERS).files


def test_the_draft_names_no_secret_and_its_own_placeholder() -> None:
    files = drafted(ORDERS, CUSTOMERS).files
    assert f'"unavailable.value.placeholder": "{PLACEHOLDER}"' in files["connectors/crm.json"]
    assert '"database.password": "${env:OVERGROW_SOURCE_PASSWORD}"' in files["connectors/crm.json"]


def test_a_draft_that_does_not_pass_check_is_a_named_mistake() -> None:
    files = {**drafted(CUSTOMERS).files, "schemas/target/crm.sql": "DROP TABLE x;\n"}
    with pytest.raises(errors.ReplicationError, match="unreadable-ddl"):
        prove(files)
