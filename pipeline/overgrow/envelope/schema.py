"""The check of a Connect schema (the part of a JSON message before its payload) against the mapping's columns.

Guarantees: a used column that is gone, retyped or newly nullable, a column nobody mapped or dropped, and a key of other
columns are named stops (`SchemaDrift`), found before a single value of that schema is used. Never looks at values.
Called by the JSON decoder, once per schema it has not seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from overgrow import errors
from overgrow.envelope.types import WireColumn


class Field(msgspec.Struct):
    """One field of a Connect struct, as far as it is checked."""

    type: str
    field: str | None = None
    optional: bool = False
    name: str | None = None
    fields: list[Field] | None = None


_decode = msgspec.json.Decoder(Field).decode

_NEXT = "record the new column list in {where} and adapt the mapping, then run `overgrow check`"


def check_value(topic: str, schema: bytes, columns: Iterable[WireColumn]) -> None:
    """Raise `SchemaDrift` unless the row described by the envelope's `after` is the one the mapping knows."""
    after = next((f for f in parse(topic, schema).fields or () if f.field == "after"), None)
    if after is None or after.fields is None:
        raise errors.DecodeError(f"topic {topic}: the schema is not a Debezium envelope, it has no struct `after`")
    _compare(topic, after.fields, columns, what="column")


def check_key(topic: str, schema: bytes, columns: Iterable[WireColumn]) -> None:
    """Raise `SchemaDrift` unless the key has exactly the mapping's source key columns."""
    fields = parse(topic, schema).fields
    if fields is None:
        raise errors.SchemaDrift(
            f"topic {topic}: the key is not a struct; set key.converter.schemas.enable=true, keep the key unflattened"
        )
    _compare(topic, fields, columns, what="key column")


def parse(topic: str, schema: bytes) -> Field:
    """Read a Connect schema; raise `DecodeError` for anything else."""
    try:
        return _decode(schema)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise errors.DecodeError(f"topic {topic}: the message's schema is not a Connect schema: {error}") from error


def _compare(topic: str, fields: list[Field], columns: Iterable[WireColumn], *, what: str) -> None:
    known = {column.name: column for column in columns}
    found = {field.field: field for field in fields}
    where = f"schemas/source/{'.'.join(topic.split('.')[-2:])}.yaml"
    lines: list[str] = []
    for name, column in known.items():
        if name not in found:
            # A dropped column that goes away changes nothing for the target.
            lines += [f"{what} {name} ({column.type}) is gone"] if column.used else []
        elif column.used:
            lines += _differences(column, found[name], what)
    lines += [
        f"new {what} {name} ({_text(f)}) is neither mapped nor dropped"
        for name, f in found.items()
        if name not in known
    ]
    if lines:
        raise errors.SchemaDrift(f"topic {topic}: {'; '.join(lines)}; {_NEXT.format(where=where)}")


def _differences(column: WireColumn, field: Field, what: str) -> list[str]:
    wire = column.type.wire
    if (field.type, field.name) != (wire.connect, wire.semantic):
        expected = wire.connect if wire.semantic is None else f"{wire.connect} {wire.semantic}"
        return [f"{what} {column.name} was {column.type} ({expected}), now {_text(field)}"]
    if field.optional and not column.nullable:
        return [f"{what} {column.name} was not null, now it can be null"]
    return []


def _text(field: Field) -> str:
    return field.type if field.name is None else f"{field.type} {field.name}"


def is_schemaless(document: Any) -> bool:  # noqa: ANN401 - any JSON document
    """Say whether a message that has no schema is a Debezium envelope of a converter with schemas switched off."""
    if not isinstance(document, dict):
        return False
    return {"op", "source", "after"} <= document.keys() or (
        document.get("schema", 0) is None and isinstance(document.get("payload"), dict)
    )
