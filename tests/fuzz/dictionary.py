"""What mutations are made of: the language's own words, and what trips programs up."""

from __future__ import annotations

import re
import zoneinfo

import yaml

from overgrow.envelope.types import WIRES
from overgrow.mapping import document
from overgrow.mapping.words import WORDS
from tests.property.rows import KINDS
from tests.unit.mapping import sample

LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")

STRUCTURE = [
    *"{}[]:,'\"#|>~?!&*%@`-",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "---\n",
    "...\n",
    "null",
    "true",
    "no",
    "0777",
    "1e3",
]
YAML = [
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!python/object/apply:os.abort []",
    "!!binary ",
    "%YAML 1.1\n---\n",
    "? ",
    "|\n  x",
]
NAMES = [
    "public.kunde",
    "crm.customers",
    "_og_off",
    "id",
    "kd_nr",
    "..",
    "/etc/passwd",
    "/dev/zero",
    "../x",
    "${env:HOME}",
]
NUMBERS = [
    "0",
    "-1",
    "1_000",
    "1e999999",
    "0x10",
    ".5",
    "-0.0",
    "99999999999999999999",
    "9" * 400,
    "\uff11\uff12",
    "NaN",
]
UNICODE = [
    "\ufeff",
    "\u2028",
    "\x85",
    "\u202e",
    "e\u0301",
    "\U0001f600",
    "\xa0",
    "\0",
    "\x7f",
    "\u200d",
    '"\\ud800"',
    '"\\0"',
]
EVIL = [
    "(.*.*)*x",
    "(a+)+$",
    "a" * 300,
    "--",
    "/*",
    "$$",
    ";",
    "'",
    "E'\\'",
    "CREATE TABLE x (a int",
    "DROP TABLE x;",
    "\\N",
    "\\.",
]


def _do(example: str) -> list[str]:
    """The `do` of each line of a word's example, in one line of YAML."""
    found = []
    for line in example.splitlines():
        field = yaml.safe_load(line)
        if isinstance(field, dict) and "do" in field:
            found.append(_flow(field["do"]))
    return found


def _flow(node: object) -> str:
    text = yaml.safe_dump(node, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...").strip()


# `do` texts by type of source column, of every word: those of the property tests, and the words' own examples.
EXAMPLES = [text for word in WORDS.values() for text in _do(word.example)]
CHAINS = sorted({chain for _, chains in KINDS.values() for chain in chains} | set(EXAMPLES))
_OPTIONS = sorted({token for word in WORDS.values() for token in re.findall(r"[a-z_]{3,}", repr(word.schema))})
_ENTRIES = re.findall(r"[a-z_]+", sample.MAPPING)
_KEYS = {*_ENTRIES, *document.RELATIONS, *document.DECLARABLE}
WORD_TOKENS = sorted({*WORDS, *_OPTIONS, *_KEYS, *WIRES, "pair", "shout", "wrong"})
WORD = re.compile(r"\w+")
ZONES = sorted(zoneinfo.available_timezones())[::40]
PLAIN: list[str] = [
    *WORD_TOKENS,
    *ZONES,
    *NAMES[:6],
    "0",
    "1",
    "-1",
    "2",
    "80",
    "A",
    "x",
    "''",
    "9999-12-31",
    "infinity",
    "''\\ud800''",
]
TOKENS: list[str] = [*WORD_TOKENS * 2, *ZONES, *STRUCTURE * 2, *YAML, *NAMES, *NUMBERS, *UNICODE, *EVIL, *CHAINS]

BYTES = [
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"null",
        b"true",
        b"-",
        b"0",
        b"1e999",
        b"\xff",
        b"\xed\xa0\x80",
        b"\0",
    ),
    *(
        b"\\ud800",
        b"\\u0000",
        b"\\",
        b"\xef\xbb\xbf",
        b"[" * 50,
        b'"after":',
        b'"payload":',
        b'{"schema":',
        b'"op":"t"',
    ),
    *(
        b"9" * 400,
        b"-9223372036854775809",
        b" ",
        b"\n",
        b"NaN",
        b"Infinity",
        b'"lsn":null',
        b"}}",
        b"\xc3",
        b"\\uD83D\\uDE00",
    ),
]
