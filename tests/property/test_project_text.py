"""Whatever somebody types into a project's files, `check` answers with problems, never with a traceback."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from overgrow.mapping import catalogue, connector, ddl
from overgrow.mapping.problems import Problems
from tests.unit.mapping import sample

_WORDS = ["&a ", "*a", "!!str ", "- ", ": ", "---\n", "...\n", "-1", "9" * 5000, "\ufeff", "trim", "--", "/*", "$$"]
PIECES = st.sampled_from([*"{}[]:,'\"#|>~0()\t\n\0;", *_WORDS]) | st.text(max_size=4)


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(PIECES) + text[start + draw(st.integers(0, 12)) :]
    return text


def assert_placed(problems: Problems, text: str) -> None:
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029") + 1
    assert all(1 <= one.line <= lines + 1 and one.code and one.message for one in problems.found), problems.found


@settings(max_examples=300, deadline=None)
@given(edited(sample.MAPPING))
def test_a_mapping(text: str) -> None:
    plan, problems = sample.build(text)
    assert (plan is None) == bool(problems)
    found = Problems("mapping.yaml", problems)
    assert_placed(found, text)


@settings(max_examples=100, deadline=None)
@given(edited(sample.CATALOGUE))
def test_a_catalogue(text: str) -> None:
    problems = Problems("catalogue.yaml")
    assert (catalogue.read(text, problems, table="public.kunde") is None) == bool(problems.found)
    assert_placed(problems, text)


@settings(max_examples=150, deadline=None)
@given(edited(sample.DDL))
def test_ddl(text: str) -> None:
    problems = Problems("crm.sql")
    ddl.read(text, problems)
    assert_placed(problems, text)


@settings(max_examples=100, deadline=None)
@given(edited(sample.CONNECTOR))
def test_a_connector(text: str) -> None:
    problems = Problems("shop.json")
    assert (connector.read(text, problems) is None) == bool(problems.found)
    assert_placed(problems, text)
