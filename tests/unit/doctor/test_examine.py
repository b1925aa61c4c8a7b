"""What is asked of whom, what is made of a system that is away, what the command line makes of it all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from overgrow import doctor, errors
from overgrow.cli.doctor import exit_code
from overgrow.deployment import Deployment
from overgrow.doctor import Changes, Finding
from overgrow.doctor.finding import On, unreachable
from overgrow.doctor.looking import databases, streams
from overgrow.project import Project
from overgrow.stack import Endpoints
from tests.unit.doctor.facts import CONNECTOR, SOURCE, TARGET

CHECKOUT = Path(__file__).parents[3]
NOWHERE = Endpoints(
    kafka="127.0.0.1:1",
    connect="http://127.0.0.1:1",
    source_dsn="postgresql://someone:hush-hush@127.0.0.1:1/shop",
    target_dsn="postgresql://someone:hush-hush@127.0.0.1:1/crm",
    source_port=1,
)
FULL = ("source", "connect", "kafka", "target")


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    for name, value in NOWHERE.env().items():
        monkeypatch.setenv(name, value)
    return Deployment(Project.require(CHECKOUT))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Every look fails; who was asked, and whether for all."""
    found: list[tuple[str, bool]] = []

    def away(system: str, *, whole: bool = False) -> Any:
        found.append((system, whole))
        raise errors.UnreachableError(f"{system} is away")

    monkeypatch.setattr(databases, "source", lambda *_, **__: away("source"))
    monkeypatch.setattr(databases, "target", lambda *_, probe: away("target", whole=probe))
    monkeypatch.setattr(streams, "connector", lambda *_: away("connect"))
    monkeypatch.setattr(streams.Brokers, "look", lambda *_, config: away("kafka", whole=config))
    return found


@pytest.mark.parametrize(("look", "whole"), [(doctor.examine, True), (doctor.running, False)])
def test_systems_that_are_away_are_findings(deployment: Deployment, asked: Any, look: Any, whole: Any) -> None:
    found = look(deployment)
    assert [one.check for one in found] == [f"{system}-reachable" for system in sorted(FULL)]
    assert all(one.unreachable and one.text == f"{one.system} is away" for one in found)
    assert sorted(asked) == [("connect", False), ("kafka", whole), ("source", False), ("target", whole)]


def test_a_missing_variable_is_named_before_anything_is_asked(
    deployment: Deployment, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OVERGROW_TARGET_DSN")
    with pytest.raises(errors.ConfigurationError, match="OVERGROW_TARGET_DSN"):
        doctor.running(deployment)
    assert asked == []


def test_what_is_absent_counts_as_lost_while_the_target_does_not_say_that_nothing_was_made(
    deployment: Deployment, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "source", lambda *_, **__: replace(SOURCE, slot=None))
    levels = {one.check: one.level for one in doctor.running(deployment)}
    assert (levels["slot-exists"], levels["target-reachable"]) == ("fail", "fail")
    monkeypatch.setattr(databases, "target", lambda *_, **__: replace(TARGET, checkpoints={}))
    levels = {one.check: one.level for one in doctor.running(deployment)}
    assert levels["slot-exists"] == "warn"
    assert "target-reachable" not in levels
    assert "connect-reachable" in levels
    assert ("kafka", False) in asked


def test_a_system_that_refuses_a_question_is_no_system_that_is_away(
    deployment: Deployment, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise errors.ConfigurationError("permission denied")

    monkeypatch.setattr(streams, "connector", refuse)
    [found] = [one for one in doctor.running(deployment) if not one.unreachable]
    assert (found.check, found.level, found.text) == ("connect-readable", "fail", "permission denied")
    assert len(asked) == len(FULL) - 1


def test_a_connector_that_is_not_there_is_another_thing_than_a_connect_that_is_not(
    deployment: Deployment, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    del asked
    monkeypatch.setattr(streams, "connector", lambda *_: None)
    assert "connector-exists" in {one.check for one in doctor.running(deployment)}
    monkeypatch.setattr(streams, "connector", lambda *_: CONNECTOR)
    states = {one.check: one.level for one in doctor.examine(deployment)}
    assert (states["connector-running"], states["task-running"]) == ("ok", "ok")


def test_a_password_is_not_shown(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "ANSWER_SECONDS", 0.2)
    found = doctor.running(deployment)
    assert {one.system for one in found if one.unreachable} == set(FULL)
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], 0),
        ([On("a", "kafka", "x").ok("")], 0),
        ([On("a", "kafka", "x").warn("", "y")], 0),
        ([On("a", "kafka", "x").fail("", "y")], 3),
        ([unreachable("kafka", "")], 5),
        ([unreachable("kafka", ""), On("a", "source", "x").fail("", "y")], 3),
    ],
)
def test_exit_codes(found: list[Finding], code: int) -> None:
    assert exit_code(found) == code


def test_only_what_changes_its_level_is_told() -> None:
    changes, on = Changes(), On("slot-active", "source", "s")

    def told(*found: Finding) -> list[tuple[str | None, str, str]]:
        return [(was, one.check, one.level) for was, one in changes.since(found)]

    assert told(on.ok("5 bytes")) == [(None, "slot-active", "ok")]
    assert told(on.ok("6 bytes")) == []
    assert told(on.fail("gone", "x")) == [("ok", "slot-active", "fail")]
    assert told(unreachable("source", "away")) == [(None, "source-reachable", "fail")]
    assert told(unreachable("source", "still away")) == []
    assert told(on.fail("gone", "x")) == [("fail", "source-reachable", "ok")]
    assert told(on.ok("5 bytes")) == [("fail", "slot-active", "ok")]
    assert told() == []
    assert told(on.ok("5 bytes")) == [(None, "slot-active", "ok")]
