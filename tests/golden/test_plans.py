"""The compiled plan as JSON, byte for byte. OVERGROW_GOLDEN=write rewrites the files; read the difference first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from overgrow.mapping import RowCodec
from overgrow.project import Project
from tests.unit.mapping import sample

PLANS = Path(__file__).parent / "plans"
ROOT = Path(__file__).parents[2]


def compare(name: str, text: str) -> None:
    path = PLANS / name
    if os.environ.get("OVERGROW_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_sample_plan_and_its_code() -> None:
    plan = sample.plan()
    compare("sample.json", plan.to_json() + "\n")
    compare("sample.py.txt", RowCodec(plan, placeholder=sample.OWN_PLACEHOLDER).source)


@pytest.mark.parametrize("mapping", ["customers", "order_lines"])
def test_the_plans_of_the_example_project(mapping: str) -> None:
    compare(f"{mapping}.json", Project.require(ROOT).plan(mapping).to_json() + "\n")


def test_a_plan_does_not_depend_on_when_it_is_made() -> None:
    assert sample.plan().to_json() == sample.plan().to_json()
    assert sample.plan() == sample.plan()
