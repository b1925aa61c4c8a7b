from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overgrow.draft import names


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("cust_nm", "cust_nm"),
        ("CustName", "cust_name"),
        ("custID", "cust_id"),
        ("HTTPServer", "http_server"),
        ("Cust Name", "cust_name"),
        ('say "hi"', "say_hi"),
        ("Straße Nr.", "strasse_nr"),
        ("Ångström", "angstrom"),
        ("order", "order_"),
        ("Xmin", "xmin_"),
        ("_og_off", "og_off"),
        ("2nd", "c_2nd"),
        ("名前", "column_7"),
        ("  ", "column_7"),
        ("x" * 70, "x" * 63),
    ],
)
def test_a_name_is_made_plain(source: str, made: str) -> None:
    assert names.made(source, otherwise="column_7", limit=63) == made


@given(st.text(max_size=80))
def test_any_name_becomes_one_that_needs_no_quotes(source: str) -> None:
    made = names.made(source, otherwise="column_1", limit=63)
    assert names.plain(made)
    assert len(made) <= 63
    assert not made.startswith("_og_")


@given(st.lists(st.sampled_from(["a", "a_2", "a_3", "b", "x" * 63, "x" * 61]), max_size=12))
def test_names_are_unique_and_still_fit(wanted: list[str]) -> None:
    given_names = names.unique(wanted, limit=63)
    assert len(set(given_names)) == len(wanted)
    assert all(len(one) <= 63 for one in given_names)
    assert all(re.sub(r"_[0-9]+$", "", one) in "".join(wanted) for one in given_names)
