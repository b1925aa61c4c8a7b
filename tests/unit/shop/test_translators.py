"""The shop's own translators: what they make, and the way back."""

from __future__ import annotations

import json
from itertools import product

import pytest

from legacy_shop.texts import HOSTILE, LATIN1
from shop_acl.translators import postal_address, split_address


def test_an_address_prints_as_postgresql_prints_jsonb() -> None:
    assert postal_address("1 High Street", None, "Köln", "A1 2XQ") == (
        '{"city": "Köln", "line1": "1 High Street", "line2": null, "postcode": "A1 2XQ"}'
    )


def test_no_part_is_no_address() -> None:
    assert postal_address(None, None, None, None) is None
    assert split_address(None) == (None, None, None, None)


@pytest.mark.parametrize("text", sorted({*HOSTILE, *LATIN1.hostile}))
def test_hostile_text_is_valid_json_and_comes_back(text: str) -> None:
    address = postal_address(text, None, text, "")
    assert json.loads(address) == {"line1": text, "line2": None, "city": text, "postcode": ""}
    assert split_address(address) == (text, None, text, "")


def test_every_pattern_of_nulls_comes_back() -> None:
    for parts in product(("x", None), repeat=4):
        assert split_address(postal_address(*parts)) == parts


def test_the_declaration_names_its_inverse() -> None:
    assert postal_address.inverse is split_address
    assert (postal_address.inputs, postal_address.output) == (("text",) * 4, "jsonb")
