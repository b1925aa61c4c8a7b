"""Every word's examples on values: what the reference page shows is what the interpreter gives.

Guarantees: an example that no longer compiles, or a word without a value, is an error where the page is made (and in a
test). The values are invented. Called by the reference page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from overgrow import errors
from overgrow.mapping import catalogue, compiler, ddl, document
from overgrow.mapping.examples import values
from overgrow.mapping.interpret import interpret
from overgrow.mapping.plan import TablePlan
from overgrow.mapping.problems import Problems
from overgrow.mapping.tree import Scalar
from overgrow.mapping.words.word import Outside, Word

COLUMNS: Mapping[str, str] = {
    "cust_nm": "varchar(80)", "iso2": "char(2)", "email": "text", "stat_cd": "char(1)", "ctry": "char(3)",
    "vip_yn": "char(1)", "bal_amt": "numeric(12,2)", "cents": "bigint", "weight": "numeric(10,4)",
    "crt_dt": "timestamp", "sent_at": "timestamptz", "birth_dt": "date", "upd_ts": "timestamptz", "end_dt": "date",
    "ord_dt": "integer", "phone": "varchar(20)", "typ_cd": "char(2)", "old_no": "varchar(12)",
    "price": "double precision", "prefs": "text", "addr_1": "text", "city": "text", "zip": "text", "tags": "text",
    "first_nm": "text", "last_nm": "text", "tax_no": "text", "iban": "text", "card_no": "varchar(19)",
    "ord_no": "text", "line_no": "integer",
}  # fmt: skip
FILES: Mapping[str, str] = {  # by name, whatever their folder
    "status.csv": "code,meaning\nA,active\nI,inactive\n",
    "countries.csv": "iso3,iso2,name\nGBR,GB,United Kingdom\nNOR,NO,Norway\n",
}
KEY = "an example's key"
_CATALOGUE = """\
table: public.legacy
key: [id]
replica_identity: full
columns:
  id: {type: bigint, nullable: false}
"""
_DOCUMENT = """\
mapping: example
version: 1
source: {{table: public.legacy, key: [id]}}
target: {{table: new.rows, key: [id]}}
fields:
  id: id
  value: {example}
drop: [{drop}]
on: {{drift: stop, truncate: stop}}
where: {where}
"""
_TARGETS: Mapping[str, str] = {
    "bool": "boolean", "minor_units": "bigint", "major_units": "numeric", "decimal": "numeric(10,3)",
    "instant": "timestamptz", "local": "timestamp", "date": "date", "timestamp": "timestamptz", "sentinels": "date",
    "parse_date": "date", "cast": "bigint", "json": "jsonb", "pick": "boolean", "nest": "jsonb", "list": "jsonb",
    "uuid5": "uuid",
}  # fmt: skip
# Word to the values its examples are shown with, one tuple of values (one per column of `from`) after the other.
_VALUES: Mapping[str, tuple[tuple[tuple[str | None, ...], ...], ...]] = {
    "trim": ((("  Ann Lee ",),),),
    "squeeze": (((" Ann \t Lee ",),),),
    "upper": ((("gb",),),),
    "lower": ((("Ann@Example.ORG",),),),
    "normalize": ((("Zoe\u0308",),),),
    "max_length": ((("Ann Lee",),),),
    "repair": ((("JosÃ©",), ("José",)),),
    "codes": ((("A",), ("Q",)), (("I",),), (("A",), ("Q",))),
    "lookup": ((("NOR",), ("ZZZ",)),),
    "bool": ((("Y",), ("?",)),),
    "minor_units": ((("12.34",), ("-0.05",)),),
    "major_units": ((("1234",), ("-5",)),),
    "decimal": ((("1.2500",), ("1.2505",)),),
    "instant": (
        (("2019-07-01 12:00:00",), ("2019-10-27 01:30:00",), ("2019-03-31 01:30:00",)),
        (("2019-10-27 01:30:00",), ("2019-03-31 01:30:00",)),
    ),
    "local": ((("2019-07-01 11:00:00+00",),),),
    "date": ((("1984-02-29",),),),
    "timestamp": ((("2024-06-30 12:00:00.5+00",),),),
    "sentinels": ((("9999-12-31",), ("2024-12-31",)),),
    "parse_date": ((("20240229",), ("20240230",), ("0",)),),
    "null_if": ((("",), ("0113 496 0000",)),),
    "default": (((None,), ("PR",)),),
    "required": ((("ann@example.org",), (None,)),),
    "cast": ((("0042",), ("42a",)), (("12.5",), ("12.345",))),
    "json": ((('{"mail": true}',), ("{mail: true}",)),),
    "pick": ((('{"mail": {"weekly": true}}',), ('{"mail": {}}',)),),
    "nest": ((("7 Mill Road", "Leeds", None), (None, None, None)),),
    "list": ((("red,blue",), ("",)),),
    "join": ((("Ann", "Lee"), ("Ann", None)),),
    "part": ((("Ann Mary Lee",), ("Ann",)),),
    "hmac": ((("GB123456789",),),),
    "token": ((("GB82WEST12345698765432",),),),
    "mask": ((("4929123456781234",), ("123",)),),
    "uuid5": ((("A-17", "3"), ("A-17", None)),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an example makes of some values; `refused`: the cause of a dead letter."""

    given: tuple[str | None, ...]
    gives: str | None = None
    refused: str = ""


