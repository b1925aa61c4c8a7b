"""`uuid5`: a surrogate key that anybody can compute again from the legacy key."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from overgrow.envelope import SqlType
from overgrow.mapping import render
from overgrow.mapping.words.step import UUID, OneValue, Step
from overgrow.mapping.words.word import TEXTS, Place, Word, options_schema

_NAMED = TEXTS | {"int", "uuid", "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Uuid5(OneValue):
    """A UUID of version 5 from one column's text, or from the JSON array of several."""

    word: ClassVar[str] = "uuid5"
    takes_row: ClassVar[bool] = True
    sees_null: ClassVar[bool] = True
    gives_null: ClassVar[bool] = True
    namespace: str
    kinds: tuple[str, ...]
    yields: SqlType = UUID
    one_way: str = "a hash"

    def apply(self, value: tuple[Any, ...]) -> str | None:
        """NULL where any part is NULL: it would name another row's key."""
        if any(one is None for one in value):
            return None
        texts = [render.RENDER[kind](one) for kind, one in zip(self.kinds, value, strict=True)]
        name = texts[0] if len(texts) == 1 else json.dumps(texts, separators=(",", ":"), ensure_ascii=False)
        return str(uuid.uuid5(uuid.UUID(self.namespace), name))


def _uuid5(place: Place) -> Step | None:
    found = place.options(("namespace",), needs=("namespace",))
    text = None if found is None else place.text(found["namespace"], what="namespace")
    if text is None:
        return None
    try:
        namespace = str(uuid.UUID(text))
    except ValueError:
        place.problem("bad-argument", f"uuid5: the namespace {text[:60]!r} is no UUID; make one once and keep it")
        return None
    arriving = place.all_arriving or (place.arriving,)
    for one in arriving:
        if one.wire.kind not in _NAMED:
            place.problem("type-mismatch", f"uuid5 takes {', '.join(sorted(_NAMED))}, not {one}")
            return None
    return Uuid5(namespace=namespace, kinds=tuple(one.wire.kind for one in arriving))


WORDS = (
    Word(
        name="uuid5", takes=_NAMED, gives="uuid, or NULL",
        does="A surrogate key that can always be computed again: the UUID (version 5) of the column's text in a "
        "namespace of yours; of several columns, of the JSON array of their texts. NULL if any of them is.",
        back="none: a hash (rows carry the source key)",
        example="{from: [ord_no, line_no], do: {uuid5: {namespace: 6f1c2a9e-5d1b-4c0e-9a57-0d6f6c1e2b11}}}",
        build=_uuid5, schema=options_schema({"namespace": {"type": "string", "format": "uuid"}}), several=True,
    ),
)  # fmt: skip
