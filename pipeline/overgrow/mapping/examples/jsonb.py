"""JSON as PostgreSQL keeps it in a jsonb column and prints it again.

Guarantees: two documents that PostgreSQL calls equal have one text here, apart from the scale of their numbers. Refuses
what jsonb cannot hold. Never sees a float. Called by `values` and `trips`.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

_quote = json.JSONEncoder(ensure_ascii=False).encode
_LARGEST, _FINEST = 131_072, 16_383  # digits before and behind the point that a numeric can hold


def canonical(text: str) -> str:
    """Keys by length, then by bytes, the last of equal ones; one blank after each comma and colon; plain numbers."""
    try:
        value = json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_refuse)
        printed = _print(value)
        printed.encode()
    except UnicodeEncodeError:
        raise ValueError("the JSON holds half a surrogate pair, which jsonb cannot store") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    return printed


def _print(value: Any) -> str:  # noqa: ANN401 - any JSON value
    match value:
        case dict():
            ordered = sorted(value.items(), key=lambda one: _order(one[0]))
            return "{" + ", ".join(f"{_string(key)}: {_print(one)}" for key, one in ordered) + "}"
        case list():
            return "[" + ", ".join(map(_print, value)) + "]"
        case str():
            return _string(value)
        case Decimal():
            return format(value, "f") if value else format(value.copy_abs(), "f")
        case _:
            return _quote(value)  # true, false, null


def _order(key: str) -> tuple[int, bytes]:
    written = key.encode()
    return len(written), written


def _string(value: str) -> str:
    if "\0" in value:
        raise ValueError("the JSON holds an escaped NUL character, which jsonb cannot store")
    return _quote(value)


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("1e999999")
    exponent = number.as_tuple().exponent
    if number.adjusted() > _LARGEST or (isinstance(exponent, int) and exponent < -_FINEST):
        raise ValueError(f"{text[:40]} does not fit a PostgreSQL numeric")
    return number


def _refuse(word: str) -> Any:  # noqa: ANN401 - never returns
    raise ValueError(f"not JSON: {word} is no JSON number")
