from __future__ import annotations

from collections.abc import Mapping

import pytest

from overgrow import errors
from overgrow.draft import chosen
from overgrow.draft.choosing import choose
from overgrow.draft.facts import Table
from overgrow.draft.pages.project import pattern
from overgrow.mapping.connector import Connector
from tests.unit.draft.legacy import column, database, drafted, table

REFUSED: Mapping[str, Table] = {
    "no primary key": table("t", column("a", "text"), key=()),
    "a view": table("t", kind="v"),
    "a foreign table": table("t", kind="f"),
    "a materialized view": table("t", kind="m"),
    "a partitioned table": table("t", kind="p"),
    "a partition": table("t", partition=True),
    "other tables inherit": table("t", inherited=True),
    "unlogged": table("t", unlogged=True),
    "extension postgis": table("t", extension="postgis"),
    "may not read": table("t", readable=False),
    "holds a dot": table("t", schema="a.b"),
    "a slash": table("../etc"),
    "begins or ends with a quotation mark": table('t"'),
    "key column k: this version cannot carry its type, interval": table("t", column("k", "interval"), key=("k",)),
    "key column k: numeric(8,2) cannot be a key": table("t", column("k", "numeric(8,2)"), key=("k",)),
    "key column k: it is computed": table("t", column("k", "integer", generated=True), key=("k",)),
    'key column a"b: this version cannot read': table("t", column('a"b', "integer"), key=('a"b',)),
    "sends nothing of old rows": table("t", identity="nothing"),
    "names another index": table("t", identity="index"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_come_along_stays_behind_with_its_reason(reason: str) -> None:
    (refused,) = choose(database(REFUSED[reason])).refused
    assert reason in refused.reason


def test_a_database_without_a_table_to_map_is_refused_with_the_reasons() -> None:
    with pytest.raises(errors.ConfigurationError, match="no primary key"):
        chosen(database(REFUSED["no primary key"]))
    with pytest.raises(errors.ConfigurationError, match="it has no tables"):
        chosen(database())


def test_tables_of_one_name_in_two_schemas_take_the_schema_into_theirs() -> None:
    made = choose(database(table("orders", schema="hr"), table("orders", schema="sales"), table("cust")))
    assert [one.target for one in made.mapped] == ["hr_orders", "sales_orders", "cust"]


def test_two_topics_that_kafka_would_take_for_one_are_not_both_made() -> None:
    made = choose(database(table("a b"), table("a_b"), table("b_orders", schema="eu"), table("orders", schema="eu_b")))
    assert [one.table.full_name for one in made.mapped] == ["public.a b", "eu.b_orders"]
    assert ["public.a b" in made.refused[0].reason, "eu.b_orders" in made.refused[1].reason] == [True, True]


@pytest.mark.parametrize(
    ("kind", "identity", "recorded"),
    [
        ("text", "default", "full"),
        ("text", "full", "full"),
        ("character varying(500)", "default", "full"),
        ("character varying(20)", "default", "default"),
        ("bigint", "default", "default"),
    ],
)
def test_a_key_that_can_be_large_needs_whole_rows(kind: str, identity: str, recorded: str) -> None:
    (made,) = choose(database(table("t", column("k", kind, nullable=False), key=("k",), identity=identity))).mapped
    assert made.identity == recorded


def test_columns_that_cannot_be_carried_are_dropped() -> None:
    odd = [
        column("iv", "interval"),
        column("ar", "integer[]"),
        column("gen", "integer", generated=True),
        column('q"', "text"),
    ]
    (made,) = choose(database(table("t", *odd, column("ok", "text")))).mapped
    assert [one.name for one in made.dropped] == ["iv", "ar", "gen", 'q"']
    assert [one.name for one in made.fields] == ["id", "ok"]


NAMES = [
    "public.a",
    "public.A",
    "public.a,b",
    " x.y z",
    "public.a(b)",
    "public.a\\d",
    'public.q"q',
    "public.ü$",
    "public.[x]",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_connector_takes_each_table_and_no_other(name: str) -> None:
    listed = Connector(name="c", config={"table.include.list": pattern(name, NAMES)})
    assert [one for one in NAMES if listed.captures(one)] == [name]


def test_a_topic_has_the_name_debezium_gives_it() -> None:
    named = Connector(name="c", config={"topic.prefix": "crm"})
    assert named.topic("public.Web Log") == "crm.public.Web_Log"
    assert named.topic("public.a-b.ü\U0001f600") == "crm.public.a-b.___"


def test_settings_name_refused_tables_as_they_are() -> None:
    draft = drafted(table("kept"), table("Web Log: all", column("a", "text"), key=()))
    assert '    "public.Web Log: all": ' in draft.files["overgrow.yaml"]
