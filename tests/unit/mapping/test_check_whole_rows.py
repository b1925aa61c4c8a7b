"""A large column that an update may leave out feeds no filter, no key and no field of several columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from overgrow.project import Project
from tests.unit.mapping import sample
from tests.unit.mapping.sample import CATALOGUE, CUSTOMERS, DDL, MAPPING, changed, line_of

CATALOGUE_FILE = "schemas/source/public.kunde.yaml"
FULL = changed(CATALOGUE, ("replica_identity: default", "replica_identity: full"))


def found(folder: Path, mapping: str, **files: str) -> list[tuple[int, str]]:
    named = {"catalogue": CATALOGUE_FILE, "ddl": "schemas/target/crm.sql"}
    written = {CUSTOMERS: mapping, **{named[name]: text for name, text in files.items()}}
    _, problems = Project.load(sample.write(folder, written))
    assert all("ALTER TABLE public.kunde REPLICA IDENTITY FULL" in one.message for one in problems)
    return [(one.line, one.code) for one in problems]


@pytest.mark.parametrize(
    "where",
    [
        "{notiz: a}",
        "{notiz: {not: a}}",
        "{notiz: {in: [a, b]}}",
        "{notiz: {not_in: [a, b]}}",
        "{notiz: {null: true}}",
        "{notiz: {null: false}}",
        "[{notiz: a}]",
        "[{status: A}, {aktiv: true, notiz: {null: false}}]",
        "{status: {not: X}, notiz: {null: true}}",
        "{lang: {at_least: 5}}",
        "{lang: {less_than: 5}}",
    ],
)
def test_no_filter_looks_at_a_large_column(tmp_path: Path, where: str) -> None:
    columns = '  lang: {type: "numeric(900,2)", nullable: true}\n  dauer:'
    catalogue = changed(CATALOGUE, ("  dauer:", columns))
    drop = "[dauer]" if "lang" in where else "[dauer, lang]"
    text = changed(MAPPING, ("{status: {not: X}}", where), ("[dauer]", drop))
    expected = [(line_of(text, "where"), "replica-identity")]
    assert found(tmp_path / "default", text, catalogue=catalogue) == expected
    whole = changed(catalogue, ("replica_identity: default", "replica_identity: full"))
    assert found(tmp_path / "full", text, catalogue=whole) == []


@pytest.mark.parametrize(
    ("do", "target"),
    [
        ("{join: {with: x}}", "text"),
        ("{nest: [a, b]}", "jsonb"),
        ("{uuid5: {namespace: 6f1c2a9e-5d1b-4c0e-9a57-0d6f6c1e2b11}}", "uuid"),
        ("both", "text"),
    ],
)
def test_no_field_of_several_columns_takes_a_large_one(tmp_path: Path, do: str, target: str) -> None:
    text = changed(MAPPING, ("  photo: foto", f"  several: {{from: [name, notiz], do: {do}}}\n  photo: foto"))
    ddl = changed(DDL, ("    photo bytea,", f"    several {target},\n    photo bytea,"))
    assert found(tmp_path / "default", text, ddl=ddl) == [(line_of(text, "several"), "replica-identity")]
    assert found(tmp_path / "full", text, ddl=ddl, catalogue=FULL) == []


def test_a_part_of_a_large_column_is_patched_alone(tmp_path: Path) -> None:
    parts = "".join(f"  p{n}: {{from: notiz, do: {{part: {{number: {n}, of: 2, separator: '-'}}}}}}\n" for n in (1, 2))
    text = changed(MAPPING, ("  photo: foto\n", f"{parts}  photo: foto\n"))
    ddl = changed(DDL, ("    photo bytea,", "    p1 text,\n    p2 text,\n    photo bytea,"))
    assert found(tmp_path, text, ddl=ddl) == []


def test_a_large_column_in_the_target_key(tmp_path: Path) -> None:
    catalogue = changed(
        CATALOGUE,
        ("key: [kd_nr]", "key: [notiz]"),
        ("notiz: {type: text, nullable: true}", "notiz: {type: text, nullable: false}"),
    )
    text = changed(MAPPING, ("key: [kd_nr]", "key: [notiz]"), ("key: [id]", "key: [note]"))
    ddl = changed(DDL, ("bigint PRIMARY KEY", "bigint"), ("note text", "note text PRIMARY KEY"))
    expected = [(line_of(text, "note: notiz"), "replica-identity")]
    assert found(tmp_path, text, catalogue=catalogue, ddl=ddl) == expected


def test_a_group_without_conditions_hides_no_problem(tmp_path: Path) -> None:
    text = changed(MAPPING, ("{status: {not: X}}", "[{}, {status: A}]"), (", partial: set_aside", ""))
    _, problems = Project.load(sample.write(tmp_path, {CUSTOMERS: text}))
    assert sorted((one.line, one.code) for one in problems) == [(5, "bad-shape"), (5, "partial-row-enters")]
