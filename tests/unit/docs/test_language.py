"""The reference page of the language: published as it is made; what it shows by hand compiles and holds."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from overgrow.mapping import Translator, document, words
from overgrow.mapping.examples import trips
from overgrow.mapping.problems import Problems
from overgrow.mapping.reference import keys, language, samples, schema
from overgrow.mapping.reference.markdown import code, table
from overgrow.mapping.words.word import Word
from tests.unit.docs.json_schema import Schema, as_an_editor_reads

ROOT = Path(__file__).parents[3]
PAGE = language.text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
SCHEMA = Schema(schema.document())


def test_the_published_page_is_what_is_made() -> None:
    assert (ROOT / language.FILE).read_text() == PAGE, "run: python -m overgrow.mapping.reference"


@pytest.mark.parametrize("word", words.WORDS.values(), ids=lambda word: word.name)
def test_every_example_compiles_and_is_shown_on_values(word: Word) -> None:
    shown = samples.shown(word)
    assert [example for example, _ in shown] == word.example.splitlines()
    for example, outcomes in shown:
        assert outcomes, example
        assert any(not one.refused for one in outcomes), f"{example}: only refusals are shown"
    assert f"\n### {word.name}\n" in PAGE


def test_the_mapping_at_the_top_is_one() -> None:
    text = next(text for kind, text in BLOCKS if kind == "yaml" and "mapping: " in text)
    problems = Problems("page")
    assert document.read(text, problems) is not None
    assert problems.found == []
    assert Schema(schema.document()).faults(as_an_editor_reads(text)) == []


@pytest.mark.parametrize("key", ["fields", "also"])
def test_a_key_shown_by_hand_fits_the_schema(key: str) -> None:
    text = next(text for kind, text in BLOCKS if kind == "yaml" and text.startswith(f"{key}:"))
    top = next(text for kind, text in BLOCKS if kind == "yaml" and "mapping: " in text)
    whole = {**as_an_editor_reads(top), **as_an_editor_reads(text)}
    assert SCHEMA.faults(whole) == []


@pytest.mark.parametrize("one", keys.TOP, ids=lambda one: one.name)
def test_a_key_s_example_fits_the_schema(one: keys.Key) -> None:
    if "…" not in one.example:
        top = next(text for kind, text in BLOCKS if kind == "yaml" and "mapping: " in text)
        whole = {**as_an_editor_reads(top), **as_an_editor_reads(f"{one.name}: {one.example}")}
        assert SCHEMA.faults(whole) == []


def test_the_translator_that_is_shown_holds_its_way_back() -> None:
    (text,) = (text for kind, text in BLOCKS if kind == "python")
    names: dict[str, object] = {}
    exec(text, names)  # noqa: S102 - the page's own text
    found = names["voucher_code"]
    assert isinstance(found, Translator)
    trial = trips.attempt(found, [("0123456789AB",), (None,), ("--0123456789",)], random.Random(1).randrange)  # noqa: S311 - a test
    assert (trial.broken, trial.refused > 0) == (0, True)


@pytest.mark.parametrize("path", [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"], ids=lambda path: path.name)
def test_every_link_of_the_docs_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`]*`", "", path.read_text(), flags=re.DOTALL)):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        where = (path.parent / file).resolve() if file else path
        assert where.exists(), f"{path.name}: {target}"
        if anchor and where.suffix == ".md":
            assert anchor in _anchors(where), f"{path.name}: {target}"


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_table_keeps_what_it_is_given() -> None:
    assert table(("a", "b"), [("x|y", "two\nlines")]) == "| a | b |\n| --- | --- |\n| x\\|y | two lines |"
    assert code("a`b") == "``a`b``"
    assert code("`") == "`` ` ``"


def test_values_that_cannot_be_seen_are_quoted() -> None:
    assert [language.value(text) for text in (None, "", " a", "a\tb", "Zoe\u0308", "a b")] == [
        "NULL", "`''`", "`' a'`", "`'a\\tb'`", "`'Zoe\\u0308'`", "`a b`",
    ]  # fmt: skip
