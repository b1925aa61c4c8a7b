"""The source's books on a few transactions by hand, then on random streams with what was lost known exactly."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from overgrow.model import Part
from overgrow.reconcile.source_books import Missing, Orders, Seen, SourceBooks, Told

A, B = Part("p.public.a", 0), Part("p.public.b", 0)
TABLES = {"p.public.a": "public.a", "p.public.b": "public.b"}
Counts = dict[str, int]


def books(*, a: int = 0, b: int = 0, told_from: int = 0) -> SourceBooks:
    return SourceBooks(tables=TABLES, starts={A: a, B: b}, told_from=told_from)


def event(xid: int, order: int, *, after: int | None, position: int | None = None) -> Seen:
    return Seen(read=False, position=position or (after or 0) + order, after=after, xid=xid, order=order)


def read(position: int | None) -> Seen:
    return Seen(read=True, position=position, after=None, xid=None, order=None)


def end(xid: int, position: int, **counts: int) -> Told:
    return Told(f"{xid}:{position}", xid, position, {f"public.{name}": count for name, count in counts.items()})


def receive(them: SourceBooks, part: Part, xid: int, orders: Iterable[int], *, after: int | None) -> None:
    for order in orders:
        them.received(part, event(xid, order, after=after))


def judge(them: SourceBooks, sent: int) -> None:
    """Everything there is has been read, and the connector had committed `sent` before that."""
    them.fence(sent, {A: 10, B: 10})
    them.passed(A, 10)
    them.passed(B, 10)


def told_and_received(them: SourceBooks) -> dict[str, tuple[int, int, int]]:
    return {table: (one.transactions, one.told, one.received) for table, one in them.books.items()}


@pytest.mark.parametrize("end_comes", [0, 1, 2, 3, 4])
def test_a_transaction_is_closed_when_all_of_it_has_come_wherever_its_end_comes(end_comes: int) -> None:
    them = books()
    steps = [(A, 2), (B, 1), (A, 1), (A, 3)]
    for number in range(len(steps) + 1):
        if number == end_comes:
            them.told(end(7, 100, a=3, b=1))
        if number < len(steps):
            receive(them, steps[number][0], 7, [steps[number][1]], after=50)
    assert told_and_received(them) == {"public.a": (1, 3, 3), "public.b": (1, 1, 1)}
    assert (them.open, them.closed, them.alarms) == (0, 1, [])


def test_what_is_missing_is_named_by_transaction_table_and_order() -> None:
    them = books()
    receive(them, A, 7, [1, 3, 20], after=50)
    them.told(end(7, 100, a=20, b=2))
    judge(them, 100)
    assert them.alarms == [
        Missing(transaction="7:100", table="public.a", told=20, missing=17, orders=(2, *range(4, 13))),
        Missing(transaction="7:100", table="public.b", told=2, missing=2, orders=(1, 2)),
    ]
    assert told_and_received(them) == {"public.a": (1, 20, 3), "public.b": (1, 2, 0)}
    assert (them.books["public.a"].missing, them.open, them.unjudged) == (17, 0, 0)


def test_an_event_nobody_told_of_stands_for_none_that_is_missing() -> None:
    them = books()
    receive(them, A, 7, [1, 4], after=50)
    them.told(end(7, 100, a=3))
    receive(them, A, 7, [2], after=50)
    judge(them, 100)
    assert [(one.missing, one.orders) for one in them.alarms] == [(1, (3,))]


def test_an_order_is_counted_when_it_is_new() -> None:
    orders = Orders()
    for order in (3, 3, 9):
        orders.add(order)
    assert (orders.came, orders.count(9), orders.count(8), orders.count(100)) == (2, 2, 1, 2)
    assert list(orders.absent(4)) == [1, 2, 4]


@pytest.mark.parametrize("told", range(1, 19))
def test_every_number_of_events_is_counted_to_the_last_bit(told: int) -> None:
    them = books()
    receive(them, A, 7, range(1, told), after=50)
    them.told(end(7, 100, a=told))
    assert them.open == 1
    judge(them, 100)
    assert [(one.missing, one.orders) for one in them.alarms] == [(1, (told,))]


def test_nothing_is_judged_before_the_connector_has_committed_a_position_behind_it() -> None:
    them = books()
    them.told(end(7, 100, a=1))
    judge(them, 99)
    assert (them.open, them.alarms) == (1, [])
    receive(them, A, 7, [1], after=50)
    assert (them.open, them.closed, them.alarms) == (0, 1, [])


def test_nothing_is_judged_before_every_partition_is_read_to_the_fence() -> None:
    them = books()
    them.told(end(7, 100, a=1))
    them.fence(100, {A: 10, B: 10})
    them.passed(A, 10)
    them.passed(B, 9)
    assert them.open == 1
    them.passed(B, 10)
    assert (them.open, them.alarmed) == (0, 1)


def test_a_later_fence_judges_what_an_earlier_one_could_not() -> None:
    them = books()
    them.told(end(7, 100, a=1))
    them.told(end(8, 200, a=1))
    judge(them, 150)
    assert (them.open, [one.transaction for one in them.alarms]) == (1, ["7:100"])
    them.fence(200, {A: 12})
    assert them.open == 1
    them.passed(A, 12)
    assert [one.transaction for one in them.alarms] == ["7:100", "8:200"]


def test_an_event_that_comes_twice_counts_once() -> None:
    them = books()
    receive(them, A, 7, [1, 1, 1], after=50)
    them.told(end(7, 100, a=2))
    judge(them, 100)
    assert [(one.missing, one.orders) for one in them.alarms] == [(1, (2,))]


@pytest.mark.parametrize("after", [50, None])
def test_what_connect_sends_again_of_a_closed_transaction_is_passed_over(after: int | None) -> None:
    them = books()
    receive(them, A, 7, [1, 2, 3], after=after)
    them.told(end(7, 100, a=3))
    receive(them, A, 7, [2, 3], after=after)  # from the middle, as after a crash
    them.told(end(7, 100, a=3))
    judge(them, 100)
    assert told_and_received(them)["public.a"] == (1, 3, 3)
    assert (them.open, them.closed, them.alarms) == (0, 1, [])
    assert not them._orders, "events of closed transactions are held"


@pytest.mark.parametrize("after", [200, None], ids=["behind the one that waits", "without a position"])
def test_what_is_sent_again_is_passed_over_while_an_earlier_transaction_waits(after: int | None) -> None:
    them = books()
    them.told(end(7, 100, a=1))
    receive(them, A, 8, [1], after=after)
    them.told(end(8, 300, a=1))
    receive(them, A, 8, [1], after=after)
    them.told(end(8, 300, a=1))
    assert (them.open, them.closed) == (1, 1)
    receive(them, A, 7, [1], after=50)
    assert (them.open, them.closed, dict(them._orders)) == (0, 2, {})


def test_an_end_sent_again_takes_nothing_from_a_transaction_that_waits() -> None:
    them = books()
    receive(them, A, 7, [1], after=50)
    them.told(end(7, 100, a=2))
    them.told(end(7, 100, a=2))
    receive(them, A, 7, [2], after=50)
    assert (them.open, them.closed, told_and_received(them)["public.a"]) == (0, 1, (1, 2, 2))


def test_a_transaction_number_may_come_round_again() -> None:
    them = books()
    receive(them, A, 7, [1, 2], after=50)
    them.told(end(7, 100, a=2))
    receive(them, A, 7, [1], after=900)
    them.told(end(7, 1000, a=2))
    judge(them, 1000)
    assert [(one.transaction, one.orders) for one in them.alarms] == [("7:1000", (2,))]


def test_tables_without_a_mapping_are_not_asked_for() -> None:
    them = books()
    receive(them, A, 7, [1], after=50)
    them.told(end(7, 100, a=1, other=5))
    them.told(end(8, 200, other=5))
    assert (them.open, them.closed, them.alarms) == (0, 2, [])
    assert set(them.books) == {"public.a", "public.b"}


def test_transactions_of_before_the_snapshot_are_not_judged() -> None:
    """Such as those of an earlier life of the topics."""
    them = books()
    them.received(A, read(100))
    receive(them, B, 9, [1], after=None)  # a table that was empty then
    for told in (end(7, 90, a=1), end(8, 100, a=1), end(9, 101, b=2)):
        them.told(told)
    judge(them, 101)
    assert (them.unjudged, [one.transaction for one in them.alarms]) == (2, ["9:101"])


def test_reads_of_a_later_snapshot_hide_nothing_before_it() -> None:
    them = books()
    receive(them, A, 7, [1], after=50)
    them.received(A, read(5000))
    them.received(B, read(40))
    them.told(end(7, 100, a=2))
    judge(them, 100)
    assert [one.transaction for one in them.alarms] == ["7:100"]


def test_a_source_that_began_empty_is_judged_from_its_first_event() -> None:
    them = books()
    receive(them, A, 8, [1], after=100)
    for told in (end(7, 100, a=1), end(8, 200, a=2)):
        them.told(told)
    judge(them, 200)
    assert (them.unjudged, [one.transaction for one in them.alarms]) == (1, ["8:200"])


def test_the_very_first_transaction_of_a_source_that_began_empty_is_judged() -> None:
    them = books()
    receive(them, A, 8, [1], after=None)
    receive(them, A, 9, [1], after=200)
    for told in (end(8, 200, a=2), end(9, 300, a=1)):
        them.told(told)
    judge(them, 300)
    assert (them.unjudged, [one.transaction for one in them.alarms]) == (0, ["8:200"])


def test_everything_is_judged_where_nothing_at_all_has_come() -> None:
    them = books()
    them.told(end(7, 100, a=1))
    judge(them, 100)
    assert [one.transaction for one in them.alarms] == ["7:100"]


def test_what_lies_partly_before_the_reading_began_is_not_judged() -> None:
    them = books(a=1000)
    receive(them, A, 8, [3], after=100)  # its first two events may lie before offset 1000
    them.received(B, read(1))
    for told in (end(7, 100, a=1), end(8, 200, a=3), end(9, 300, a=1)):
        them.told(told)
    judge(them, 300)
    assert (them.unjudged, [one.transaction for one in them.alarms], dict(them._orders)) == (2, ["9:300"], {})


def test_a_reading_that_began_in_a_later_snapshot_judges_what_follows_it() -> None:
    them = books(a=1000)
    them.received(A, read(None))  # of an incremental snapshot: no position
    them.received(A, read(200))
    for told in (end(8, 200, a=1), end(9, 300, a=1)):
        them.told(told)
    judge(them, 300)
    assert (them.unjudged, [one.transaction for one in them.alarms]) == (1, ["9:300"])


def test_a_reading_that_began_with_a_change_without_a_commit_before_it_judges_what_follows_the_next() -> None:
    """Such as the first one after a snapshot: what lies before it in the topic is of an earlier connector."""
    them = books(a=1000)
    receive(them, A, 8, [1], after=None)
    receive(them, A, 9, [1], after=200)
    for told in (end(7, 150, a=1), end(8, 200, a=2), end(9, 300, a=2), end(10, 400, a=1)):
        them.told(told)
    judge(them, 400)
    assert (them.unjudged, [one.transaction for one in them.alarms]) == (3, ["10:400"])


def test_a_reading_that_began_nobody_knows_where_judges_nothing() -> None:
    them = books(a=1000)
    them.received(A, read(None))
    them.told(end(9, 300, a=1))
    judge(them, 300)
    assert (them.unjudged, them.alarms, them.open) == (1, [], 0)


def test_where_the_reading_of_ends_began_the_events_of_before_are_not_held() -> None:
    them = books(told_from=500)
    them.received(B, read(1))
    receive(them, A, 7, [2], after=50)
    them.told(end(7, 100, a=2))
    receive(them, A, 6, [1], after=40)  # its END lies before
    receive(them, A, 7, [1], after=50)
    them.told(end(8, 200, a=1))
    judge(them, 200)
    assert (them.unjudged, [one.transaction for one in them.alarms], dict(them._orders)) == (1, ["8:200"], {})


def test_the_list_of_alarms_is_bounded_their_count_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overgrow.reconcile.source_books.KEPT_ALARMS", 2)
    them = books()
    for xid in range(1, 6):
        them.told(end(xid, xid * 10, a=1))
    judge(them, 50)
    assert (len(them.alarms), them.alarmed, them.books["public.a"].missing) == (2, 5, 5)


# -- random streams


@dataclass
class Stream:
    """What Connect wrote: by partition, and the ENDs; each with how far the connector was when it was written."""

    seed: int
    parts: tuple[Part, ...] = (A, Part("p.public.a", 1), B)
    logs: dict[Part, list[Seen]] = field(default_factory=dict)
    ends: list[Told] = field(default_factory=list)
    lost: dict[tuple[str, str], set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - a stream that comes again
        self.logs = {part: [] for part in self.parts}
        transactions = self._transactions()
        done = 0
        while done < len(transactions):  # sent, then again from an earlier place after a crash
            upto = self.random.randint(done + 1, len(transactions))
            again = self.random.randint(0, done)
            skipped = self.random.randint(0, 3)
            for number in range(again, upto):
                self._send(*transactions[number], skipped if number == again < done else 0)
            done = upto

    def _transactions(self) -> list[tuple[Told, int, list[tuple[Part, int]]]]:
        commit, made = 100, []
        for xid in self.random.sample(range(1, 99), self.random.randint(1, 12)):
            orders = {"public.a": 0, "public.b": 0}
            events = []
            for _ in range(self.random.randint(0, 12)):
                part = self.random.choice(self.parts)
                table = TABLES[part.topic]
                orders[table] += 1
                events.append((part, orders[table]))
            after, commit = commit, commit + self.random.randint(1, 50)
            told = Told(f"{xid}:{commit}", xid, commit, {table: n for table, n in orders.items() if n})
            made.append((told, after, events))
            for part, order in events:
                if self.random.random() < 0.02:
                    self.lost.setdefault((told.id, TABLES[part.topic]), set()).add(order)
        return made

    def _send(self, told: Told, after: int, events: list[tuple[Part, int]], skipped: int) -> None:
        for part, order in events[skipped:]:
            if order not in self.lost.get((told.id, TABLES[part.topic]), ()):
                self.logs[part].append(event(told.xid, order, after=after))
        self.ends.append(told)


@pytest.mark.parametrize("seed", range(300))
def test_exactly_what_was_lost_is_missing_in_whatever_order_the_topics_are_read(seed: int) -> None:
    stream = Stream(seed)
    them = SourceBooks(tables=TABLES, starts=dict.fromkeys(stream.parts, 0))
    for part in stream.parts:
        them.received(part, read(100))  # the snapshot
    length: dict[Part | None, int] = {part: len(log) for part, log in stream.logs.items()}
    length[None] = len(stream.ends)
    at = dict.fromkeys(length, 0)
    ends = {part: len(log) for part, log in stream.logs.items()}
    while waiting := [one for one, count in length.items() if at[one] < count]:
        one = stream.random.choice(waiting)
        if one is None:
            them.told(stream.ends[at[one]])
            if stream.random.random() < 0.2:
                them.fence(them.told_to, ends)
        else:
            them.received(one, stream.logs[one][at[one]])
            them.passed(one, at[one] + 1)
        at[one] += 1
    them.fence(10**9, ends)
    for part, finish in ends.items():
        them.passed(part, finish)
    found = {(one.transaction, one.table): set(one.orders) for one in them.alarms}
    assert found == stream.lost
    assert (them.open, dict(them._orders), them.unjudged) == (0, {}, 0)
    assert them.closed == len({told.id for told in stream.ends})
