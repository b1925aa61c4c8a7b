"""What a column cannot hold is found before any row: by length, range, precision and NULL; and what can, passes."""

from __future__ import annotations

import pytest

from overgrow.mapping import Translator
from tests.unit.mapping import sample

TRANSLATORS = {
    one.name: one
    for one in (
        Translator(name="plain", function=lambda a: a, inputs=("text",), output="text"),
        Translator(name="short", function=lambda a: a, inputs=("text",), output="varchar(4)"),
    )
}


def _told(value: str | None) -> str:
    return value or ""


def _perhaps(value: str | None) -> str | None:
    return value


def _odd(value: str | None) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821 - what is tested
    return value


TRANSLATORS |= {
    function.__name__: Translator(name=function.__name__, function=function, inputs=("text",), output="text")
    for function in (_told, _perhaps, _odd)
}


def found(source: str, do: str, target: str, *, null: bool = True, where: str = "") -> list[tuple[int, str, str]]:
    """The problems of one field `f`, in line 6 (or 7 behind a filter)."""
    _, problems = sample.build(
        "mapping: t\nversion: 1\nsource: {table: public.t, key: [k]}\ntarget: {table: crm.t, key: [id]}\n"
        f"{where}fields:\n  f: {{from: c, do: {do}}}\n  id: k\non: {{drift: stop, truncate: stop}}\n",
        columns="table: public.t\nkey: [k]\nreplica_identity: full\ncolumns:\n  k: {type: int, nullable: false}\n"
        f'  c: {{type: "{source}", nullable: {str(null).lower()}}}\n',
        target=f"CREATE TABLE crm.t (id int PRIMARY KEY, f {target})",
        translators=TRANSLATORS,
    )
    return [(one.line, one.code, one.message) for one in problems]


