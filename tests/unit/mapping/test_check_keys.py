"""Two source keys must not silently become one target key, two mappings not write one table, no key be NULL."""

from __future__ import annotations

from pathlib import Path

import pytest

from overgrow.mapping import Translator
from overgrow.project import Project
from tests.unit.mapping import sample
from tests.unit.mapping.sample import CATALOGUE, CUSTOMERS, DDL, MAPPING, changed, line_of

NAMESPACE = "6f1c2a9e-5d1b-4c0e-9a57-0d6f6c1e2b11"
TRANSLATORS = {"one": Translator(name="one", function=lambda a: a, inputs=("text",), output="text")}


def found(
    fields: dict[str, str], *, source: dict[str, str], target: dict[str, str], policies: str = ""
) -> list[tuple[int, str, str]]:
    """The problems of a mapping from one key to another; the first field is in line 6."""
    listed = "".join(f"  {name}: {made}\n" for name, made in fields.items())
    columns = "".join(f'  {name}: {{type: "{kind}", nullable: false}}\n' for name, kind in source.items())
    made = ", ".join(f"{name} {kind}" for name, kind in target.items())
    _, problems = sample.build(
        f"mapping: t\nversion: 1\nsource: {{table: public.t, key: [{', '.join(source)}]}}\n"
        f"target: {{table: crm.t, key: [{', '.join(target)}]}}\n"
        f"fields:\n{listed}on: {{drift: stop, truncate: stop{policies}}}\n",
        columns=f"table: public.t\nkey: [{', '.join(source)}]\nreplica_identity: full\ncolumns:\n{columns}",
        target=f"CREATE TABLE crm.t ({made}, PRIMARY KEY ({', '.join(target)}))",
        translators=TRANSLATORS,
    )
    return [(one.line, one.code, one.message) for one in problems]


def of_one(source: str, do: str, target: str, policies: str = "") -> list[tuple[int, str, str]]:
    return found({"id": f"{{from: c, do: {do}}}"}, source={"c": source}, target={"id": target}, policies=policies)


LOSING = [
    ("text", "trim", "text", "trim"),
    ("varchar(20)", "[squeeze, {max_length: 20}]", "text", "squeeze"),
    ("text", "lower", "text", "lower"),
    ("text", "[{max_length: 9}, upper]", "text", "upper"),
    ("text", "{normalize: NFC}", "text", "normalize"),
    ("text", "{repair: {read_as: latin1, otherwise: keep}}", "text", "repair"),
    ("text", "{mask: {keep_last: 4}}", "text", "mask"),
    ("text", "{codes: {A: active, B: active}}", "text", "codes"),
    ("text", "{codes: {table: {A: active}, otherwise: other}}", "text", "codes"),
    ("text", "{bool: {Y: true, J: true, N: false}}", "boolean", "bool"),
    ("text", "{cast: bigint}", "bigint", "cast"),
    ("text", "{cast: uuid}", "uuid", "cast"),
    ("text", "[{null_if: ''}, {default: none}]", "text", "default"),
    ("text", "{part: {number: 1, of: 2, separator: '-'}}", "text", "part"),
    ("timestamp", "{instant: {zone: Europe/London, missing: shift_forward}}", "timestamptz", "instant"),
]
KEPT = [
    ("text", "[]", "text"),
    ("text", "{max_length: 9}", "text"),
    ("text", "{codes: {A: active, B: blocked}}", "text"),
    ("text", f"{{uuid5: {{namespace: {NAMESPACE}}}}}", "uuid"),
    ("text", "{hmac: {key: '${env:K}', id: k1}}", "text"),
    ("text", "{token: {key: '${env:K}', id: k1}}", "text"),
    ("text", "[one, required]", "text"),
    ("text", "[{null_if: ''}, required]", "text"),
    ("text", "{default: never}", "text"),  # a key is never NULL
    ("integer", "{cast: text}", "text"),
    ("timestamp", "{instant: {zone: Europe/London, ambiguous: later}}", "timestamptz"),
]


@pytest.mark.parametrize(("source", "do", "target", "word"), LOSING)
def test_a_step_that_makes_one_key_of_two_is_named(source: str, do: str, target: str, word: str) -> None:
    [(line, code, message)] = of_one(source, do, target)
    assert (line, code) == (6, "key-not-injective")
    assert message.startswith(f"key field id: {word} can make one of two keys (")
    assert "on: {collision: set_aside}" in message
    assert of_one(source, do, target, ", collision: set_aside") == []


@pytest.mark.parametrize(("source", "do", "target"), KEPT)
def test_a_key_that_keeps_every_difference_passes(source: str, do: str, target: str) -> None:
    assert of_one(source, do, target) == []


