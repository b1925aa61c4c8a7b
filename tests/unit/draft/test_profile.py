from __future__ import annotations

import pytest

from overgrow.draft import personal
from overgrow.draft.profile import MOST_CODES, misread
from tests.unit.draft.legacy import profile


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        ("Müller".encode().decode("cp1252"), "cp1252"),
        ("10 €".encode().decode("cp1252"), "cp1252"),
        ("É".encode().decode("latin1"), "latin1"),
        ("Müller", ""),
        ("plain", ""),
        ("日本", ""),
        ("Ã", ""),
        ("", ""),
    ],
)
def test_text_that_was_encoded_twice_is_told_from_text_with_accents(value: str, read_as: str) -> None:
    assert misread(value) == read_as


def test_codes_are_counted_until_there_are_too_many() -> None:
    assert profile("char", ["A", "B", "A", None]).codes == {"A": 2, "B": 1}
    assert profile("int", [str(number) for number in range(MOST_CODES)]).codes is not None
    assert profile("int", [str(number) for number in range(MOST_CODES + 1)]).codes is None
    assert profile("text", ["A", "a long text is no code, whatever else"]).codes is None


def test_nulls_and_empty_texts_are_told_apart() -> None:
    found = profile("text", ["", None, "a", ""])
    assert (found.rows, found.nulls, found.empty, found.values) == (4, 1, 2, 3)


def test_sentinels_are_found_in_each_notation() -> None:
    values = ["9999-12-31 00:00:00", "infinity", "-infinity", "2024-01-01 00:00:00", "1970-01-01 10:00:00", None]
    assert profile("timestamp", values).sentinels == {"9999-12-31": 1, "infinity": 1, "-infinity": 1}
    assert profile("timestamptz", ["1970-01-01 00:00:00+00"]).sentinels == {"1970-01-01": 1}
    assert profile("date", ["1900-01-01", "0001-01-01", "0001-01-01 BC"]).sentinels["1900-01-01"] == 1


def test_floats_in_cents_are_told_from_measures() -> None:
    money, measure = profile("float", ["12.5", "3", "-0.25"]), profile("float", ["1.234", "1e+20", "NaN"])
    assert (money.cents, money.fractions) == (3, 2)
    assert (measure.cents, measure.not_finite) == (0, 1)


@pytest.mark.parametrize("value", ["a.b@example.com", "DE89 3704 0044 0532 0130 00", "+49 30 123456", "123-45-6789"])
def test_values_that_look_personal(value: str) -> None:
    assert personal.looks_personal(value)


@pytest.mark.parametrize("value", ["A", "2024-01-01", "AB12", "open", "12345", ""])
def test_values_that_do_not(value: str) -> None:
    assert not personal.looks_personal(value)


@pytest.mark.parametrize(
    "name", ["email", "E-Mail", "custEmail", "phone_no", "tel", "iban", "SSN", "birth_dt", "lastName", "addr_1", "ip"]
)
def test_names_that_say_personal(name: str) -> None:
    assert personal.named(name)


@pytest.mark.parametrize("name", ["stat_cd", "qty", "description", "total", "cellar_no", "shipped", "hotel"])
def test_names_that_do_not(name: str) -> None:
    assert not personal.named(name)
