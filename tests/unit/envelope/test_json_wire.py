"""Recorded Debezium 3.7.0 messages decode to exact values; another schema is a named stop; other bytes are poison."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overgrow import errors
from overgrow.envelope import JsonWire, SqlType, WireColumn
from overgrow.mapping import RowCodec
from tests.unit.mapping import sample

RECORDED = Path(__file__).parents[2] / "golden" / "envelopes" / "debezium-3.7.0-postgresql.jsonl"
MESSAGES = {one["name"]: one for one in map(json.loads, RECORDED.read_text("utf-8").splitlines())}
TOPIC = "leg.public.kunde"


def value(name: str) -> bytes:
    return str(MESSAGES[name]["value"]).encode()


def key(name: str) -> bytes:
    return str(MESSAGES[name]["key"]).encode()


@pytest.fixture(scope="module")
def codec() -> RowCodec:
    return RowCodec(sample.plan(), placeholder=sample.PLACEHOLDER)


@pytest.fixture
def wire(codec: RowCodec) -> JsonWire:
    return JsonWire(
        TOPIC,
        row_type=codec.row_type,
        key_type=codec.key_type,
        columns=codec.columns,
    )


def altered(name: str, change: Callable[[dict[str, Any]], None], *, part: str = "value") -> bytes:
    message = json.loads(MESSAGES[name][part])
    change(message)
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def after_fields(message: dict[str, Any]) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = next(f for f in message["schema"]["fields"] if f["field"] == "after")["fields"]
    return fields


def field(message: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in after_fields(message) if one["field"] == name)


@pytest.mark.parametrize("repeat", [1, 2])  # the second time the schema is known and cut off unread
def test_an_insert_gives_exact_values(wire: JsonWire, repeat: int) -> None:
    event = [wire.value(value("insert-0")) for _ in range(repeat)][-1]
    assert event.op == "c"
    assert (event.source.lsn, event.source.txId, event.source.snapshot) == (34086864, 790, "false")
    assert event.source.ts_us == 1795501001681414
    row = event.after
    assert (row.kd_nr, row.name, row.saldo, row.aktiv) == (20001, "Müller & Söhne €", "-12.50", True)
    assert (row.angelegt, row.geaendert) == (1709251199999999, "2024-02-29T18:29:59.999999Z")
    assert not hasattr(row, "dauer")


def test_a_delete_has_no_row_and_a_real_key(wire: JsonWire) -> None:
    event = wire.value(value("delete-0"))
    assert (event.op, event.after) == ("d", None)
    assert wire.key(key("delete-0")).kd_nr == 20002
    assert wire.key(key("pk-change-2")).kd_nr == wire.value(value("pk-change-2")).after.kd_nr


def test_an_unchanged_large_value_is_seen(wire: JsonWire, codec: RowCodec) -> None:
    raw = value("update-toast-unchanged-0")
    assert codec.absent(wire.value(raw).after) == {"notiz"}
    assert not codec.absent(wire.value(value("insert-0")).after)


def test_an_unchanged_bytea_is_seen_in_its_base64_form(wire: JsonWire, codec: RowCodec) -> None:
    mark = base64.b64encode(sample.PLACEHOLDER.encode()).decode()
    raw = altered("insert-0", lambda m: m["payload"]["after"].update(foto=mark))
    assert codec.absent(wire.value(raw).after) == {"foto"}


def test_every_recorded_message_of_the_table_decodes(wire: JsonWire) -> None:
    names = [name for name, one in MESSAGES.items() if one["topic"] == TOPIC and one["value"]]
    assert len(names) >= 7
    for name in names:
        row = json.loads(MESSAGES[name]["value"])["payload"]["after"]
        after = wire.value(value(name)).after
        assert (after is None) == (row is None)
        if row is not None:
            assert (after.kd_nr, after.notiz, after.attrs) == (row["kd_nr"], row["notiz"], row["attrs"])
            assert after.foto == (None if row["foto"] is None else base64.b64decode(row["foto"]))


def drift(wire: JsonWire, raw: bytes) -> str:
    with pytest.raises(errors.SchemaDrift) as stop:
        wire.value(raw)
    assert TOPIC in str(stop.value)
    return str(stop.value)


def test_a_renamed_column_is_drift_even_when_the_old_schema_is_known(wire: JsonWire) -> None:
    wire.value(value("insert-0"))

    def rename(message: dict[str, Any]) -> None:
        field(message, "saldo")["field"] = "kontostand"
        message["payload"]["after"]["kontostand"] = message["payload"]["after"].pop("saldo")

    text = drift(wire, altered("insert-0", rename))
    assert "column saldo (numeric(12,2)) is gone" in text
    assert "new column kontostand (string) is neither mapped nor dropped" in text
    assert "overgrow check" in text


def test_a_retyped_column_is_drift(wire: JsonWire) -> None:
    def retype(message: dict[str, Any]) -> None:
        field(message, "angelegt").update(name="io.debezium.time.Timestamp")

    text = drift(wire, altered("insert-0", retype))
    assert "angelegt was timestamp (int64 io.debezium.time.MicroTimestamp)" in text
    assert "now int64 io.debezium.time.Timestamp" in text


def test_a_column_that_may_now_be_null_is_drift_and_the_other_way_is_not(wire: JsonWire) -> None:
    text = drift(wire, altered("insert-0", lambda m: field(m, "name").update(optional=True)))
    assert "column name was not null, now it can be null" in text
    assert wire.value(altered("insert-0", lambda m: field(m, "notiz").update(optional=False))).after.notiz == "kurz"


def test_a_new_column_is_drift_and_a_dropped_one_may_go(wire: JsonWire) -> None:
    text = drift(wire, altered("insert-0", lambda m: after_fields(m).append({"type": "int32", "field": "neu"})))
    assert "new column neu (int32)" in text

    def without_dauer(message: dict[str, Any]) -> None:
        after_fields(message).remove(field(message, "dauer"))
        del message["payload"]["after"]["dauer"]

    assert wire.value(altered("insert-0", without_dauer)).after.kd_nr == 20001


def test_a_key_of_other_columns_is_drift(wire: JsonWire) -> None:
    def widen(message: dict[str, Any]) -> None:
        message["schema"]["fields"].append({"type": "string", "optional": False, "field": "mandant"})
        message["payload"]["mandant"] = "A"

    with pytest.raises(errors.SchemaDrift, match="new key column mandant"):
        wire.key(altered("insert-0", widen, part="key"))


def test_a_message_without_schema_is_a_stop_that_names_the_setting(wire: JsonWire) -> None:
    bare = json.dumps(json.loads(MESSAGES["insert-0"]["value"])["payload"]).encode()
    assert "schemas.enable" in drift(wire, bare)
    assert "schemas.enable" in drift(wire, b'{"schema":null,"payload":' + bare + b"}")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"{}",
        b"[1]",
        b"\x00\x00\x00\x00\x01abc",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schema":1,"payload":{}}',
        b'{"schema":{"type":"struct"},"payload":{}}',
        value("insert-0")[:-1],
        value("insert-0")[:-2],
        value("insert-0") + b"}",
        altered("insert-0", lambda m: m["payload"].update(op="x")),
        altered("insert-0", lambda m: m["payload"].update(after=None)),
        altered("delete-0", lambda m: m["payload"].update(after=m["payload"]["before"])),
        altered("insert-0", lambda m: m["payload"]["after"].update(kd_nr="20001")),
        altered("insert-0", lambda m: m["payload"]["after"].update(kd_nr=2**31)),
        altered("insert-0", lambda m: m["payload"]["after"].update(kd_nr=None)),
        altered("insert-0", lambda m: m["payload"]["after"].pop("saldo")),
        altered("insert-0", lambda m: m["payload"]["source"].pop("lsn")),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_bytes_that_are_no_message_are_poison(wire: JsonWire, raw: bytes, known: bool) -> None:  # noqa: FBT001 - a parameter
    if known:
        wire.value(value("insert-0"))
    with pytest.raises(errors.DecodeError):
        wire.value(raw)


def test_whitespace_and_other_key_order_take_the_slow_way(wire: JsonWire) -> None:
    message = json.loads(MESSAGES["insert-0"]["value"])
    spaced = json.dumps(message, indent=1).encode()
    turned = json.dumps({"payload": message["payload"], "schema": message["schema"]}).encode()
    for raw in (spaced, turned, spaced + b"\n"):
        assert wire.value(raw).after.kd_nr == 20001


def test_two_schemas_in_turn_are_both_kept(wire: JsonWire) -> None:
    other = altered("insert-0", lambda m: m["schema"].update(version=3))
    for _ in range(3):
        assert wire.value(value("insert-0")).after == wire.value(other).after
    assert len(wire._value_prefixes) == 2


def test_a_type_is_read_as_postgresql_and_as_people_write_it() -> None:
    read = {text: str(SqlType.parse(text)) for text in ("int4", "character varying(80)", "NUMERIC(12, 2)", "char")}
    assert read == {
        "int4": "integer",
        "character varying(80)": "varchar(80)",
        "NUMERIC(12, 2)": "numeric(12,2)",
        "char": "char(1)",
    }
    assert str(SqlType.parse("timestamp(3) without time zone")) == "timestamp(3)"
    assert str(SqlType.parse("timestamp with time zone")) == "timestamptz"
    for text in ("interval", "int[]", "time with time zone", "money", ""):
        assert SqlType.parse(text) is None


def test_a_column_is_read_from_the_source_by_its_quoted_name() -> None:
    blank = SqlType(name="char", size=2)
    assert WireColumn(name='a"b', type=blank, nullable=True).select == '"a""b"'
