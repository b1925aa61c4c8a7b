"""Names of the new model: plain snake_case made from whatever the legacy database calls its things.

Guarantees: a name made here needs no quotes in PostgreSQL, is not reserved there, is unique in its place and fits.
Never changes a source name. Called by `choosing`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

COLUMN_BYTES = 63
TABLE_BYTES = 48  # a mapping's name is also the end of a temporary table's, which begins with og_expected_
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "þ": "th"})
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"[^a-z0-9]+")
_PLAIN = re.compile(r"[a-z][a-z0-9_]*")
# PostgreSQL's reserved words, those reserved for functions and types, and the columns every table has.
_RESERVED = frozenset(
    """all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
    current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc
    distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral
    leading limit localtime localtimestamp not null offset on only or order placing primary references returning select
    session_user some symmetric system_user table then to trailing true union unique user using variadic when where
    window with authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join
    left like natural notnull outer overlaps right similar tablesample verbose
    tableoid xmin cmin xmax cmax ctid oid""".split()  # noqa: SIM905 - a hundred quoted words would be a page
)


def snake(text: str) -> str:
    """The words of a name in small ASCII letters; empty when it has none."""
    folded = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return _OTHER.sub("_", _HUMPS.sub("_", folded).lower()).strip("_")


def plain(text: str) -> bool:
    """Whether PostgreSQL takes the name without quotes, as it stands."""
    return _PLAIN.fullmatch(text) is not None and text not in _RESERVED


def made(text: str, *, otherwise: str, limit: int) -> str:
    """A plain name for a source name, before it is made unique."""
    words = snake(text) or otherwise
    words = words if words[0].isalpha() else f"{otherwise[0]}_{words}"
    words = f"{words}_" if words in _RESERVED else words
    return words[:limit].rstrip("_") if len(words) > limit else words


def unique(wanted: Iterable[str], *, limit: int) -> list[str]:
    """The wanted names in their order; one that is taken gets a number."""
    taken: set[str] = set()
    given = []
    for name in wanted:
        one, number = name, 1
        while one in taken:
            number += 1
            tail = f"_{number}"
            one = name[: limit - len(tail)].rstrip("_") + tail
        taken.add(one)
        given.append(one)
    return given
