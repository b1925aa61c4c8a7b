"""The words of the shop's rows, one repertoire for each encoding the legacy database may have.

Guarantees: every text of `LATIN1` can be stored in a LATIN1 database, and has characters whose bytes differ there from
UTF-8. Never asks a database. Read by `data`, chosen by `seed` and `writer`.
"""

from __future__ import annotations

from dataclasses import dataclass

# Every text a legacy column may hold and a pipeline may break on; the last but two is Debezium's default placeholder.
HOSTILE = (
    "tab\there",
    "line\nbreak",
    "CR\r\nLF",
    "back\\slash\\",
    "\\N",
    "\\.",
    "NULL",
    'O\'Neil "the quote"',
    "\U0001f600 \U0001f469\u200d\U0001f4bb",
    "שלום עולם",
    "مرحبا\u202eabc\u202c",
    "Ünïcödé \ufeff\u2028\u2029",
    "e\u0301 é",
    "\x01\x1f\x7f",
    '{"a": 1}',
    "${env:HOME}",
    "__debezium_unavailable_value",
    "",
    "  padded  ",
)
_LATIN1_ONLY = (
    "Straße £5 ½ ÿ",
    "Grüße, naïve façade à la carte",
    "Ã¼ is ü read twice",
    "hard\xa0space, soft\xadhyphen",
    "control \x80\x85\x9f",
)


def in_latin1(text: str) -> bool:
    """Whether a LATIN1 database can hold it."""
    return all(ord(character) <= 0xFF for character in text)  # noqa: PLR2004 - its last character


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What names, places and free texts are made of; `note` is a JSON value of a customer's preferences."""

    hostile: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[str, ...]
    words: tuple[str, ...]
    json_values: tuple[str, ...]


UNICODE = Texts(
    hostile=HOSTILE,
    first=("Anna", "Bo", "Chloë", "David", "Eszter", "François", "Grace", "Håkon", "Iñaki", "Jürgen", "Zoë"),
    last=("Smith", "Müller", "O'Brien", "García", "Šimek", "Nguyen", "van der Berg", "Çelik", "Łukasik"),
    streets=("High Street", "Königsallee", "Rue de l'Église", "Back Lane", "Mill Road", "Station Approach"),
    cities=("London", "Leeds", "Köln", "Łódź", "Saint-Étienne", "Bath", "Aberystwyth"),
    words=("call", "before", "noon", "fragile", "VIP", "Lieferung", "später", "invoice", "by", "post", "ring", "twice"),
    json_values=('"plain"', '"tab\\t quote\\" back\\\\slash"', '"\\u00e9 😀"', "null", "[1, 2.50, {}]"),
)
LATIN1 = Texts(
    hostile=(*filter(in_latin1, HOSTILE), *_LATIN1_ONLY),
    first=("Anna", "Bo", "Chloë", "David", "Zoé", "François", "Grace", "Håkon", "Iñaki", "Jürgen", "Bärbel"),
    last=("Smith", "Müller", "O'Brien", "García", "Weiß", "Nguyen", "van der Berg", "Ångström", "Groß"),
    streets=("High Street", "Königsallee", "Rue de l'Église", "Back Lane", "Große Straße", "Station Approach"),
    cities=("London", "Leeds", "Köln", "Málaga", "Saint-Étienne", "Bath", "Aberystwyth"),
    words=(
        "call",
        "before",
        "noon",
        "fragile",
        "£5 off",
        "Lieferung",
        "später",
        "invoice",
        "by",
        "post",
        "ring",
        "café",
    ),
    json_values=('"plain"', '"tab\\t quote\\" back\\\\slash"', '"\\u00e9 £"', "null", "[1, 2.50, {}]"),
)
BY_ENCODING = {"LATIN1": LATIN1}


def fitting(encoding: str | None) -> Texts:
    """The repertoire for a database of this encoding, as PostgreSQL names it."""
    return BY_ENCODING.get(encoding or "", UNICODE)