# source, do, target, code, what the message names
REFUSED = [
    # length
    ("text", "[]", "varchar(10)", "may-not-fit", "text of any length into varchar(10): end with {max_length: 10}"),
    ("varchar(40)", "[]", "varchar(39)", "may-not-fit", "up to 40 characters"),
    ("varchar(40)", "trim", "char(10)", "may-not-fit", "{max_length: 10}"),
    ("char(3)", "[]", "varchar(2)", "may-not-fit", "up to 3 characters"),
    ("varchar(10)", "upper", "varchar(10)", "may-not-fit", "any length"),  # one letter may become two
    ("varchar(10)", "{normalize: NFC}", "varchar(10)", "may-not-fit", "any length"),
    ("text", "{max_length: 11}", "varchar(10)", "may-not-fit", "up to 11"),
    ("text", "{mask: {keep_last: 4}}", "varchar(10)", "may-not-fit", "any length"),
    ("text", "plain", "varchar(10)", "may-not-fit", "any length"),
    ("text", "short", "varchar(3)", "may-not-fit", "up to 4"),
    ("jsonb", "{pick: a}", "varchar(10)", "may-not-fit", "any length"),
    ("jsonb", "[]", "varchar(10)", "may-not-fit", "give the column the type text"),
    ("uuid", "[]", "varchar(35)", "may-not-fit", "up to 36"),
    ("text", "{hmac: {key: '${env:K}', id: k1}}", "varchar(66)", "may-not-fit", "up to 67"),
    ("text", "{token: {key: '${env:K}', id: k1, prefix: t_}}", "varchar(28)", "may-not-fit", "up to 29"),
    ("varchar(4)", "{default: unknown}", "varchar(4)", "may-not-fit", "up to 7"),
    ("integer", "{cast: text}", "varchar(10)", "may-not-fit", "up to 11"),
    ("numeric(5,2)", "{cast: text}", "varchar(6)", "may-not-fit", "up to 7"),
    ("varchar(9)", "{part: {number: 1, of: 2, separator: ' '}}", "varchar(7)", "may-not-fit", "up to 8"),
    ("varchar(9)", "[{codes: {A: abcdef}}, trim]", "varchar(5)", "may-not-fit", "up to 6"),
    # meanings
    ("char(1)", "{codes: {A: active, I: inactive}}", "varchar(7)", "type-mismatch", "'inactive' is longer"),
    ("char(1)", "{codes: {A: active, I: inactive}}", "char(7)", "type-mismatch", "'inactive' is longer"),
    ("char(1)", "{codes: {table: {A: a}, otherwise: other}}", "varchar(4)", "type-mismatch", "'other'"),
    ("char(1)", "[{codes: {A: a}}, {default: none}]", "varchar(3)", "type-mismatch", "'none'"),
    ("char(1)", "{codes: {A: 1, B: 40000}}", "smallint", "type-mismatch", "40000 does not fit smallint"),
    ("char(1)", "{codes: {A: 1.5, B: 1.25}}", "numeric(4,1)", "type-mismatch", "1.25 does not fit numeric(4,1)"),
    ("char(1)", "{codes: {A: 123456}}", "numeric(6,1)", "type-mismatch", "123456 does not fit numeric(6,1)"),
    # range
    ("bigint", "[]", "integer", "may-not-fit", "end with {cast: integer}"),
    ("integer", "[]", "smallint", "may-not-fit", "from -2147483648 to 2147483647"),
    ("integer", "{default: 3000000000}", "integer", "may-not-fit", "to 3000000000"),
    ("bigint", "[]", "numeric(10,0)", "may-not-fit", "{cast: 'numeric(10,0)'}"),
    ("integer", "[]", "numeric(11,2)", "may-not-fit", "into numeric(11,2)"),
    ("numeric(12,2)", "[]", "numeric(8,2)", "may-not-fit", "up to 10 digits before the point"),
    ("numeric", "{decimal: {scale: 2}}", "numeric(8,2)", "may-not-fit", "any number of digits"),
    ("numeric(30,2)", "{minor_units: 2}", "bigint", "may-not-fit", "{cast: bigint}"),
    ("numeric", "{minor_units: 2}", "bigint", "may-not-fit", "{cast: bigint}"),
    ("numeric(12,2)", "{minor_units: 2}", "integer", "may-not-fit", "{cast: integer}"),
    ("integer", "{minor_units: 2}", "integer", "may-not-fit", "{cast: integer}"),
    ("bigint", "{major_units: 2}", "numeric(18,2)", "may-not-fit", "up to 17 digits"),
    # precision
    ("numeric", "[]", "numeric(12,2)", "type-mismatch", "rounds; say do: {decimal: {scale: 2}}"),
    ("numeric(12,3)", "[]", "numeric(12,2)", "type-mismatch", "rounds"),
    ("numeric(12,2)", "{default: 1.005}", "numeric(14,2)", "type-mismatch", "rounds"),
    ("integer", "{major_units: 3}", "numeric(12,2)", "type-mismatch", "rounds"),
    ("double precision", "[]", "real", "type-mismatch", "rounds; give the column the type double precision"),
    ("timestamp", "[]", "timestamp(3)", "type-mismatch", "rounds; give the column the type timestamp"),
    ("timestamp", "{instant: UTC}", "timestamptz(3)", "type-mismatch", "rounds"),
    ("time", "[]", "time(0)", "type-mismatch", "rounds"),
    ("timestamp(3)", "{sentinels: {infinity: 1999-01-01 00:00:00.0001}}", "timestamp(3)", "type-mismatch", "rounds"),
    # kinds
    ("timestamptz", "[]", "timestamp", "type-mismatch", "say do: {local: ZONE}"),
    ("timestamp", "[]", "timestamptz", "type-mismatch", "say do: {instant: ZONE}"),
    ("timestamp", "[]", "date", "type-mismatch", "say do: {cast: date}"),
    ("date", "[]", "timestamp", "type-mismatch", "say do: {cast: timestamp}"),
    ("double precision", "[]", "numeric(12,2)", "type-mismatch", "say do: {cast: numeric}"),
    ("double precision", "[]", "text", "type-mismatch", "[{cast: numeric}, {cast: text}]"),
    ("integer", "[]", "text", "type-mismatch", "say do: {cast: text}"),
    ("text", "[]", "numeric(8,2)", "type-mismatch", "say do: {cast: 'numeric(8,2)'}"),
    ("char(1)", "[]", "boolean", "type-mismatch", "say do: {bool:"),
    ("text", "[]", "jsonb", "type-mismatch", "say do: json"),
    ("json", "[]", "jsonb", "type-mismatch", "say do: json"),
    ("bytea", "[]", "text", "type-mismatch", "bytea into text"),
    ("numeric(4,0)", "[]", "integer", "type-mismatch", "say do: {cast: integer}"),
]  # fmt: skip
PASSED = [
    ("varchar(40)", "[]", "varchar(40)"),
    ("char(10)", "trim", "varchar(10)"),
    ("varchar(10)", "[]", "char(10)"),
    ("varchar(80)", "[trim, {max_length: 10}]", "varchar(10)"),
    ("varchar(8)", "[{max_length: 20}, squeeze]", "varchar(8)"),
    ("varchar(8)", "{mask: {keep_last: 4}}", "varchar(8)"),
    ("text", "{cast: varchar(8)}", "varchar(8)"),
    ("text", "short", "varchar(4)"),
    ("text", "[]", "varchar"),
    ("text", "[]", "citext"),
    ("uuid", "[]", "varchar(36)"),
    ("text", "{hmac: {key: '${env:K}', id: k1}}", "varchar(67)"),
    ("bigint", "{cast: text}", "varchar(20)"),
    ("numeric(5,2)", "{cast: text}", "varchar(7)"),
    ("date", "{cast: text}", "varchar(13)"),
    ("boolean", "{cast: text}", "char(5)"),
    ("char(1)", "{codes: {A: active}}", "varchar(6)"),
    ("char(1)", "[{codes: {A: active}}, upper, {max_length: 6}]", "varchar(6)"),
    ("varchar(9)", "{part: {number: 1, of: 2, separator: ' '}}", "varchar(8)"),
    ("bigint", "{cast: integer}", "integer"),
    ("smallint", "[]", "bigint"),
    ("boolean", "{cast: integer}", "smallint"),
    ("bigint", "[]", "numeric(19,0)"),
    ("bigint", "[]", "numeric"),
    ("numeric(12,2)", "[]", "numeric(14,4)"),
    ("numeric(18,2)", "{minor_units: 2}", "bigint"),
    ("numeric(30,2)", "[{minor_units: 2}, {cast: bigint}]", "bigint"),
    ("numeric(7,2)", "{minor_units: 2}", "integer"),
    ("bigint", "{major_units: 2}", "numeric(19,2)"),
    ("numeric", "{cast: 'numeric(8,2)'}", "numeric(8,2)"),
    ("numeric(8,3)", "{decimal: {scale: 2}}", "numeric(7,2)"),
    ("real", "[]", "double precision"),
    ("timestamp(3)", "{instant: UTC}", "timestamptz(3)"),
    ("date", "[{cast: timestamp}, {instant: UTC}]", "timestamptz(0)"),
    ("text", "{parse_date: '%Y-%m-%d %H:%M'}", "timestamp(0)"),
    ("jsonb", "[]", "text"),
    ("json", "[]", "json"),
]


