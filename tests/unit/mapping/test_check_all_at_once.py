"""A project with one mistake of every kind that can stand beside others: each is found in the same run, once."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from click.testing import CliRunner

from overgrow.cli import cli
from tests.unit.mapping import sample
from tests.unit.mapping.sample import CONNECTOR, DDL, PROJECT, changed

# What makes a field, its source and target types, the code of the mistake; each has columns of its own.
COLUMNS = {"k1": "integer", "k2": "varchar(20)", "left": "integer", "gone": "integer", "flag": "char(1)", "big": "text"}
FIELDS = [
    ("{from: c0, do: trimm}", "text", "text", "unknown-translator"),
    ("{from: c1, do: {cut: 3}}", "text", "text", "unknown-step"),
    ("{from: c2, do: {trim: 3}}", "text", "text", "bad-argument"),
    ("{from: c3, do: {null_if: one}}", "integer", "integer", "bad-literal"),
    ("{from: c4, do: {codes: {A: a, A: b}}}", "text", "text", "duplicate-code"),
    ("{from: c5, do: {codes: {file: ../codes.csv}}}", "text", "text", "bad-codes-file"),
    ("{from: c6, do: {instant: Europe/Lundon}}", "timestamp", "timestamptz", "bad-time-zone"),
    ("{from: c7, do: {parse_date: '%Y-%m'}}", "text", "date", "bad-date-format"),
    ("{from: c8, do: {hmac: {key: sesame, id: k1}}}", "text", "text", "literal-secret"),
    ("{from: c9, do: {instant: {zone: UTC, ambiguous: both}}}", "timestamp", "timestamptz", "bad-choice"),
    ("{from: c10, do: {max_length: many}}", "text", "text", "bad-number"),
    ("{from: c11, do: {trim: , upper: }}", "text", "text", "bad-shape"),
    ("{from: c12, via: trim}", "text", "text", "unknown-key"),
    ("{from: c13, do: both}", "text", "text", "translator-inputs"),
    ("c14", "interval", "text", "unsupported-type"),
    ("c15", "integer", "text", "type-mismatch"),
    ("c16", "varchar(9)", "varchar(8)", "may-not-fit"),
    ("c17", "text", "text NOT NULL", "may-be-null"),
    ("c18x", "text", "text", "unknown-column"),
]
KEYS = """\
mapping: {name}
version: 1
source: {{table: public.{name}, key: [k]}}
target: {{table: crm.{name}, key: [{key}]}}
fields: {{id: {made}}}
drop: [{drop}]
on: {{drift: stop, truncate: stop}}
"""
# name: (target key, field of it, what is dropped) and the code
OF_KEYS = {
    "uncovered": ("id", "{const: 1}", "n", "key-not-covered"),
    "foreign": ("id", "{from: [k, n], do: [both, required]}", "", "key-not-from-key"),
    "elsewhere": ("idx", "k", "n", "missing-key-field"),
    "wrong": ("id", "k", "n", "wrong-target-key"),
}


def _every() -> dict[str, str]:
    fields = "".join(f"  f{n}: {made}\n" for n, (made, *_) in enumerate(FIELDS))
    return {
        "transforms/shop_acl/every.yaml": (
            "mapping: every\nversion: 1\nsource: {table: public.every, key: [k1, k2]}\n"
            "target: {table: crm.every, key: [id, no]}\n"
            "where: [{flag: A}, {big: x}, {f: 1}]\nfields:\n  id: k1\n  no: {from: k2, do: lower}\n"
            f"{fields}  f0: c0\n  _og_off: k1\n  nowhere: k1\ndrop: [gone, flag]\non: {{drift: stop}}\n"
        ),
        "schemas/source/public.every.yaml": (
            "table: public.every\nkey: [k1, k2]\nreplica_identity: default\ncolumns:\n"
            + "".join(
                f'  {name}: {{type: "{kind}", nullable: {str(name[0] not in "kfb").lower()}}}\n'
                for name, kind in [
                    *COLUMNS.items(),
                    ("f", "real"),
                    *((f"c{n}", one[1]) for n, one in enumerate(FIELDS)),
                ]
            )
        ),
    }


def _keys() -> dict[str, str]:
    made = {}
    for name, (key, field, drop, _) in OF_KEYS.items():
        made[f"transforms/shop_acl/key_{name}.yaml"] = KEYS.format(name=name, key=key, made=field, drop=drop)
        made[f"schemas/source/public.{name}.yaml"] = (
            f"table: public.{name}\nkey: [k]\nreplica_identity: full\ncolumns:\n"
            "  k: {type: text, nullable: false}\n  n: {type: text, nullable: false}\n"
        )
    return made


def _ddl() -> str:
    columns = "".join(f", f{n} {kind}" for n, (_, _, kind, _) in enumerate(FIELDS))
    tables = "".join(
        f"CREATE TABLE crm.{name} (id text{' PRIMARY KEY' if name != 'wrong' else ', x int PRIMARY KEY'});\n"
        for name in OF_KEYS
    )
    return (
        f"{DDL}CREATE TABLE crm.every (id integer, no text, must text NOT NULL{columns}, PRIMARY KEY (id, no));\n"
        f"{tables}CREATE VIEW crm.v AS SELECT 1;\nCREATE TABLE crm.keyless (a int);\n"
        "CREATE TABLE crm.few (a int PRIMARY KEY, b int UNIQUE);\n"
    )


FILES = {
    **_every(),
    **_keys(),
    "transforms/shop_acl/unfit.yaml": "mapping: [unfit\n",
    "transforms/shop_acl/customers2.yaml": changed(
        sample.MAPPING, ("mapping: customers\n", "mapping: other\n"), ("crm.customers", "crm.custmers")
    ),
    "schemas/target/crm.sql": _ddl(),
    "connectors/shop.json": changed(CONNECTOR, ('"microseconds"', '"adaptive"')),
    "overgrow.yaml": changed(PROJECT, ("schemas/target/crm.sql]", "schemas/target/crm.sql, x.sql]")),
}  # fmt: skip
ONCE = {
    *(code for *_, code in FIELDS),
    *(code for *_, code in OF_KEYS.values()),
    *("key-not-injective", "duplicate-field", "reserved-name", "unknown-target-column", "target-not-null"),
    *("unmapped-column", "dropped-and-used", "replica-identity", "unsupported-filter", "missing-policy"),
    *("partial-row-enters", "bad-yaml", "duplicate-source", "unknown-table", "connector-setting", "missing-file"),
    *("unreadable-ddl", "missing-primary-key", "constraint-too-early"),
}


def test_every_kind_of_mistake_is_found_once_in_one_run(tmp_path: Path) -> None:
    folder = sample.write(tmp_path, FILES)
    result = CliRunner().invoke(cli, ["--project", str(folder), "check", "--json"])
    assert result.exit_code == 2
    problems = json.loads(result.stdout)["problems"]
    counted = Counter(one["code"] for one in problems)
    shown = "\n".join(f"{one['file']}:{one['line']}: {one['code']}: {one['message']}" for one in problems)
    assert counted == Counter(ONCE), shown
    assert len(ONCE) > 40
    assert all(re.search(r"\w", one["message"]) and one["line"] > 0 for one in problems)


def test_each_field_has_its_problem_in_its_own_line(tmp_path: Path) -> None:
    folder = sample.write(tmp_path, FILES)
    result = CliRunner().invoke(cli, ["--project", str(folder), "check"])
    found = {line.split(": ")[1]: line.split(": ")[0] for line in result.stdout.splitlines()}
    for number, (*_, code) in enumerate(FIELDS):
        assert found[code] == f"transforms/shop_acl/every.yaml:{9 + number}", code
