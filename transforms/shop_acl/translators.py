"""Translations that only the shop knows; pure functions over column values, named in the mappings.

Each states its inputs, its output type and, where one exists, its inverse. They do no I/O and keep no state.
"""

from __future__ import annotations

import json

from overgrow.mapping import translator

# Key order and spacing are those in which PostgreSQL prints jsonb, so the text survives a round trip byte for byte.
_quote = json.JSONEncoder(ensure_ascii=False).encode
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
