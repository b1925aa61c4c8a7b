"""The control topic's records have a published schema, kept equal to the code's."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from overgrow.model import GenerationRecord

SCHEMA = Path(__file__).parents[3] / "schemas" / "events" / "control.json"
ONE = GenerationRecord(
    topic="shop.public.ctry",
    topic_id="x",
    mapping="countries",
    mapping_version=1,
    epoch=2,
    number=0,
    begins={"0": 7},
    swept=False,
)


def test_the_published_schema_is_the_codes() -> None:
    assert json.loads(SCHEMA.read_text()) == msgspec.json.schema(GenerationRecord), (
        "write it with: python -m tests.unit.kafka.test_control"
    )


def test_a_record_comes_back_and_an_unknown_version_does_not() -> None:
    raw = msgspec.json.encode(ONE)
    assert msgspec.json.decode(raw, type=GenerationRecord) == ONE
    newer = {**json.loads(raw), "schema_version": 2}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(newer).encode(), type=GenerationRecord)


def test_a_later_record_of_a_generation_replaces_the_earlier() -> None:
    swept = msgspec.structs.replace(ONE, swept=True)
    assert swept.key == ONE.key
    assert swept.order == (2, 0)


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(msgspec.json.schema(GenerationRecord), indent=2) + "\n")
