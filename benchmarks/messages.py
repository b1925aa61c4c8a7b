"""Change events of the benchmark's table as the connector sends them, without a stack: recorded ones, other values.

Guarantees: schema, order of fields and every byte between the values are those of the recorded messages; values are
those of the rows of `fill` (compared with 400 messages of the real connector: equal). Called by `benchmarks.translate`.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

RECORDED = Path(__file__).parent / "recorded.jsonl"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Message(NamedTuple):
    """One record's key and value."""

    key: bytes
    value: bytes


class Template:
    """A recorded message into which other values can be put."""

    def __init__(self, key: str, value: str) -> None:
        self._key = json.loads(key)
        self._payload = json.loads(value)["payload"]
        self._head = value[: len(value) - len(_text(self._payload)) - 1]
        if self._head + _text(self._payload) + "}" != value or _text(self._key) != key:
            msg = "the recorded message is not what a JSON encoder makes of its own values"
            raise ValueError(msg)
        self.op: str = self._payload["op"]

    def filled(self, number: int, after: dict[str, Any]) -> Message:
        """The message of another row."""
        payload, source = self._payload, self._payload["source"]
        payload["after"] = after
        source["lsn"] = 1_000_000_000 + 64 * number
        source["sequence"] = f'["{source["lsn"] - 64}","{source["lsn"]}"]'
        self._key["payload"] = {"acct_no": number}
        return Message(_text(self._key).encode(), (self._head + _text(payload) + "}").encode())


def messages(rows: int) -> list[Message]:
    """A snapshot read of each row, then an update of each."""
    recorded = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    made = (Template(one["key"], one["value"]) for one in recorded)
    templates = {template.op: template for template in made}
    numbers = range(1, rows + 1)
    return [templates["r"].filled(n, row(n)) for n in numbers] + [templates["u"].filled(n, updated(n)) for n in numbers]


def row(number: int) -> dict[str, Any]:
    """The wire values of a row of `fill.ROWS`."""
    day = timedelta(days=1)
    created = datetime(2015, 1, 1, tzinfo=UTC) + number * timedelta(minutes=7, seconds=3, milliseconds=250)
    changed = datetime(2020, 1, 1, tzinfo=UTC) + number * timedelta(seconds=11)
    attributes = {"note": _md5(f"n{number}"), "tags": ["a", "b"], "tier": number % 7}
    return {
        "acct_no": number,
        "ext_id": str(uuid.UUID(_md5(str(number)))),
        "holder": f"Holder {_md5(f'h{number}')}",
        "email": f"Holder.{number}@Example.org",
        "stat_cd": "AIS"[number % 3],
        "bal_amt": _amount(number % 1_000_000),
        "crt_dt": (created - _EPOCH) // _MICROSECOND,
        "upd_ts": f"{changed:%Y-%m-%dT%H:%M:%S}.000000Z",
        "vip_yn": "N" if number % 5 else "Y",
        "attrs": json.dumps(attributes),
        "city": f"Town {number % 500}",
        "birth_dt": (date(1950, 1, 1) + number % 20_000 * day - _EPOCH.date()) // day,
    }


def updated(number: int) -> dict[str, Any]:
    """The same after `fill.UPDATE`."""
    before = row(number)
    later = datetime.fromisoformat(before["upd_ts"]) + timedelta(days=1)
    return before | {"bal_amt": _amount(number % 1_000_000 + 100), "upd_ts": f"{later:%Y-%m-%dT%H:%M:%S}.000000Z"}


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _text(document: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
