"""Debezium messages of the fuzzed table: recorded ones, widened to a column of every type, and what is done to them.

Some are good: they must be written, whatever surrounds them. The others have odd values, another shape, odd positions,
other bytes, or are no message at all.
"""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from overgrow.envelope import SqlType
from overgrow.envelope.types import WIRES
from tests.fuzz import ground, mutate
from tests.property.rows import CORNERS
from tests.unit.mapping import sample

RECORDED = Path(__file__).parents[1] / "golden" / "envelopes" / "debezium-3.7.0-postgresql.jsonl"
GOOD = 100_000  # keys from here on belong to records that nobody touched
_KEYS = 4  # the touched ones share these
_KINDS = {name: SqlType.parse(kind).wire.kind for name, kind in ground.COLUMNS.items()}  # type: ignore[union-attr]  # of the table
_LARGE = ["saldo", "attrs", "notiz", "foto", "doku"]
_ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    -(2**63) - 1,
    10**400,
    1.5,
    float("nan"),
    "",
    "x",
    "\ud800",
    "\0",
    [],
    {},
]
_ODD += ["9" * 5000, "\U0001f600", [[[[[[]]]]]], {"after": {}}, sample.PLACEHOLDER, "x" * 3000]


class Sent(NamedTuple):
    """One record; `good`: nobody touched it."""

    key: bytes | None
    value: bytes | None
    good: bool = False


class Message:
    """A recorded message, widened to the table's columns, with parts that can be changed one by one."""

    def __init__(self, recorded: dict[str, Any]) -> None:
        self.key, self.value = json.loads(recorded["key"]), json.loads(recorded["value"])
        for field in self.value["schema"]["fields"]:
            if field["field"] in {"before", "after"}:
                known = {one["field"] for one in field["fields"]}
                field["fields"] += [_field(name) for name in ground.COLUMNS if name not in known]
        for side in ("before", "after"):
            if self.value["payload"][side] is not None:
                self.value["payload"][side] = {**dict.fromkeys(ground.COLUMNS), **self.value["payload"][side]}
        self.schema, self.key_schema = _text(self.value["schema"]), _text(self.key["schema"])

    def sent(self, key: Any, payload: Any, *, ascii_only: bool = False, good: bool = False) -> Sent:
        """The record with this key and this payload."""
        key_text, text = (_text(one, ascii_only=ascii_only) for one in ({"kd_nr": key}, payload))
        return Sent(
            f'{{"schema":{self.key_schema},"payload":{key_text}}}'.encode("utf-8", "surrogatepass"),
            f'{{"schema":{self.schema},"payload":{text}}}'.encode("utf-8", "surrogatepass"),
            good,
        )


def _field(name: str) -> dict[str, Any]:
    wire = WIRES[ground.COLUMNS[name].partition("(")[0]]
    semantic = {} if wire.semantic is None else {"name": wire.semantic, "version": 1}
    return {"type": wire.connect, "optional": name not in ground.REQUIRED, **semantic, "field": name}


def _text(document: Any, *, ascii_only: bool = False) -> str:
    return json.dumps(document, ensure_ascii=ascii_only, separators=(",", ":"))


def recorded() -> dict[str, Message]:
    """The recorded messages of the table by name."""
    found = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    return {one["name"]: Message(one) for one in found if one["topic"] == "leg.public.kunde" and one["value"]}


