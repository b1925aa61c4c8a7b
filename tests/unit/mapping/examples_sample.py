"""Example files for the sample mapping."""

from __future__ import annotations

from pathlib import Path

import click.testing

from overgrow.cli import cli
from overgrow.mapping import RowCodec, TablePlan
from overgrow.mapping.examples import ExampleFile, Result, read, run
from overgrow.mapping.problems import Problems
from tests.unit.mapping import sample

ROOT = Path(__file__).parents[3]
EXAMPLES = "transforms/shop_acl/examples/customers.yaml"
GOLDEN = "transforms/shop_acl/examples/customers.golden.json"
DEFAULTS = """\
mapping: customers
defaults:
  kd_nr: 7
  name: Ann
  status: A
  saldo: 12.50
  angelegt: 2024-02-29 23:59:59.999999
  geaendert: 2024-02-29 18:29:59.5+00
  attrs: '{"b": 1, "a": [2.50]}'
  notiz: null
  aktiv: t
  geburt: 1969-12-31
  zeit: 24:00:00
  foto: '\\x00ff'
  ext_id: 0F8FAD5B-D9CB-469F-A165-70867728950E
examples:
"""
WHOLE = """\
  - name: whole
    given: {}
    expect:
      id: 7
      name: Ann
      status: active
      balance_cents: 1250
      created_at: 2024-03-01 00:59:59.999999+01
      changed_at: 2024-02-29T18:29:59.50Z
      attributes: '{"a":[2.50],"b":1}'
      note: null
      active: true
      born: 1969-12-31
      at: 24:00:00
      photo: '\\x00FF'
      external: 0f8fad5b-d9cb-469f-a165-70867728950e
      segment: retail
"""


def example(given: str, expect: str, *, name: str = "one") -> str:
    """One more example."""
    return f"  - name: {name}\n    given: {given}\n    expect: {expect}\n"


def problems(text: str, plan: TablePlan | None = None) -> list[str]:
    """What is wrong with a file, as it is printed."""
    found = Problems("e.yaml")
    made = read(text, found, plan or sample.plan())
    assert (made is None) is bool(found.found)
    return [str(one) for one in sorted(found.found)]


def file(text: str, plan: TablePlan | None = None) -> ExampleFile:
    """A file that must be right."""
    found = Problems("e.yaml")
    made = read(text, found, plan or sample.plan())
    assert made is not None, [str(one) for one in found.found]
    return made


def results(text: str, plan: TablePlan | None = None) -> list[Result]:
    """What became of a file's examples."""
    used = plan or sample.plan()
    codec = RowCodec(used, placeholder=sample.OWN_PLACEHOLDER)
    return list(run([codec], [file(text, used)]).results)


def run_test(folder: Path, *arguments: str) -> click.testing.Result:
    """`overgrow test` in a folder."""
    return click.testing.CliRunner().invoke(cli, ["--project", str(folder), "test", *arguments])
