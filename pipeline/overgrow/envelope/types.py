"""PostgreSQL column types: how Debezium sends each one, and the SQL that reads the same wire value from the source.

Guarantees: a type of this table means exactly one wire form (decimals and intervals as text, binary as bytes, times in
microseconds, JSON with schemas). Never guesses: a type that is not here is refused by name. Called by the mapping
compiler (catalogue and translators) and by the JSON decoder (schema check).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TYPE = re.compile(
    r"([a-z][a-z0-9 ]*?) ?(?:\( ?([0-9]{1,9}) ?(?:, ?([0-9]{1,9}) ?)?\))? ?(without time zone|with time zone)?"
)
_LONGEST = 200  # characters; the expression above tries as many ways as their square

_ALIASES = {
    "int2": "smallint",
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "character": "char",
    "bpchar": "char",
    "character varying": "varchar",
    "decimal": "numeric",
    "float4": "real",
    "float8": "double precision",
    "double": "double precision",
}

_FINITE = "case when isfinite({c}) then %s when {c} = 'infinity' then %s when {c} = '-infinity' then %s end"
_NUMERIC = (
    "case {c}::text when 'NaN' then 'NAN' when 'Infinity' then 'POSITIVE_INFINITY'"
    " when '-Infinity' then 'NEGATIVE_INFINITY' else {c}::text end"
)
_UTC = "({c} at time zone 'UTC')"
_ERA = f"case when {_UTC} < timestamp '0001-01-01' then ' BC' else '' end"
_ISO_UTC = f'to_char({_UTC}, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') || {_ERA}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How one PostgreSQL type travels: Connect type and semantic name, Python type, SQL twin, family of values."""

    connect: str
    semantic: str | None
    python: type | tuple[type, ...]
    sql: str
    kind: str
    toastable: bool = False


def _wire(kind: str, connect: str, python: type | tuple[type, ...], sql: str = "{c}", semantic: str = "") -> Wire:
    return Wire(
        connect=connect,
        semantic=semantic or None,
        python=python,
        sql=sql,
        kind=kind,
        toastable=kind in {"text", "char", "numeric", "json", "jsonb", "bytes"},
    )


WIRES: dict[str, Wire] = {
    "smallint": _wire("int", "int16", int),
    "integer": _wire("int", "int32", int),
    "bigint": _wire("int", "int64", int),
    "boolean": _wire("bool", "boolean", bool),
    # A cast to text would strip the padding that Debezium keeps.
    "char": _wire("char", "string", str),
    "varchar": _wire("text", "string", str),
    "text": _wire("text", "string", str),
    "numeric": _wire("numeric", "string", str, _NUMERIC),
    "date": _wire(
        "date",
        "int32",
        int,
        _FINITE % ("({c} - date '1970-01-01')", "2147483647", "-2147483648"),
        "io.debezium.time.Date",
    ),
    "timestamp": _wire(
        "timestamp",
        "int64",
        int,
        _FINITE % ("(extract(epoch from {c}) * 1000000)::bigint", "9223372036854775807", "-9223372036854775808"),
        "io.debezium.time.MicroTimestamp",
    ),
    "timestamptz": _wire(
        "timestamptz",
        "string",
        str,
        _FINITE % (_ISO_UTC, "'infinity'", "'-infinity'"),
        "io.debezium.time.ZonedTimestamp",
    ),
    "time": _wire("time", "int64", int, "(extract(epoch from {c}) * 1000000)::bigint", "io.debezium.time.MicroTime"),
    "json": _wire("json", "string", str, "{c}::text", "io.debezium.data.Json"),
    "jsonb": _wire("jsonb", "string", str, "{c}::text", "io.debezium.data.Json"),
    "uuid": _wire("uuid", "string", str, "{c}::text", "io.debezium.data.Uuid"),
    "bytea": _wire("bytes", "bytes", bytes),
    # NaN and the infinities arrive as JSON strings. Shortest text, then double: equal to the float Debezium prints.
    "real": _wire("float", "float", (float, str), "{c}::text::float8"),
    "double precision": _wire("float", "double", (float, str)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlType:
    """A PostgreSQL type by its canonical name with its length or precision and scale."""

    name: str
    size: int | None = None
    scale: int | None = None

    @classmethod
    def parse(cls, text: str) -> SqlType | None:
        """Read a type as PostgreSQL prints it or as people write it; None when it is no type of the table."""
        match = _TYPE.fullmatch(" ".join(text.lower().split())) if len(text) <= _LONGEST else None
        if match is None:
            return None
        base, size, scale, zone = match.groups()
        name = _ALIASES.get(base, base)
        if zone == "with time zone":
            name += "tz"
        if name not in WIRES:
            return None
        number = int(size) if size else None
        if name == "char" and number is None:
            # The language's `char` is char(1); the catalogue prints `bpchar` for the unlimited one.
            number = None if base == "bpchar" else 1
        return cls(name=name, size=number, scale=int(scale) if scale else None)

    @property
    def wire(self) -> Wire:
        """How this type travels."""
        return WIRES[self.name]

    def __str__(self) -> str:
        if self.size is None:
            return self.name
        return f"{self.name}({self.size})" if self.scale is None else f"{self.name}({self.size},{self.scale})"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireColumn:
    """One source column as the decoder must meet it. Columns that are not `used` are known and skipped.

    An event may leave out the unchanged value of a `large` one and send the placeholder instead.
    """

    name: str
    type: SqlType
    nullable: bool
    used: bool = True
    key: bool = False
    large: bool = False

    @property
    def select(self) -> str:
        """The SQL expression that reads this column's wire value from the source."""
        return self.type.wire.sql.replace("{c}", quote(self.name))


def quote(name: str) -> str:
    """A PostgreSQL identifier, quoted."""
    return '"' + name.replace('"', '""') + '"'
