"""Words on personal data: keyed hashes, tokens, masks. A key is a reference, never written in a mapping."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from overgrow import errors
from overgrow.envelope import SqlType
from overgrow.mapping import render
from overgrow.mapping.words.step import TEXT, OneValue, Step
from overgrow.mapping.words.word import TEXT_ARGUMENT, TEXTS, Place, Word, options_schema, whole

_HASHED = TEXTS | {"int", "uuid", "date", "numeric"}
_REFERENCE = re.compile(r"\$\{(?:env:[A-Za-z_][A-Za-z0-9_]*|file:[^{}\0]+)\}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_TOKEN_BYTES = 15  # 120 bits: 24 characters of base32
_SHORTEST_KEY = 16  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A secret by its reference; its bytes are asked for when the first value comes, and kept."""

    reference: str
    id: str
    secret: Callable[[str], bytes] = field(compare=False, repr=False)

    def digest(self, text: str) -> bytes:
        """HMAC-SHA-256 of a text."""
        found = self.secret(self.reference)
        if len(found) < _SHORTEST_KEY:
            why = f"the key {self.reference} has {len(found)} bytes, it needs {_SHORTEST_KEY} at least"
            raise errors.ConfigurationError(why)
        return hmac.digest(found, text.encode(), hashlib.sha256)

    def describe(self) -> dict[str, object]:
        """For printing: never the key."""
        return {"key": self.reference, "id": self.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hmac(OneValue):
    """`id:` and the hexadecimal digits of a keyed hash: equal values stay equal, nobody without the key can guess."""

    word: ClassVar[str] = "hmac"
    key: Key
    kind: str
    yields: SqlType = TEXT
    one_way: str = "a keyed hash"

    def apply(self, value: object) -> str:
        """Hash the value's text."""
        return f"{self.key.id}:{self.key.digest(render.RENDER[self.kind](value)).hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(OneValue):
    """A short name that stands for a value: prefix, key id, 24 characters of a keyed hash."""

    word: ClassVar[str] = "token"
    key: Key
    prefix: str
    kind: str
    yields: SqlType = TEXT
    one_way: str = "a keyed hash"

    def apply(self, value: object) -> str:
        """120 bits of the hash: two of a thousand million values meet with a chance of one in 10**18."""
        digest = self.key.digest(render.RENDER[self.kind](value))
        return f"{self.prefix}{self.key.id}_{base64.b32encode(digest[:_TOKEN_BYTES]).decode().lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask(OneValue):
    """Stars, but for some characters at one end; a text that is not longer than those is all stars."""

    word: ClassVar[str] = "mask"
    keep_first: int
    keep_last: int
    yields: SqlType
    one_way: str = "what is behind the mask is gone"

    def apply(self, value: str) -> str:
        """As many stars as characters are hidden."""
        hidden = len(value) - self.keep_first - self.keep_last
        if hidden <= 0:
            return "*" * len(value)
        return value[: self.keep_first] + "*" * hidden + value[len(value) - self.keep_last :]


def _key(place: Place, *also: str) -> tuple[Key, dict[str, str]] | None:
    """The options key and id, and the text of others that are given."""
    found = place.options(("key", "id", *also), needs=("key", "id"))
    if found is None:
        return None
    reference, name = place.text(found["key"], what="key"), place.text(found["id"], what="id")
    if reference is None or name is None:
        return None
    if not _REFERENCE.fullmatch(reference):
        message = "a key is a reference, ${env:NAME} or ${file:PATH}; it is never written in a mapping"
        place.problem("literal-secret", f"{place.word}: {message}")
        return None
    if not _ID.fullmatch(name):
        place.problem(
            "bad-argument", f"{place.word}: id is up to 32 letters, digits, - and _: it names the key's version"
        )
        return None
    texts = {one: place.text(found[one], what=one) or "" for one in also if one in found}
    return Key(reference=reference, id=name, secret=place.outside.secret), texts


def _hmac(place: Place) -> Step | None:
    found = _key(place)
    return None if found is None else Hmac(key=found[0], kind=place.arriving.wire.kind)


def _token(place: Place) -> Step | None:
    found = _key(place, "prefix")
    if found is None:
        return None
    return Token(key=found[0], prefix=found[1].get("prefix", ""), kind=place.arriving.wire.kind)


def _mask(place: Place) -> Step | None:
    found = place.options(("keep_first", "keep_last"))
    if found is None:
        return None
    kept = [place.number(found[name], low=0, high=100, what=name) if name in found else 0 for name in _KEPT]
    if None in kept:
        return None
    size = place.arriving.size
    yields = TEXT if size is None else SqlType(name="varchar", size=size)
    return Mask(keep_first=kept[0] or 0, keep_last=kept[1] or 0, yields=yields)


_KEPT = ("keep_first", "keep_last")
_KEY = {"key": {"type": "string", "pattern": r"^\$\{(env|file):.+\}$"}, "id": TEXT_ARGUMENT}

WORDS = (
    Word(
        name="hmac", takes=_HASHED, gives="text",
        does="A keyed hash (HMAC-SHA-256): `id:` and 64 hexadecimal digits. Equal values stay equal, also across "
        "tables; nobody without the key can guess them. `key` is a reference, `id` names the key's version.",
        back="none", example="{from: tax_no, do: {hmac: {key: '${env:PII_KEY}', id: k1}}}", build=_hmac,
        schema=options_schema(_KEY),
    ),
    Word(
        name="token", takes=_HASHED, gives="text",
        does="A short name that stands for the value: prefix, key id and 24 characters of a keyed hash.",
        back="none", example="{from: iban, do: {token: {key: '${env:PII_KEY}', id: k1, prefix: acct_}}}", build=_token,
        schema=options_schema(_KEY, {"prefix": TEXT_ARGUMENT}),
    ),
    Word(
        name="mask", takes=TEXTS, gives="text",
        does="Stars, but for some characters at an end; a text that is not longer than those is all stars.",
        back="none", example="{from: card_no, do: {mask: {keep_last: 4}}}", build=_mask,
        schema=options_schema({}, {name: whole(0, 100) for name in _KEPT}),
    ),
)  # fmt: skip
