"""One source row in several targets: what is compiled, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from overgrow.mapping import OUTSIDE, RowCodec, interpret
from overgrow.mapping.problems import Problem
from overgrow.project import Project
from tests.unit.mapping import sample

DDL = (
    sample.DDL
    + """\
CREATE TABLE crm.contacts (id bigint, kind varchar(10), at timestamptz, PRIMARY KEY (id, kind));
"""
)
ALSO = """\
also:
  made:
    target: {table: crm.contacts, key: [id, kind]}
    fields:
      id: kd_nr
      kind: {const: made}
      at: {from: angelegt, do: {instant: UTC}}
  changed:
    target: {table: crm.contacts, key: [id, kind]}
    where: {geaendert: {null: false}}
    fields:
      id: kd_nr
      kind: {const: changed}
      at: geaendert
drop: [dauer]
"""
FULL = sample.CATALOGUE.replace("replica_identity: default", "replica_identity: full")
ROW = {
    "kd_nr": 1,
    "name": "A",
    "status": "A",
    "saldo": None,
    "angelegt": 0,
    "geaendert": None,
    "attrs": None,
    "notiz": None,
    "aktiv": True,
    "geburt": None,
    "zeit": None,
    "foto": None,
    "ext_id": None,
}


def project(folder: Path, mapping: str, *, catalogue: str = FULL, ddl: str = DDL) -> Path:
    return sample.write(
        folder,
        {
            sample.CUSTOMERS: mapping,
            "schemas/target/crm.sql": ddl,
            "schemas/source/public.kunde.yaml": catalogue,
        },
    )


def mapping(*changes: tuple[str, str]) -> str:
    return sample.changed(sample.changed(sample.MAPPING, ("drop: [dauer]\n", ALSO)), *changes)


def problems(folder: Path) -> list[Problem]:
    _, found = Project.load(folder)
    return found


def test_each_target_has_its_own_filter_beside_the_mappings(tmp_path: Path) -> None:
    plan = Project.require(project(tmp_path, mapping())).plans[0]
    made, changed = plan.also
    assert [one.name for one in plan.targets] == ["customers", "customers.made", "customers.changed"]
    assert made.where_sql == plan.where_sql
    assert changed.where_sql == f'{plan.where_sql} and "geaendert" is not null'
    assert [one.shared for one in plan.targets] == [False, True, True]
    assert made.fixed_key == {"kind": "made"}
    assert interpret(made, ROW) == {"id": "1", "kind": "made", "at": "1970-01-01 00:00:00+00"}
    assert interpret(changed, ROW) is OUTSIDE
    assert interpret(changed, {**ROW, "geaendert": "2024-01-01T00:00:00Z"}) != OUTSIDE
    assert interpret(made, {**ROW, "status": "X"}) is OUTSIDE


def test_all_codecs_read_one_row_struct(tmp_path: Path) -> None:
    plan = Project.require(project(tmp_path, mapping())).plans[0]
    codec = RowCodec(plan, placeholder=sample.OWN_PLACEHOLDER)
    row = codec.row_type(**ROW)
    assert codec.line(row) is not None
    assert [one.line(row) for one in codec.also] == ["1\tmade\t1970-01-01 00:00:00+00", None]
    assert codec.also[1].target_key(codec.key_type(kd_nr=7)) == "7\tchanged"


@pytest.mark.parametrize(
    ("change", "code", "part"),
    [
        (("kind: {const: changed}", "kind: {const: made}"), "overlapping-targets", "changed:\n    target"),
        (("      at: geaendert\n", "      at: geandert\n"), "unknown-column", "at: geandert"),
        (("where: {geaendert: {null", "where: {geandert: {null"), "unknown-column", "where: {geandert"),
        (
            ("  changed:\n    target: {table: crm.contacts", "  changed:\n    target: {table: crm.contact"),
            "unknown-table",
            "crm.contact,",
        ),
        (("  made:\n", "  Made:\n"), "bad-name", "Made:"),
        (("      kind: {const: made}\n", ""), "missing-key-field", "target: {table: crm.contacts"),
        (("where: {geaendert: {null: false}}", "when: {}"), "unknown-key", "when:"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_one_mistake_is_one_problem_at_its_line(tmp_path: Path, change: tuple[str, str], code: str, part: str) -> None:
    text = mapping(change)
    found = problems(project(tmp_path, text))
    line = sample.line_of(text, part) + part.count("\n")
    assert [(one.line, one.code) for one in found] == [(line, code)], "\n".join(map(str, found))


def test_names_that_nothing_can_carry(tmp_path: Path) -> None:
    """A column that no decoder can name, and two tables that Kafka takes for one."""
    odd = sample.CATALOGUE.replace("  ext_id:", "  'ext\\id':")
    other = sample.changed(
        sample.MAPPING,
        ("mapping: customers", "mapping: others"),
        ("public.kunde", "public_kunde.x"),
        ("crm.customers", "crm.others"),
    )
    text = sample.changed(
        sample.MAPPING, ("external: ext_id", "external: 'ext\\id'"), ("public.kunde", "public.kunde_x")
    )
    files = {
        sample.CUSTOMERS: text,
        "transforms/shop_acl/others.yaml": other,
        "schemas/source/public.kunde_x.yaml": odd.replace("public.kunde", "public.kunde_x"),
        "schemas/source/public_kunde.x.yaml": sample.CATALOGUE.replace("public.kunde", "public_kunde.x"),
        "schemas/target/crm.sql": sample.DDL + sample.DDL.partition(";\n")[2].replace("crm.customers", "crm.others"),
    }
    found = problems(sample.write(tmp_path, files))
    assert [(one.file.rpartition("/")[2], one.code) for one in found] == [
        ("customers.yaml", "unsupported-name"),
        ("others.yaml", "topic-clash"),
    ], "\n".join(map(str, found))


def test_whole_rows_are_demanded(tmp_path: Path) -> None:
    text = mapping()
    found = problems(project(tmp_path, text, catalogue=sample.CATALOGUE))
    assert {one.code for one in found} == {"replica-identity"}
    assert all("a mapping with several targets takes" in one.message for one in found)
    assert len({one.line for one in found}) == len(found), "a column is named once"
