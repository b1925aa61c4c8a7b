"""What a relayed dead letter carries: the record as it came, Connect's headers, ours."""

from __future__ import annotations

import importlib
from dataclasses import replace

import pytest

from overgrow.model.deadletter import LetterKind
from overgrow.workers.relayed import CAUSE_CHARACTERS, StoredLetter, headers

LETTER = StoredLetter(
    pipeline="shop",
    mapping="customers",
    mapping_version=3,
    topic="shop.public.cust_master",
    partition=2,
    epoch=1,
    offset=4711,
    source_key="[1000006]",
    kind="translate",
    cause="stat_cd: unknown code '\u00e9'",
    field="status",
    state="open",
    key=b'{"cust_id": 1000006}',
    value=b"{}",
    header_names=["trace", "empty"],
    header_values=[b"\xff\x00", None],
)


def test_the_original_headers_come_first_and_untouched() -> None:
    assert headers(LETTER)[:2] == [("trace", b"\xff\x00"), ("empty", None)]


def test_connects_own_names_and_ours() -> None:
    assert dict(headers(LETTER)[2:]) == {
        "__connect.errors.topic": b"shop.public.cust_master",
        "__connect.errors.partition": b"2",
        "__connect.errors.offset": b"4711",
        "__connect.errors.connector.name": b"shop",
        "__connect.errors.task.id": b"2",
        "__connect.errors.stage": b"TRANSFORMATION",
        "__connect.errors.class.name": b"overgrow.mapping.codec.RowCodec",
        "__connect.errors.exception.class.name": b"overgrow.errors.TranslationError",
        "__connect.errors.exception.message": "stat_cd: unknown code '\u00e9'".encode(),
        "overgrow.kind": b"translate",
        "overgrow.cause": "stat_cd: unknown code '\u00e9'".encode(),
        "overgrow.field": b"status",
        "overgrow.mapping": b"customers",
        "overgrow.mapping_version": b"3",
        "overgrow.state": b"open",
        "overgrow.source_key": b"[1000006]",
        "overgrow.epoch": b"1",
    }


@pytest.mark.parametrize(
    ("kind", "key", "stage"),
    [
        ("decode", None, b"KEY_CONVERTER"),
        ("decode", "[1]", b"VALUE_CONVERTER"),
        ("data", "[1]", b"TASK_PUT"),
        ("key-collision", "[1]", b"TASK_PUT"),
        ("partial-without-row", "[1]", b"TASK_PUT"),
    ],
)
def test_each_kind_has_its_stage_and_names_classes_that_exist(kind: LetterKind, key: str | None, stage: bytes) -> None:
    found = dict(headers(replace(LETTER, kind=kind, source_key=key, field=None)))
    assert found["__connect.errors.stage"] == stage
    for name in ("__connect.errors.class.name", "__connect.errors.exception.class.name"):
        module, _, attribute = (found[name] or b"").decode().rpartition(".")
        assert isinstance(getattr(importlib.import_module(module), attribute), type)


def test_what_is_not_known_is_left_out() -> None:
    found = dict(headers(replace(LETTER, source_key=None, field=None)))
    assert "overgrow.source_key" not in found
    assert "overgrow.field" not in found


def test_a_header_is_no_place_for_an_essay() -> None:
    found = dict(headers(replace(LETTER, cause="x" * (CAUSE_CHARACTERS + 1))))
    assert found["overgrow.cause"] == found["__connect.errors.exception.message"] == b"x" * CAUSE_CHARACTERS


def test_a_recreated_topic_has_other_coordinates() -> None:
    assert LETTER.coordinates != replace(LETTER, epoch=2).coordinates
