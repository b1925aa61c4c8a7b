"""Example files that are wrong: every problem at once, with its line."""

from __future__ import annotations

import random

import pytest

from overgrow.mapping import RowCodec
from overgrow.mapping.examples import read, run
from overgrow.mapping.problems import Problems
from tests.unit.mapping import examples_sample as written
from tests.unit.mapping import sample

BROKEN = """\
mapping: customer
defaults:
  kd_nr: 99999999999
  nam: Ann
  status: null
  notiz:
  attrs: {a: 1}
exampels: []
examples:
  - name: a
    given: {aktiv: Y, geburt: ~}
    expect: {idd: 1, born: 2023-02-29, note: [x]}
  - name: a
    given: {}
    expect: outsider
  - name: b
    given: {}
    expect: {error: {field: none, say: x}}
  - given: []
    expect: {}
  - {}
  - {name: "c\\n", given: {}, expect: outside}
  - {name: a, given: {}, expect: outside}
  - {name: a, given: {}, expect: outside}
"""


def test_every_problem_comes_at_once_with_its_line() -> None:
    assert [problem.split(": ", 2)[:2] for problem in written.problems(BROKEN)] == [
        [f"e.yaml:{line}", code]
        for line, code in (
            (1, "wrong-mapping"),
            (3, "bad-value"),
            (4, "unknown-column"),
            (5, "bad-value"),
            (6, "bad-value"),
            (7, "bad-value"),
            (8, "unknown-key"),
            (10, "missing-column"),  # what no example gives, once
            (11, "bad-value"),
            (11, "bad-value"),
            (12, "bad-value"),
            (12, "bad-value"),
            (12, "unknown-field"),
            (14, "missing-column"),  # what only the first one gives
            (15, "bad-shape"),
            (17, "missing-column"),
            (18, "missing-key"),
            (18, "unknown-key"),
            (19, "bad-shape"),
            (19, "missing-key"),
            (20, "bad-shape"),
            (21, "bad-shape"),
            (22, "bad-value"),
            (22, "missing-column"),
            (23, "duplicate-example"),
            (23, "missing-column"),
            (24, "duplicate-example"),
            (24, "missing-column"),
        )
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad-yaml"),
        ("examples: []", "missing-key"),
        ("mapping: customers\nexamples: []", "bad-shape"),
        ("- a", "bad-yaml"),
    ],
)
def test_what_is_no_example_file_is_a_problem(text: str, code: str) -> None:
    assert any(f": {code}: " in problem for problem in written.problems(text))


HOSTILE = [
    "null",
    "~",
    "''",
    "9" * 99,
    "1e999",
    '"\\ud800"',
    '"\\0"',
    "{a: 1}",
    "[[]]",
    "'{'",
    "\\x0",
    "&a 1",
    "*a",
    "!!x 1",
]
HOSTILE += ["infinity", "NaN", "-0", "'[1e99999999]'", "294276-12-31 23:59:59-15:59", "'\\'", "{error: {}}", "outside"]


def test_hostile_files_are_problems_and_nothing_else() -> None:
    dice = random.Random(3)  # noqa: S311 - test data
    plan = sample.plan()
    codec = RowCodec(plan, placeholder=sample.OWN_PLACEHOLDER)
    whole = (written.DEFAULTS + written.WHOLE + written.example("{status: X, saldo: 1}", "outside")).splitlines()
    seen = set()
    for _ in range(200):
        lines = [*whole]
        for _ in range(dice.randrange(1, 3)):
            at = dice.randrange(len(lines))
            key, colon, _ = lines[at].partition(": ")
            lines[at] = f"{key}{colon}{dice.choice(HOSTILE)}" if dice.randrange(6) else dice.choice(lines)
        problems = Problems("e.yaml")
        made = read("\n".join(lines), problems, plan)
        assert (made is None) is bool(problems.found)
        seen |= {one.code for one in problems.found}
        if made is not None:
            seen |= {f"passed {one.passed}" for one in run([codec], [made]).results}
    assert {"passed True", "passed False", "bad-value", "bad-yaml", "yaml-alias", "bad-shape"} <= seen