@pytest.mark.parametrize(("source", "do", "target", "code", "named"), REFUSED)
def test_what_the_column_cannot_hold_is_one_problem(source: str, do: str, target: str, code: str, named: str) -> None:
    [(line, seen, message)] = found(source, do, target)
    assert (line, seen) == (6, code)
    assert message.startswith("field f: ")
    assert named in message


@pytest.mark.parametrize(("source", "do", "target"), PASSED)
def test_what_it_can_hold_passes(source: str, do: str, target: str) -> None:
    assert found(source, do, target) == []


@pytest.mark.parametrize(("text", "target"), [("123456", "smallint"), ("1.234", "numeric(6,2)"), ("abc", "char(2)")])
def test_constants_are_held_against_the_column_too(text: str, target: str) -> None:
    _, problems = sample.build(
        "mapping: t\nversion: 1\nsource: {table: public.t, key: [k]}\ntarget: {table: crm.t, key: [id]}\n"
        f"fields:\n  id: k\n  f: {{const: '{text}'}}\non: {{drift: stop, truncate: stop}}\n",
        columns="table: public.t\nkey: [k]\nreplica_identity: full\ncolumns:\n  k: {type: int, nullable: false}\n",
        target=f"CREATE TABLE crm.t (id int PRIMARY KEY, f {target})",
    )
    assert [(one.line, one.code) for one in problems] == [(7, "type-mismatch")]
    assert text in problems[0].message


