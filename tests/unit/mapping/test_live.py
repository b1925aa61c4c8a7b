"""What is recorded, held against what was seen: each difference once, at its line; and recorded anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from overgrow.mapping import catalogue, ddl
from overgrow.mapping.catalogue import SourceTable
from overgrow.mapping.live import LiveColumn, LiveTable, same_type, source_differences, target_differences
from overgrow.mapping.problems import Problems
from overgrow.mapping.recording import recorded, refusal

FILE = """\
# The customers.
# Ask Mrs Muir.
table: public.kunde
key: [kd_nr]
replica_identity: default
columns:
  kd_nr: {type: int, nullable: false}
  name:  {type: "varchar(80)", nullable: false}   # never empty
  mood:  {type: mood, nullable: true}
  tags:  {type: "varchar(9)[]", nullable: true}
"""
LIVE = LiveTable(
    table="public.kunde",
    key=("kd_nr",),
    replica_identity="default",
    columns={
        "kd_nr": LiveColumn(type_text="integer", nullable=False),
        "name": LiveColumn(type_text="character varying(80)", nullable=False),
        "mood": LiveColumn(type_text="shop.mood", nullable=True),
        "tags": LiveColumn(type_text="character varying(9)[]", nullable=True),
    },
)


def read(text: str) -> SourceTable:
    problems = Problems("schemas/source/public.kunde.yaml")
    made = catalogue.read(text, problems, table="public.kunde")
    assert made is not None, problems.found
    return made


def changed(**columns: LiveColumn | None) -> LiveTable:
    made = {name: one for name, one in {**LIVE.columns, **columns}.items() if one is not None}
    return replace(LIVE, columns=made)


DIFFERENCES = [
    (changed(name=None), 8, "live-column", "no column name any more"),
    (changed(new=LiveColumn(type_text="text", nullable=True)), 6, "live-column", "a new column new (text)"),
    (changed(kd_nr=LiveColumn(type_text="bigint", nullable=False)), 7, "live-type", "is bigint, recorded as int"),
    (changed(name=LiveColumn(type_text="varchar(81)", nullable=False)), 8, "live-type", "varchar(81)"),
    (changed(mood=LiveColumn(type_text="text", nullable=True)), 9, "live-type", "is text, recorded as mood"),
    (changed(tags=LiveColumn(type_text="text[]", nullable=True)), 10, "live-type", "text[]"),
    (changed(name=LiveColumn(type_text="varchar(80)", nullable=True)), 8, "live-nullable", "can be NULL"),
    (changed(mood=LiveColumn(type_text="mood", nullable=False)), 9, "live-nullable", "cannot be NULL"),
    (replace(LIVE, key=("name",)), 4, "live-key", "is (name), recorded as (kd_nr)"),
    (replace(LIVE, key=()), 4, "live-key", "is (none)"),
    (replace(LIVE, replica_identity="nothing"), 5, "live-replica-identity", "REPLICA IDENTITY DEFAULT"),
    (None, 3, "live-table", "no table public.kunde"),
]


@pytest.mark.parametrize(("live", "line", "code", "named"), DIFFERENCES)
def test_a_difference_of_the_source_is_one_problem(live: LiveTable | None, line: int, code: str, named: str) -> None:
    [found] = source_differences(read(FILE), live)
    assert (found.file, found.line, found.code) == ("schemas/source/public.kunde.yaml", line, code)
    assert named in found.message
    assert code == "live-table" or "overgrow check --record public.kunde" in found.message


def test_what_is_as_recorded_is_no_difference_and_stays_as_it_was_written() -> None:
    assert source_differences(read(FILE), LIVE) == []
    assert recorded(LIVE, FILE) == FILE


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("character varying(80)", "varchar(80)", True),
        ("timestamp without time zone", "timestamp", True),
        ("timestamp(3) without time zone", "timestamp", False),
        ("numeric(12,2)", "numeric(12, 2)", True),
        ("numeric", "numeric(12,2)", False),
        ("bpchar", "char", False),
        ("interval", "INTERVAL", True),
        ("interval", "text", False),
        ("integer[]", "int[]", True),
        ("one.mood", "other.mood", False),
        ("one.mood", "mood", True),
    ],
)
def test_one_type_has_several_names(one: str, other: str, *, same: bool) -> None:
    assert same_type(one, other) is same


@pytest.mark.parametrize("live", [one for one, *_ in DIFFERENCES if one is not None and not refusal(one)])
def test_what_is_recorded_anew_is_no_difference(live: LiveTable) -> None:
    text = recorded(live, FILE)
    assert source_differences(read(text), live) == []
    assert text.startswith("# The customers.\n# Ask Mrs Muir.\ntable: public.kunde\n")
    if live.columns.get("name") == LIVE.columns["name"]:
        assert "# never empty" in text


def test_a_new_file_reads_back_whatever_the_names_are() -> None:
    columns = {
        name: LiveColumn(type_text=kind, nullable=null)
        for name, kind, null in (
            ("on", "character(1)", False),
            ('Größe: "m²" #1', "numeric(12,2)", True),
            ("a b", "bpchar", True),
            ("null", "tsvector", True),
        )
    }  # fmt: skip
    live = LiveTable(table="public.kunde", key=("on", "a b"), replica_identity="full", columns=columns)
    known = replace(live, columns={**columns, "a b": replace(columns["a b"], nullable=False)})
    text = recorded(known, None)
    made = read(text)
    assert source_differences(made, known) == []
    assert [one.type_text for one in made.columns.values()] == ["char(1)", "numeric(12,2)", "bpchar", "tsvector"]
    assert made.key == ("on", "a b")


def test_a_file_that_cannot_be_read_is_written_anew_under_its_comments() -> None:
    text = recorded(LIVE, "# mine\ntable: [\n")
    assert text.startswith("# mine\ntable: public.kunde\n")
    assert source_differences(read(text), LIVE) == []


@pytest.mark.parametrize(
    ("live", "why"), [(replace(LIVE, key=()), "no primary key"), (replace(LIVE, replica_identity="index"), "is index")]
)
def test_what_cannot_be_a_catalogue_is_refused(live: LiveTable, why: str) -> None:
    assert why in refusal(live)
    assert refusal(LIVE) == ""


TARGET_FILE = (
    "CREATE TABLE crm.t (\n  id bigserial,\n  name varchar(9) NOT NULL,\n  note text,\n  PRIMARY KEY (id)\n);\n"
)
TARGET = LiveTable(
    table="crm.t",
    key=("id",),
    replica_identity="default",
    columns={
        "id": LiveColumn(type_text="bigint", nullable=False, filled=True),
        "name": LiveColumn(type_text="character varying(9)", nullable=False),
        "note": LiveColumn(type_text="text", nullable=True),
        "_og_off": LiveColumn(type_text="bigint", nullable=False),
        "extra": LiveColumn(type_text="text", nullable=True),
        "made_at": LiveColumn(type_text="timestamptz", nullable=False, filled=True),
    },
)


@pytest.mark.parametrize(
    ("columns", "line", "code", "named"),
    [
        ({}, 0, "", ""),
        ({"name": None}, 3, "target-column", "no column name"),
        ({"name": LiveColumn(type_text="text", nullable=False)}, 3, "target-type", "is text, declared as varchar(9)"),
        ({"note": LiveColumn(type_text="text", nullable=False)}, 4, "target-nullable", "is NOT NULL, declared without"),
        ({"name": LiveColumn(type_text="varchar(9)", nullable=True)}, 3, "target-nullable", "can be NULL"),
        ({"must": LiveColumn(type_text="text", nullable=False)}, 1, "target-column", "every row would be refused"),
    ],
)
def test_a_difference_of_the_target_is_one_problem(
    columns: dict[str, LiveColumn | None], line: int, code: str, named: str
) -> None:
    problems = Problems("crm.sql")
    [declared] = ddl.read(TARGET_FILE, problems)
    live = {name: one for name, one in {**TARGET.columns, **columns}.items() if one is not None}
    found = target_differences(declared, replace(TARGET, columns=live))
    assert [(one.file, one.line, one.code) for one in found] == ([("crm.sql", line, code)] if code else [])
    assert all(named in one.message and "mend the DDL" in one.message for one in found)
    [key] = target_differences(declared, replace(TARGET, key=("id", "name")))
    assert (key.line, key.code) == (1, "target-key")