class Sender:
    """Makes records with the dice of a chunk; `usual`: values that translate; `reads`: a snapshot, else the stream."""

    def __init__(
        self, dice: random.Random, messages: dict[str, Message], usual: Mapping[str, list[Any]], *, reads: bool
    ) -> None:
        self._dice = dice
        self._usual = usual
        self._messages = messages
        self._reads = reads
        self._lsn = 34_000_000
        self._number = 0

    def next(self) -> Sent:
        """One record."""
        self._number += 1
        self._lsn += self._dice.randint(0, 100)
        if self._dice.random() < 0.3:
            return self._event(GOOD + self._number, good=True)
        make: Callable[[], Sent] = self._dice.choices(
            [
                self._odd_values,
                self._odd_shape,
                self._odd_position,
                self._odd_bytes,
                self._odd_record,
                self._odd_schema,
            ],
            weights=[50, 14, 12, 14, 6, 4],
        )[0]
        return make()

    def _payload(self, key: int) -> dict[str, Any]:
        dice = self._dice
        name = dice.choice(["insert-0", "update-0"]) if self._reads or dice.random() < 0.85 else "delete-0"
        payload: dict[str, Any] = copy.deepcopy(self._messages[name].value["payload"])
        payload["source"].update(lsn=self._lsn, txId=self._lsn // 8)
        if self._reads:
            payload["op"] = "r"
            payload["source"]["snapshot"] = dice.choice(["true", "last", "true"])
        after = payload["after"] or payload["before"]
        for name in ground.COLUMNS:
            nothing = name not in ground.REQUIRED and dice.random() < 0.03
            after[name] = None if nothing else wire_value(name, dice.choice(self._usual[name]))
        after["kd_nr"] = key
        return payload

    def _event(self, key: int, *, good: bool = False) -> Sent:
        payload = self._payload(key)
        if good and payload["op"] == "d":
            payload["after"], payload["before"], payload["op"] = payload["before"], None, "u"
        return self._message.sent(key, payload, good=good)

    @property
    def _message(self) -> Message:
        return self._messages["insert-0"]

    @property
    def _key(self) -> int:
        return self._dice.randint(1, _KEYS)

    def _odd_values(self) -> Sent:
        dice, key = self._dice, self._key
        payload = self._payload(key)
        after = payload["after"] or payload["before"]
        for _ in range(dice.randint(1, 2)):
            name = dice.choice(list(ground.COLUMNS))
            if name in _LARGE and dice.random() < 0.3:
                after[name] = wire_value(name, sample.PLACEHOLDER.encode() if name == "foto" else sample.PLACEHOLDER)
            else:
                after[name] = wire_value(name, dice.choice(CORNERS[_KINDS[name]]))
        return self._message.sent(key, payload, ascii_only=dice.random() < 0.5)

    def _odd_shape(self) -> Sent:
        dice, key = self._dice, self._key
        payload = self._payload(key)
        for _ in range(dice.randint(1, 2)):
            inside = dice.choice([payload, payload["source"], payload["after"] or payload["before"]] * 2 + [{}])
            if not isinstance(inside, dict) or not inside:
                continue
            name = dice.choice(list(inside))
            match dice.randrange(4):
                case 0:
                    del inside[name]
                case 1:
                    inside[f"{name}_"] = inside.pop(name)
                case _:
                    inside[name] = dice.choice(_ODD)
            if not isinstance(payload.get("source"), dict) or not ({"after", "before"} <= payload.keys()):
                break
        odd = dice.choice(_ODD) if dice.random() < 0.2 else key
        return self._message.sent(odd, payload, ascii_only=dice.random() < 0.5)

    def _odd_position(self) -> Sent:
        dice, key = self._dice, self._key
        payload = self._payload(key)
        source = payload["source"]
        match dice.randrange(5):
            case 0:
                payload["op"] = dice.choice([*"curdtm", "x", ""])
            case 1:
                source["lsn"] = dice.choice([None, 0, 1, 2**63 - 1, 2**64, -5])
            case 2:
                source["txId"] = dice.choice([None, 0, 2**63])
            case 3:
                source["snapshot"] = dice.choice([None, "true", "first", "incremental", "last", "", "x"])
            case _:
                source["lsn"] -= dice.randint(0, 500)
        return self._message.sent(key, payload)

    def _odd_bytes(self) -> Sent:
        key, value, _ = self._event(self._key)
        if self._dice.random() < 0.25:
            return Sent(mutate.raw(self._dice, key or b""), value)
        return Sent(key, mutate.raw(self._dice, value or b""))

    def _odd_record(self) -> Sent:
        key, value, _ = self._event(self._key)
        value = value or b""
        other = self._event(self._key)
        bare = value[value.rindex(b'"payload":') + 10 : -1]
        spaced = json.dumps(json.loads(value), indent=1).encode("utf-8", "surrogatepass")
        odd = [Sent(key, None), Sent(key, b""), Sent(None, value), Sent(b"", value), Sent(None, None), Sent(value, key)]
        odd += [Sent(key, value + (other.value or b"")), Sent(key, bare), Sent(key, spaced), Sent(key, b"null")]
        odd += [Sent(key, b"[" * 200_000), Sent(key, b'{"schema":null,"payload":' + bare + b"}"), Sent(key, b"{}")]
        odd += [Sent(key, b'{"a":' * 50_000), Sent(key, value[:-1] + b" }"), Sent(key, value + b"\n")]
        return self._dice.choice(odd)

    def _odd_schema(self) -> Sent:
        dice = self._dice
        key, value, _ = self._event(self._key)
        document = json.loads(value or b"{}")
        for field in document["schema"]["fields"]:
            if field["field"] == "after":
                one = dice.choice(field["fields"])
                match dice.randrange(4):
                    case 0:
                        field["fields"].remove(one)
                    case 1:
                        field["fields"].append(
                            {"type": "string", "optional": True, "field": dice.choice(["neu", "\ud800", ""])}
                        )
                    case 2:
                        one[dice.choice(["type", "name", "optional", "field"])] = dice.choice(_ODD)
                    case _:
                        one["optional"] = not one["optional"]
        if dice.random() < 0.1:
            document["schema"] = dice.choice(_ODD)
        return Sent(key, _text(document, ascii_only=dice.random() < 0.5).encode("utf-8", "surrogatepass"))


def wire_value(name: str, value: Any) -> Any:
    """A value as it stands in JSON."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return ground.narrowed(name, value)