def shown(word: Word) -> list[tuple[str, tuple[Shown, ...]]]:
    """The word's examples with what they make of values."""
    listed = word.example.splitlines()
    return [
        (example, tuple(_one(plan(word, example), given) for given in rows))
        for example, rows in zip(listed, _VALUES[word.name], strict=True)
    ]


def plan(word: Word, example: str) -> TablePlan:
    """The mapping of which the example is a field; LookupError with the problems if it does not compile."""
    return _compiled(example, target=_TARGETS.get(word.name, "text"), what=word.name)


def sql(where: str) -> str:
    """What a filter is in SQL."""
    return _compiled("cust_nm", where=where, what="where").where_sql


def _compiled(field: str, *, what: str, target: str = "text", where: str = "{id: {null: false}}") -> TablePlan:
    problems = Problems(f"the example of {what}")
    found = document.read(_DOCUMENT.format(example=field, drop="", where=where), problems)
    assert found is not None, problems.found  # noqa: S101 - the document is this module's own
    used = {name.text for name in found.fields[1].inputs} | {one.column.text for group in found.where for one in group}
    found.drop = tuple(Scalar(text=name, line=1) for name in COLUMNS if name not in used)
    listed = "".join(f"  {name}: {{type: '{of}', nullable: true}}\n" for name, of in COLUMNS.items())
    source = catalogue.read(_CATALOGUE + listed, problems, table="public.legacy")
    (table,) = ddl.read(f"CREATE TABLE new.rows (id bigint PRIMARY KEY, value {target});", problems)
    assert source is not None, problems.found  # noqa: S101 - likewise
    around = compiler.Surroundings(
        context="example",
        translators={},
        source=source,
        target=table,
        text=field,
        outside=Outside(read=lambda path: FILES[path.rpartition("/")[2]], secret=lambda _: KEY.encode()),
    )
    made = compiler.compile_mapping(found, around, problems)
    if made is None:
        raise LookupError("; ".join(map(str, problems.found)))
    return made


def _one(table: TablePlan, given: tuple[str | None, ...]) -> Shown:
    field = table.fields[1]
    types = {column.name: column.type for column in table.columns}
    row = {
        name: None if text is None else values.parse(text, types[name])
        for name, text in zip(field.inputs, given, strict=True)
    }
    try:
        made = interpret(table, {"id": 1, **row})
    except errors.TranslationError as error:
        return Shown(given=given, refused=error.cause)
    assert isinstance(made, dict)  # noqa: S101 - the examples have no filter
    return Shown(given=given, gives=made["value"])
