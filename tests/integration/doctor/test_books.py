"""`overgrow books` on the real stack: what Debezium tells of each transaction against what the workers received."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from overgrow.reconcile.source_reading import Settings, SourceReading
from overgrow.reconcile.source_report import SourceReport
from overgrow.stack import Stack
from tests.faults.pipeline import Pipeline
from tests.faults.waiting import until

pytestmark = pytest.mark.stack
CUSTOMERS, LINES = "public.cust_master", "public.ord_line"


def write(pipeline: Pipeline, *, rounds: int = 1) -> None:
    """A transaction over two tables with changed keys and a savepoint that is given up, and one of a single table."""
    with pipeline.source() as source:
        with source.transaction():
            for _ in range(rounds):
                source.execute("UPDATE public.cust_master SET cust_nm = left(cust_nm, 20) || 'x'")
                source.execute("UPDATE public.ord_line SET qty = qty + 1")
            source.execute(
                "UPDATE public.ord_line SET line_no = line_no + 50"
                " WHERE ord_no = (SELECT min(ord_no) FROM public.ord_line)"
            )
            source.execute("SAVEPOINT given_up")
            source.execute("DELETE FROM public.ord_line")
            source.execute("ROLLBACK TO SAVEPOINT given_up")
        source.execute("UPDATE public.ord_line SET qty = qty + 1")


def books(pipeline: Pipeline, *words: str, code: int = 0) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(pipeline.command("books", "--json", *words, code=code))
    return document


def told(document: dict[str, Any]) -> dict[str, int]:
    return {one["table"]: one["told"] for one in document["tables"]}


def read_all(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, *, block: int) -> SourceReport:
    for name, value in pipeline.env.items():
        monkeypatch.setenv(name, value)
    return SourceReading(pipeline.deployment, Settings(last=None, block=block), lambda _: None).run()


def test_after_live_writes_the_books_are_closed(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    before = books(pipeline, "--since-start")
    for _ in range(3):
        write(pipeline)
    pipeline.drained()
    after = books(pipeline, "--since-start")
    with pipeline.source() as source:
        lines = [source.execute(f"SELECT count(*) FROM {table}").fetchone() for table in (CUSTOMERS, LINES)]
    customers, order_lines = (int(row[0]) for row in lines if row)
    assert told(after)[CUSTOMERS] - told(before)[CUSTOMERS] == 3 * customers
    assert told(after)[LINES] - told(before)[LINES] >= 3 * 2 * order_lines
    assert after["transactions"]["closed"] == before["transactions"]["closed"] + 6
    assert (after["verdict"], after["since_start"], after["transactions"]["open"]) == ("closed", True, 0)
    assert all(one["records"] == one["received"] for one in after["partitions"])
    assert sum(one["records"] for one in after["partitions"]) > sum(told(after).values())
    in_blocks = read_all(pipeline, monkeypatch, block=1)
    assert (in_blocks.verdict, in_blocks.document()["tables"]) == ("closed", after["tables"])


def test_the_tail_alone_raises_no_alarm_for_what_began_before_it(pipeline: Pipeline) -> None:
    for _ in range(2):
        write(pipeline)
    pipeline.drained()
    document = books(pipeline, "--last", "40")
    assert (document["verdict"], document["since_start"]) == ("closed", False)
    assert document["transactions"]["unjudged"] > 0
    assert any(one["from"] for one in document["partitions"])
    assert all((one["records"] is None) == (one["from"] > 0) for one in document["partitions"])


def test_what_connect_sends_again_after_its_death_is_counted_once(pipeline: Pipeline, stack: Stack) -> None:
    for _ in range(3):
        ends = sum(pipeline.ends().values())
        write(pipeline, rounds=40)
        until(lambda ends=ends: sum(pipeline.ends().values()) > ends + 500, "the middle of it", pipeline.state)  # type: ignore[misc]
        stack.kill("connect")
        stack.up()
        pipeline.drained()
        if any(pipeline.folded(topic).again for topic in pipeline.deployment.plans):
            break
    document = books(pipeline, "--since-start")
    assert sum(one["received"] for one in document["partitions"]) > sum(told(document).values())
    assert any(pipeline.folded(topic).again for topic in pipeline.deployment.plans), "nothing came twice"
    assert (document["verdict"], document["alarms"]) == ("closed", 0)


def test_while_nothing_is_applied_the_books_are_open_not_wrong(own: Pipeline) -> None:
    own.apply()
    until(lambda: own.sent() > 0, "the end of the snapshot", own.state)
    write(own)
    document = books(own, "--since-start", "--timeout", "1", code=4)
    assert document["transactions"] == {"closed": 0, "open": 2, "unjudged": 0}
    assert "no worker applies them" in document["standing_still"]


def test_an_event_that_was_told_of_and_never_came_is_named(own: Pipeline) -> None:
    own.apply()
    own.worker()
    own.drained()
    write(own)
    own.drained()
    with losing(own, ".*ord_line"):
        with own.source() as source, source.transaction():
            row = source.execute("SELECT pg_current_xact_id()").fetchone()
            source.execute("UPDATE public.cust_master SET cust_nm = left(cust_nm, 20) || 'y'")
            source.execute("UPDATE public.ord_line SET qty = qty + 1 WHERE line_no = 1")
        own.drained()
    write(own)
    own.drained()
    done = own.run("books", "--since-start", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["verdict"], document["alarms"]) == (3, "missing", 1), done.stderr
    [missing] = document["missing"]
    assert row is not None
    assert missing["transaction"].startswith(f"{row[0]}:")
    assert (missing["table"], missing["missing"]) == (LINES, missing["told"])
    assert missing["orders"] == list(range(1, min(missing["told"], 10) + 1))
    assert f"ALARM transaction {missing['transaction']}, table {LINES}: {missing['told']} of" in done.stderr
    assert not any(one["differs"] for one in document["partitions"])  # the checkpoints never heard of it


@contextmanager
def losing(pipeline: Pipeline, topics: str) -> Iterator[None]:
    """The connector runs and looks healthy; a transform drops what it sends to these topics."""
    config = pipeline.connect.config(pipeline.name) or {}
    lose = {
        "transforms": "lose",
        "transforms.lose.type": "org.apache.kafka.connect.transforms.Filter",
        "transforms.lose.predicate": "these",
        "predicates": "these",
        "predicates.these.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
        "predicates.these.pattern": topics,
    }
    configure(pipeline, {**config, **lose})
    try:
        yield
    finally:
        configure(pipeline, config)


def configure(pipeline: Pipeline, config: dict[str, str]) -> None:
    """Put a configuration; what is written afterwards is sent under it."""
    own = {key: value for key, value in config.items() if key != "name"}
    pipeline.connect.stop(pipeline.name)
    pipeline.connect.put_config(pipeline.name, own)
    pipeline.connect.resume(pipeline.name)
