"""Translations that only the shop knows; pure functions over column values, named in the mappings.

Each states its inputs, its output type and, where one exists, its inverse. They do no I/O and keep no state.
"""

from __future__ import annotations

import json
import re

from overgrow.mapping import translator

# Key order and spacing are those in which PostgreSQL prints jsonb, so the text survives a round trip byte for byte.
_quote = json.JSONEncoder(ensure_ascii=False).encode
_USER, _CODE = re.compile(r"u[0-9]{4}"), re.compile(r"[0-9A-F]{12}")
_STAFF, _SYSTEM, _BATCH = "staff-", "system", "BATCH"
_PARTS = ("line1", "line2", "city", "postcode")


def split_address(address: str | None) -> tuple[str | None, str | None, str | None, str | None]:
    """The four legacy columns of an address; no address means that all four are NULL."""
    if address is None:
        return None, None, None, None
    parts = json.loads(address)
    line1, line2, city, postcode = (parts[name] for name in _PARTS)
    return line1, line2, city, postcode


@translator(inputs=("text", "text", "text", "text"), output="jsonb", inverse=split_address)
def postal_address(addr_1: str | None, addr_2: str | None, city: str | None, zip_code: str | None) -> str | None:
    """One jsonb address from the four columns; NULL when all of them are."""
    if addr_1 is addr_2 is city is zip_code is None:
        return None
    return (
        f'{{"city": {_quote(city)}, "line1": {_quote(addr_1)},'
        f' "line2": {_quote(addr_2)}, "postcode": {_quote(zip_code)}}}'
    )


def legacy_user(name: str | None) -> tuple[str | None]:
    """The legacy user of a staff name."""
    if name is None or name == _SYSTEM:
        return (None if name is None else _BATCH,)
    return (f"u{name.removeprefix(_STAFF)}",)


@translator(inputs=("text",), output="text", inverse=legacy_user)
def staff(user: str | None) -> str | None:
    """Who did it: `u0042` is a person, BATCH the nightly job; anything else is nobody the new system knows."""
    if user is None or user == _BATCH:
        return None if user is None else _SYSTEM
    if not _USER.fullmatch(user):
        raise ValueError(f"no user of the shop: {user!r}")
    return f"{_STAFF}{user[1:]}"


def legacy_code(code: str | None) -> tuple[str | None]:
    """The code without its dashes."""
    return (None if code is None else code.replace("-", ""),)


@translator(inputs=("text",), output="text", inverse=legacy_code)
def voucher_code(code: str | None) -> str | None:
    """Twelve hexadecimal digits in groups of four."""
    if code is None:
        return None
    if not _CODE.fullmatch(code):
        raise ValueError(f"not twelve hexadecimal digits: {code!r}")
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"
