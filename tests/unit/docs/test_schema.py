"""The JSON Schema: published as it is made; takes what `check` takes; refuses what no mapping can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from overgrow.mapping import document, words
from overgrow.mapping.problems import Problems
from overgrow.mapping.reference import keys, schema
from overgrow.project import Project
from tests.unit.docs.json_schema import Schema, as_an_editor_reads
from tests.unit.mapping import sample

ROOT = Path(__file__).parents[3]
SCHEMA = Schema(schema.document())
SHOP = sorted((ROOT / "transforms/shop_acl").glob("*.yaml"))


def faults(text: str) -> list[str]:
    return SCHEMA.faults(as_an_editor_reads(text))


def with_field(field: str) -> str:
    return sample.changed(sample.MAPPING, ("  note: notiz\n", f"  note: {field}\n"))


def test_the_published_file_is_what_is_made() -> None:
    assert (ROOT / schema.FILE).read_text() == schema.text(), "run: python -m overgrow.mapping.reference"


@pytest.mark.parametrize("path", SHOP, ids=lambda path: path.stem)
def test_the_shop_s_mappings_fit_and_name_the_schema(path: Path) -> None:
    text = path.read_text()
    assert faults(text) == []
    (modeline,) = [line for line in text.splitlines() if "yaml-language-server" in line]
    named = modeline.partition("$schema=")[2]
    assert (path.parent / named).resolve() == ROOT / schema.FILE


def test_there_are_the_eight_mappings_of_the_shop() -> None:
    assert len(SHOP) == 8


def test_the_sample_fits() -> None:
    assert faults(sample.MAPPING) == []


@pytest.mark.parametrize(
    "example", [one for word in words.WORDS.values() for one in word.example.splitlines()], ids=lambda one: one[:60]
)
def test_every_example_of_a_word_fits(example: str) -> None:
    assert faults(with_field(example)) == []


@pytest.mark.parametrize(
    "field",
    [
        "{from: notiz, do: postal_address}",  # a translator
        "{from: notiz, do: [trim, postal_address]}",
        "{from: [notiz]}",
        "{const: null}",
        "{const: 12.50}",
        "{from: notiz, do: {codes: {1: one, true: yes, '': none}}}",
        "{from: notiz, do: {default: 0}}",
        "{from: notiz, do: []}",
    ],
)
def test_what_check_takes_fits(field: str) -> None:
    text = with_field(field)
    problems = Problems("mapping.yaml")
    document.read(text, problems)
    assert (problems.found, faults(text)) == ([], [])


@pytest.mark.parametrize(
    "where",
    [
        "{status: A}",
        "{status: {not: X}, kd_nr: {at_least: 1, less_than: 9}}",
        "[{status: {in: [A, 1]}}, {status: {null: true}}]",
        "{status: {not_in: X}}",
    ],
)
def test_filters_fit(where: str) -> None:
    text = sample.changed(sample.MAPPING, ("{status: {not: X}}", where))
    problems = Problems("mapping.yaml")
    document.read(text, problems)
    assert (problems.found, faults(text)) == ([], [])


# A mistake that needs no table to be seen: what is replaced, and by what.
WRONG = {
    "a key nobody knows": ("drop: [dauer]", "drops: [dauer]"),
    "a key that is missing": ("version: 1\n", ""),
    "a version that is no number": ("version: 1\n", "version: one\n"),
    "a version from 0": ("version: 1\n", "version: 0\n"),
    "a side without its key": ("{table: crm.customers, key: [id]}", "{table: crm.customers}"),
    "a table without its schema": ("{table: crm.customers, key: [id]}", "{table: customers, key: [id]}"),
    "a key of no column": ("{table: crm.customers, key: [id]}", "{table: crm.customers, key: []}"),
    "a field that is a list": ("note: notiz", "note: [notiz]"),
    "a field without from": ("note: notiz", "note: {do: trim}"),
    "a constant beside a column": ("note: notiz", "note: {from: notiz, const: x}"),
    "an option nobody knows": ("note: notiz", "note: {from: notiz, does: trim}"),
    "a field of overgrow's own": ("note: notiz", "_og_off: notiz"),
    "a word nobody knows, with an argument": ("note: notiz", "note: {from: notiz, do: {trimm: 1}}"),
    "a word without its argument": ("note: notiz", "note: {from: notiz, do: max_length}"),
    "an argument of a word that has none": ("note: notiz", "note: {from: notiz, do: {trim: both}}"),
    "two words in one step": ("note: notiz", "note: {from: notiz, do: {max_length: 3, null_if: x}}"),
    "a number beyond its bounds": ("{minor_units: 2}", "{minor_units: 99}"),
    "a number that is none": ("{minor_units: 2}", "{minor_units: two}"),
    "a choice nobody has": ("{instant: Europe/London}", "{instant: {zone: Europe/London, missing: guess}}"),
    "an option that is missing": ("{instant: Europe/London}", "{instant: {missing: error}}"),
    "codes without a code": ("{A: active, G: blocked}", "{}"),
    "a key that is written out": ("note: notiz", "note: {from: notiz, do: {hmac: {key: secret, id: k1}}}"),
    "a condition nobody knows": ("{not: X}", "{unlike: X}"),
    "an empty condition": ("{not: X}", "{}"),
    "null without a choice": ("{not: X}", "{null: maybe}"),
    "a policy that is missing": ("{drift: stop, truncate: stop, partial: set_aside}", "{drift: stop}"),
    "a policy nobody has": ("{drift: stop, truncate: stop, partial: set_aside}", "{drift: go, truncate: stop}"),
    "a label with blanks": ("drop: [dauer]", "also: {a b: {target: {table: a.b, key: [id]}, fields: {id: kd_nr}}}"),
    "a further target without fields": ("drop: [dauer]", "also: {more: {target: {table: a.b, key: [id]}}}"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_document_is_refused_by_both(name: str, tmp_path: Path) -> None:
    text = sample.changed(sample.MAPPING, WRONG[name])
    assert faults(text), "the schema takes it"
    assert Project.load(sample.write(tmp_path, {sample.CUSTOMERS: text}))[1], "check takes it"


def names(listed: tuple[keys.Key, ...]) -> list[str]:
    return [one.name for one in listed]


def test_the_document_s_keys_are_those_that_are_read() -> None:
    assert names(keys.TOP) == list(document._KEYS)
    assert sorted(names(keys.ALSO)) == sorted(document._ALSO_KEYS)
    assert names(keys.RELATIONS) == list(document.RELATIONS)
    assert names(keys.POLICIES) == list(document.DECLARABLE)


def test_every_word_is_offered() -> None:
    text = json.dumps(schema.document()["definitions"]["step"])
    for name, word in words.WORDS.items():
        assert f'"const": "{name}"' in text or word.schema is not None
        assert name in text