# source, do, nullable at the source, whether NULL may come out
NULLS = [
    (
        "text",
        "[]",
        True,
        "column c can be NULL; end with `required` (a NULL is then a dead letter) or {default: VALUE}",
    ),
    ("text", "[]", False, ""),
    ("text", "required", True, ""),
    ("text", "{default: x}", True, ""),
    ("text", "[trim, {null_if: ''}]", False, "null_if can give NULL"),
    ("text", "[{null_if: ''}, {default: none}]", True, ""),
    ("text", "[{default: ''}, {null_if: ''}]", True, "null_if can give NULL"),
    ("text", "_perhaps", False, "translator _perhaps can give NULL"),
    ("text", "plain", False, "translator plain can give NULL"),  # it has no annotation
    ("text", "_odd", False, "translator _odd can give NULL"),
    ("text", "_told", True, ""),
    ("text", "[_perhaps, required]", True, ""),
    ("text", "{join: {with: x}}", False, ""),
    ("text", "{join: {with: x}}", True, "column c can be NULL"),
]


@pytest.mark.parametrize(("source", "do", "null", "named"), NULLS)
def test_a_null_that_the_column_refuses_is_one_problem(source: str, do: str, *, null: bool, named: str) -> None:
    problems = found(source, do, "text NOT NULL", null=null)
    assert [(line, code) for line, code, _ in problems] == ([(6, "may-be-null")] if named else [])
    assert all(named in message and "crm.t is NOT NULL" in message for *_, message in problems)
    assert found(source, do, "text", null=null) == []


@pytest.mark.parametrize(
    ("source", "do", "named"),
    [
        ("jsonb", "{pick: a}", "pick can give NULL"),
        ("text", "{uuid5: {namespace: 6f1c2a9e-5d1b-4c0e-9a57-0d6f6c1e2b11}}", ""),
        ("date", "{sentinels: {infinity: null}}", "sentinels can give NULL"),
        ("date", "{sentinels: {infinity: 2999-12-31}}", ""),
        ("integer", "{codes: {1: one}}", ""),
    ],
)
def test_words_that_give_null(source: str, do: str, named: str) -> None:
    types = {"uuid5": "uuid", "sentinels": "date"}
    target = next((kind for word, kind in types.items() if word in do), "text")
    problems = found(source, do, f"{target} NOT NULL", null=False)
    assert [code for _, code, _ in problems] == (["may-be-null"] if named else [])
    assert all(named in message for *_, message in problems)


@pytest.mark.parametrize(
    ("where", "passes"),
    [
        ("where: {c: {null: false}}\n", True),
        ("where: {c: x}\n", True),
        ("where: [{c: {in: [x, y]}}, {c: z, k: 1}]\n", True),
        ("where: {c: {not: x}}\n", False),  # NULL is not x
        ("where: [{c: x}, {k: 1}]\n", False),
    ],
)
def test_a_filter_that_keeps_nulls_out_is_enough(where: str, *, passes: bool) -> None:
    problems = found("varchar(9)", "[]", "text NOT NULL", where=where)
    assert [(line, code) for line, code, _ in problems] == ([] if passes else [(7, "may-be-null")])


def test_two_mistakes_of_one_field_are_two_problems() -> None:
    assert [code for _, code, _ in found("text", "[]", "varchar(3) NOT NULL")] == ["may-not-fit", "may-be-null"]


@pytest.mark.parametrize(
    ("source", "do", "target"),
    [
        ("numeric(999999999,2)", "{minor_units: 2}", "bigint"),
        ("numeric(1000,0)", "{minor_units: 18}", "bigint"),
        ("bigint", f"[{', '.join(['{minor_units: 18}'] * 400)}]", "bigint"),
        ("bigint", f"[{', '.join(['{minor_units: 18}'] * 400)}, {{cast: text}}]", "varchar(9)"),
        ("integer", f"[{{default: {'9' * 1000}}}, {{minor_units: 18}}, {{major_units: 1}}]", "numeric(900,1)"),
    ],
)
def test_numbers_beyond_all_bounds_take_no_time(source: str, do: str, target: str) -> None:
    assert [(line, code) for line, code, _ in found(source, do, target)] == [(6, "may-not-fit")]


def test_a_column_wider_than_postgresql_knows_holds_everything() -> None:
    assert found("integer", "[]", "numeric(999999999,2)") == []
