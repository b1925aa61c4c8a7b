"""The shop's own translators: what they make, and the way back."""

from __future__ import annotations

import json
from itertools import product

import pytest

from legacy_shop.texts import HOSTILE, LATIN1
from legacy_shop.trade import USERS, code
from shop_acl.translators import legacy_code, legacy_user, postal_address, split_address, staff, voucher_code


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


@pytest.mark.parametrize(("user", "name"), [("u0042", "staff-0042"), ("BATCH", "system"), (None, None)])
def test_a_user_has_a_name_and_comes_back(user: str | None, name: str | None) -> None:
    assert staff(user) == name
    assert legacy_user(name) == (user,)


@pytest.mark.parametrize("user", ["batch", "u42", "u0042 ", "", "staff-0042"])
def test_a_user_that_nobody_knows_is_an_error(user: str) -> None:
    with pytest.raises(ValueError, match="no user of the shop"):
        staff(user)


def test_every_user_and_every_code_of_the_shop_translates() -> None:
    assert [legacy_user(staff(user)) for user in USERS] == [(user,) for user in USERS]
    codes = [code(number) for number in range(1, 2000)]
    assert [legacy_code(voucher_code(one)) for one in codes] == [(one,) for one in codes]
    assert voucher_code("0123456789AB") == "0123-4567-89AB"
    assert (voucher_code(None), legacy_code(None)) == (None, (None,))


@pytest.mark.parametrize("text", ["0123456789A", "0123456789ABC", "0123456789ab", "0123-4567-89AB", ""])
def test_what_is_no_voucher_code_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not twelve hexadecimal digits"):
        voucher_code(text)
