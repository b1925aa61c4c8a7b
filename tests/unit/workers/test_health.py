"""What breaks around a running worker is logged once, when it breaks and when it is mended; nothing ends the worker."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from overgrow.doctor import Finding
from overgrow.workers import health
from overgrow.workers.health import Health


class Enough(BaseException):
    """The test has seen enough."""


def slot(level: Any) -> Finding:
    return Finding(check="slot-active", system="source", subject="shop", level=level, text="")


def test_only_changes_are_logged_and_a_check_that_fails_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.0)
    looks: list[Any] = [[slot("ok")], [slot("fail")], RuntimeError("a bug"), [slot("fail")], [slot("ok")]]
    said: list[tuple[str, Any]] = []

    def look() -> list[Finding]:
        if not looks:
            raise Enough
        one = looks.pop(0)
        if isinstance(one, Exception):
            raise one
        return one  # type: ignore[no-any-return]

    with pytest.raises(Enough):
        asyncio.run(Health(look, lambda name, fields: said.append((name, fields))).run())
    assert [(name, fields.get("was"), fields.get("level")) for name, fields in said] == [
        ("health", "ok", "fail"),
        ("health-unknown", None, None),
        ("health", "fail", "ok"),
    ]