@pytest.mark.parametrize("do", ["{null_if: ''}", "[{null_if: ''}, trim]", "one"])
def test_a_key_that_can_be_null_is_one_problem(do: str) -> None:
    [(line, code, message)] = of_one("text", do, "text")
    assert (line, code) == (6, "may-be-null")
    assert "column id of crm.t is of the key" in message


def test_what_another_key_field_keeps_is_kept() -> None:
    source, target = {"c": "text", "n": "integer"}, {"id": "text", "no": "integer", "raw": "text"}
    fields = {"id": "{from: c, do: lower}", "no": "n", "raw": "c"}
    assert found(fields, source=source, target=target) == []
    fields["raw"] = "{from: c, do: [trim, {max_length: 9}]}"
    problems = found(fields, source=source, target=target)
    assert [(line, code) for line, code, _ in problems] == [(6, "key-not-injective"), (8, "key-not-injective")]


def test_all_the_parts_of_a_column_are_the_column() -> None:
    part = "{{from: c, do: {{part: {{number: {}, of: 2, separator: '-'}}}}}}"
    fields = {"id": part.format(1), "no": part.format(2)}
    assert found(fields, source={"c": "text"}, target={"id": "text", "no": "text"}) == []
    fields["no"] = part.format(1)
    problems = found(fields, source={"c": "text"}, target={"id": "text", "no": "text"})
    assert {code for _, code, _ in problems} == {"key-not-injective"}


def test_several_columns_in_one_key_field() -> None:
    source = {"a": "varchar(9)", "b": "varchar(9)"}
    joined = "{{from: [a, b], do: [{{join: {{with: '-'{}}}}}, required]}}"
    assert found({"id": joined.format("")}, source=source, target={"id": "text"}) == []
    [(line, code, message)] = found({"id": joined.format(", nulls: skip")}, source=source, target={"id": "text"})
    assert (line, code) == (6, "key-not-injective")
    assert "join" in message


def test_a_wrong_key_is_not_also_a_losing_one(tmp_path: Path) -> None:
    text = changed(MAPPING, ("key: [id]", "key: [name]"))  # `name` is trimmed
    _, problems = Project.load(sample.write(tmp_path, {CUSTOMERS: text}))
    assert [one.code for one in problems] == ["wrong-target-key"]


SECOND = "transforms/shop_acl/second.yaml"
KUNDE2 = "schemas/source/public.kunde2.yaml"
TWIN = changed(MAPPING, ("mapping: customers", "mapping: others"), ("public.kunde", "public.kunde2"))
FILES = {KUNDE2: changed(CATALOGUE, ("public.kunde", "public.kunde2"))}


def test_two_mappings_of_one_target_are_refused(tmp_path: Path) -> None:
    _, problems = Project.load(sample.write(tmp_path, {**FILES, SECOND: TWIN}))
    assert [(one.file, one.line, one.code) for one in problems] == [(SECOND, 4, "duplicate-target")]
    assert f"target table crm.customers is already mapped in {CUSTOMERS}" in problems[0].message


def test_a_further_target_of_another_mapping_is_refused_too(tmp_path: Path) -> None:
    also = "also:\n  twice:\n    target: {table: crm.customers, key: [id]}\n    fields: {id: kd_nr, name: name}\ndrop:"
    moved = changed(TWIN, ("crm.customers", "crm.others"), ("drop:", also))
    target = DDL + changed(DDL.partition(";\n")[2], ("crm.customers", "crm.others"))
    _, problems = Project.load(sample.write(tmp_path, {**FILES, SECOND: moved, "schemas/target/crm.sql": target}))
    assert (SECOND, line_of(moved, "crm.customers"), "duplicate-target") in {
        (one.file, one.line, one.code) for one in problems
    }


def test_two_targets_of_one_mapping_may_share_a_table(tmp_path: Path) -> None:
    also = "also:\n  a:\n    target: {table: crm.x, key: [id, w]}\n    fields: {id: kd_nr, w: {const: a}}\n"
    also += "  b:\n    target: {table: crm.x, key: [id, w]}\n    fields: {id: kd_nr, w: {const: b}}\ndrop:"
    text = changed(MAPPING, ("drop:", also))
    files = {
        CUSTOMERS: text,
        "schemas/target/crm.sql": DDL + "CREATE TABLE crm.x (id bigint, w text, PRIMARY KEY (id, w));\n",
        "schemas/source/public.kunde.yaml": changed(CATALOGUE, ("replica_identity: default", "replica_identity: full")),
    }
    assert Project.load(sample.write(tmp_path, files))[1] == []
