"""A small project for tests: one legacy table (that of the recorded messages), its target, its mapping."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from overgrow.envelope.types import WIRES
from overgrow.mapping import Problem, TablePlan, Translator, catalogue, compiler, ddl, document
from overgrow.mapping.problems import Problems
from overgrow.mapping.words.word import Outside

PLACEHOLDER = "__debezium_unavailable_value"  # what the recorded messages carry
OWN_PLACEHOLDER = "__og_absent_0123456789abcdef__"

CATALOGUE = """\
table: public.kunde
key: [kd_nr]
replica_identity: default
columns:
  kd_nr: {type: int, nullable: false}
  name: {type: "varchar(80)", nullable: false}
  status: {type: "char(1)", nullable: false}
  saldo: {type: "numeric(12,2)", nullable: true}
  angelegt: {type: timestamp, nullable: true}
  geaendert: {type: timestamptz, nullable: true}
  attrs: {type: jsonb, nullable: true}
  notiz: {type: text, nullable: true}
  aktiv: {type: boolean, nullable: false}
  geburt: {type: date, nullable: true}
  zeit: {type: time, nullable: true}
  foto: {type: bytea, nullable: true}
  dauer: {type: interval, nullable: true}
  ext_id: {type: uuid, nullable: true}
"""

DDL = """\
CREATE SCHEMA IF NOT EXISTS crm;
CREATE TABLE crm.customers (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    status text NOT NULL,
    balance_cents bigint,
    created_at timestamptz,
    changed_at timestamptz,
    attributes jsonb,
    note text,
    active boolean NOT NULL,
    born date,
    at time,
    photo bytea,
    external uuid,
    segment varchar(10) NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now()
);
"""

MAPPING = """\
mapping: customers
version: 1
source: {table: public.kunde, key: [kd_nr]}
target: {table: crm.customers, key: [id]}
where: {status: {not: X}}
fields:
  id: kd_nr
  name: {from: name, do: [trim, {max_length: 80}]}
  status: {from: status, do: {codes: {A: active, G: blocked}}}
  balance_cents: {from: saldo, do: {minor_units: 2}}
  created_at: {from: angelegt, do: {instant: Europe/London}}
  changed_at: {from: geaendert, do: timestamp}
  attributes: {from: attrs, do: json}
  note: notiz
  active: aktiv
  born: {from: geburt, do: date}
  at: zeit
  photo: foto
  external: ext_id
  segment: {const: retail}
drop: [dauer]
on: {drift: stop, truncate: stop, partial: set_aside}
"""

PROJECT = """\
pipeline: shop
context: transforms/shop_acl
source: {dsn: "${env:OVERGROW_SOURCE_DSN}", connector: connectors/shop.json, catalogue: schemas/source}
target: {dsn: "${env:OVERGROW_TARGET_DSN}", ddl: [schemas/target/crm.sql]}
kafka: {bootstrap: "${env:OVERGROW_KAFKA}", partitions: 4}
connect: {url: "${env:OVERGROW_CONNECT}"}
"""

CONNECTOR = f"""\
{{
  "name": "shop",
  "config": {{
    "topic.prefix": "leg",
    "decimal.handling.mode": "string",
    "binary.handling.mode": "bytes",
    "interval.handling.mode": "string",
    "time.precision.mode": "microseconds",
    "unavailable.value.placeholder": "{OWN_PLACEHOLDER}",
    "skipped.operations": "none",
    "publication.autocreate.mode": "disabled",
    "provide.transaction.metadata": "true",
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter"
  }}
}}
"""

TRANSLATORS = '''\
"""Translators of the sample."""

from overgrow.mapping import translator


@translator(inputs=("text", "text"), output="text")
def both(one: str | None, two: str | None) -> str | None:
    """Two texts in one."""
    return None if one is None else f"{one}/{two}"
'''

FILES = {
    "overgrow.yaml": PROJECT,
    "connectors/shop.json": CONNECTOR,
    "schemas/source/public.kunde.yaml": CATALOGUE,
    "schemas/target/crm.sql": DDL,
    "transforms/shop_acl/__init__.py": "",
    "transforms/shop_acl/translators.py": TRANSLATORS,
    "transforms/shop_acl/customers.yaml": MAPPING,
}
REFERENCE = 'k,v,more\nA,"a, quoted",1\n"A ",b,2\nAB,"c	d",3\n'
CUSTOMERS = "transforms/shop_acl/customers.yaml"


def write(folder: Path, changes: Mapping[str, str | None] | None = None) -> Path:
    """Write the sample project with some files changed, added or (None) left out."""
    for name, text in {**FILES, **(changes or {})}.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


def changed(text: str, *replacements: tuple[str, str]) -> str:
    """The text with each replacement made; a replacement that changes nothing is a broken test."""
    for old, new in replacements:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def line_of(text: str, part: str) -> int:
    """The line on which a part stands."""
    return text[: text.index(part)].count("\n") + 1


def project_file(name: str) -> str:
    """The only file there is."""
    if name != "ref.csv":
        raise FileNotFoundError(name)
    return REFERENCE


def build(
    mapping: str = MAPPING,
    *,
    columns: str = CATALOGUE,
    target: str = DDL,
    translators: Mapping[str, Translator] | None = None,
) -> tuple[TablePlan | None, list[Problem]]:
    """Compile one mapping from texts."""
    problems = Problems("mapping.yaml")
    found = document.read(mapping, problems)
    if found is None:
        return None, problems.found
    inside = Problems("catalogue.yaml")
    source = catalogue.read(columns, inside, table=columns.partition("table: ")[2].partition("\n")[0])
    tables = ddl.read(target, inside)
    assert source is not None, inside.found
    around = compiler.Surroundings(
        context="shop_acl",
        translators=translators or {},
        source=source,
        target=tables[0],
        text=mapping,
        outside=Outside(read=project_file, secret=lambda _: b"a key for tests only"),
    )
    plan = compiler.compile_mapping(found, around, problems)
    return plan, problems.found + inside.found


def plan(mapping: str = MAPPING, *, columns: str = CATALOGUE, target: str = DDL) -> TablePlan:
    """Compile a mapping that must be right."""
    made, problems = build(mapping, columns=columns, target=target)
    assert made is not None, [str(problem) for problem in problems]
    return made


def all_types() -> list[str]:
    """The names of all the types that can be mapped."""
    return sorted(WIRES)
