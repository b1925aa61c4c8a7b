"""Whatever the bytes are, the decoder gives a typed row, or says `DecodeError` or `SchemaDrift`, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from overgrow import errors
from overgrow.envelope import JsonWire
from overgrow.mapping import RowCodec
from tests.unit.mapping import sample

RECORDED = Path(__file__).parents[1] / "golden" / "envelopes" / "debezium-3.7.0-postgresql.jsonl"
MESSAGES = [
    (one["key"].encode(), one["value"].encode())
    for one in map(json.loads, RECORDED.read_text("utf-8").splitlines())
    if one["topic"] == "leg.public.kunde" and one["value"]
]
CODEC = RowCodec(sample.plan(), placeholder=sample.PLACEHOLDER)
PIECES = st.binary(max_size=6) | st.sampled_from(
    [b"{", b"}", b'"', b",", b"null", b"[[[[", b"\xff", b"\\ud800", b"1e999", b'"after":']
)


def wire() -> JsonWire:
    return JsonWire(
        "leg.public.kunde",
        row_type=CODEC.row_type,
        key_type=CODEC.key_type,
        columns=CODEC.columns,
    )


@st.composite
def mutated(draw: st.DrawFn, *, part: int) -> bytes:
    raw: bytes = draw(st.sampled_from(MESSAGES))[part]
    payload = raw.rindex(b'"payload":')
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)) | st.integers(min(payload, len(raw)), len(raw)))
        raw = raw[:start] + draw(PIECES) + raw[start + draw(st.integers(0, 8)) :]
    return raw


def outcome(decoder: JsonWire, raw: bytes, part: int) -> Any:
    try:
        return decoder.value(raw) if part else decoder.key(raw)
    except (errors.DecodeError, errors.SchemaDrift) as error:
        return error


@settings(max_examples=500, deadline=None)
@given(st.data(), st.sampled_from([0, 1]))
def test_mutated_messages(data: st.DataObject, part: int) -> None:
    raw = data.draw(mutated(part=part) | st.binary(max_size=40))
    fresh, taught = wire(), wire()
    for message in MESSAGES:
        outcome(taught, message[part], part)
    # What was learned from other messages may change the speed, never the outcome.
    first, second = outcome(fresh, raw, part), outcome(taught, raw, part)
    assert repr(first) == repr(second)
    if isinstance(first, Exception):
        assert str(first).startswith("topic leg.public.kunde: ")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_decoded_row_never_fails_outside_the_named_errors(data: st.DataObject) -> None:
    decoder = wire()
    decoder.value(MESSAGES[0][1])
    event = outcome(decoder, data.draw(mutated(part=1)), 1)
    after = getattr(event, "after", None)
    if after is None:
        return
    try:
        CODEC.partial_line(after, CODEC.absent(after))
    except Exception:  # noqa: BLE001 - the engine asks for the cause of any failure
        assert isinstance(CODEC.explain(after), errors.TranslationError)
