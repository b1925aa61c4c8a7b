"""Translators are held to what they declare, with inputs from examples, variations of them, and random ones."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from overgrow.envelope import SqlType
from overgrow.mapping import Translator
from overgrow.mapping.examples import Trial, attempt, inputs, jsonb, values
from overgrow.mapping.examples.chance import Chance
from overgrow.mapping.render import RENDER
from tests.unit.mapping import examples_sample as written
from tests.unit.mapping import sample

TEXT = ("text",)


def tried(
    function: Callable[..., Any],
    inverse: Callable[[Any], Any] | None = None,
    *,
    takes: tuple[str, ...] = TEXT,
    gives: str = "text",
    met: Iterable[tuple[Any, ...]] = (),
) -> Trial:
    one = Translator(name="t", function=function, inputs=takes, output=gives, inverse=inverse)
    return attempt(one, met, random.Random(1).randrange)  # noqa: S311 - values to try


def codes(trial: Trial) -> set[str]:
    return {one.code for one in trial.trips}


def test_a_translator_with_its_inverse_holds() -> None:
    trial = tried(lambda a: None if a is None else f"<{a}>", lambda a: (None if a is None else a[1:-1],), met=[("A",)])
    assert (trial.broken, trial.refused, trial.inverse) == (0, 0, True)
    assert trial.tried > 150


def test_what_it_refuses_needs_no_way_back() -> None:
    def code(a: str | None) -> str:
        if a is None or not a.isascii() or len(a) != 2:
            raise ValueError("not two letters")
        return a.lower()

    trial = tried(code, lambda a: (a.upper(),), met=[("AB",)])
    assert codes(trial) == {"other-way-back"}  # `ab` is not refused and comes back as `AB`
    assert 0 < trial.broken < trial.tried - trial.refused


def test_the_shortest_input_is_shown_with_what_came_back() -> None:
    trial = tried(lambda a: a and a.strip(), lambda a: (a,), met=[("a longer text",)])
    (first, *_) = trial.trips
    assert (first.code, first.given, first.output, first.came) == ("other-way-back", (" ",), "", "('',)")
    assert len(trial.trips) == 3 < trial.broken


def test_two_columns_that_are_swapped_are_seen() -> None:
    trial = tried(
        lambda a, b: json.dumps([a, b]), lambda o: tuple(reversed(json.loads(o))), takes=("text", "text"), gives="json"
    )
    assert codes(trial) == {"other-way-back"}


def test_the_inverse_is_given_what_jsonb_prints() -> None:
    cut = len('{"name": ')
    trial = tried(
        lambda a: f'{{"name": {json.dumps(a)}, "id": 1}}',
        lambda o: (json.loads(o[cut : -len(', "id": 1}')]),),
        gives="jsonb",
    )
    assert codes(trial) == {"no-way-back"}  # jsonb puts the shorter key first


@pytest.mark.parametrize("back", [lambda _: None, lambda a: a, lambda a: [a], lambda a: {}[a], lambda a: (a, a)])
def test_an_inverse_that_gives_no_tuple_of_the_inputs_is_named(back: Callable[[Any], Any]) -> None:
    assert codes(tried(lambda a: a, back)) <= {"no-way-back", "other-way-back"}
    assert tried(lambda a: a, back).broken > 0


def test_a_refusal_by_another_error_is_named() -> None:
    trial = tried(lambda a: {"A": "active"}[a], met=[("A",)])
    assert codes(trial) == {"bad-refusal"}
    assert trial.trips[0].came.startswith("KeyError")


def test_a_function_that_remembers_is_not_pure() -> None:
    count = itertools.count()
    assert codes(tried(lambda a: f"{a}{next(count)}")) == {"not-pure"}
    seen: set[Any] = set()

    def first_only(a: str | None) -> str | None:
        if a in seen:
            raise ValueError("seen before")
        seen.add(a)
        return a

    assert codes(tried(first_only)) == {"not-pure"}


@pytest.mark.parametrize(
    ("function", "gives"),
    [(lambda _: 1, "text"), (lambda _: "1", "bigint"), (lambda _: True, "bigint"), (lambda _: "{", "jsonb")],
)
def test_an_output_of_another_type_is_named(function: Callable[..., Any], gives: str) -> None:
    assert codes(tried(function, gives=gives)) == {"bad-output"}


@pytest.mark.parametrize("name", [*sample.all_types(), "numeric(6,2)", "varchar(3)", "char(3)"])
def test_variations_are_values_of_their_type_too(name: str) -> None:
    of = SqlType.parse(name)
    assert of is not None
    chance = Chance(random.Random(4).randrange)  # noqa: S311 - values to try
    for _ in range(20):
        for (one,) in chance.variations((chance.value(of),), [of]):
            if one is not None and name != "timestamptz":
                text = RENDER[of.wire.kind](one)
                assert RENDER[of.wire.kind](values.parse(text, of)) == text


def test_numbers_come_back_by_value() -> None:
    trial = tried(lambda a: a, lambda a: (a and f"{a}0" if a and "." in a else a,), takes=("numeric",), gives="numeric")
    assert trial.broken == 0


def test_the_same_seed_tries_the_same() -> None:
    lists: list[list[Any]] = [[], []]
    for one in lists:
        tried(lambda a, b, one=one: one.append((a, b)), takes=("text", "jsonb"), met=[("a", "{}")])
    assert lists[0] == lists[1]


@pytest.mark.parametrize("name", sample.all_types())
def test_random_values_are_values_of_their_type(name: str) -> None:
    chance = Chance(random.Random(2).randrange)  # noqa: S311 - values to try
    of = SqlType(name=name)
    made = [chance.value(of) for _ in range(200)]
    assert {type(one) for one in made} - {type(None)} <= set(
        of.wire.python if isinstance(of.wire.python, tuple) else [of.wire.python]
    )
    assert None in made
    assert len({repr(one) for one in made}) >= 3
    for one in made:
        if isinstance(one, str) and name == "jsonb":
            assert jsonb.canonical(one) == one
        elif isinstance(one, str) and name != "timestamptz":
            assert values.comparable(one, of) == values.comparable(one, of)


def test_inputs_are_those_the_examples_give_also_behind_other_steps() -> None:
    shout = Translator(name="shout", function=lambda a: a and a.upper(), inputs=TEXT, output="text")
    plan, problems = sample.build(
        sample.changed(sample.MAPPING, ("note: notiz", "note: {from: notiz, do: [trim, shout]}")),
        translators={"shout": shout},
    )
    assert plan is not None, problems
    text = written.DEFAULTS + written.example("{notiz: ' a '}", "{note: A}")
    text += written.example("{status: Q}", "{error: {field: status, says: unknown}}", name="two")
    assert inputs([plan], [written.file(text, plan)]) == {"shout": {("a",): None, (None,): None}}
