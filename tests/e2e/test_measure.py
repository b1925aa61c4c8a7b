"""What the demo's numbers mean, on a handful of records."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime

import pytest

from overgrow import errors
from overgrow.demo.evidence import planted, takeover
from overgrow.demo.measure import Commits, Death, Lag, Lags, Window, failover, quantile, snapshot, timeline
from overgrow.demo.scene import Stuck
from overgrow.demo.settings import words
from overgrow.model import Part
from overgrow.testing.rangelog import Range
from overgrow.testing.topics import Record

PART, OTHER = Part("t", 0), Part("t", 1)


def commit(part: Part, start: int, after: int, owner: str, at: float) -> Range:
    return Range(part.topic, part.partition, start, after, owner, datetime.fromtimestamp(at, UTC))


def event(offset: int, at: float, op: str | None = "u", part: Part = PART) -> Record:
    return Record(part, offset, {"id": offset}, op, {}, None if op == "r" else offset, round(at * 1_000_000))


def died(*parts: Part, **claims: float) -> Death:
    """Killed at 10; `one` and `two`: when its partitions were claimed since."""
    at = {{"one": PART, "two": OTHER}[name]: when for name, when in claims.items()}
    return Death(owner="dead", at=10.0, parts=set(parts), claims=at)


def test_a_failover_ends_with_the_last_partition_and_only_by_another_owner() -> None:
    ranges = [
        commit(PART, 0, 5, "dead", 10.5),  # its last commit became visible after the kill
        commit(PART, 5, 9, "new", 12.0),
        commit(PART, 9, 10, "new", 20.0),
        commit(OTHER, 0, 1, "new", 13.5),
    ]
    assert failover(ranges, [], died(PART, OTHER)) == Window(begin=10.0, end=13.5)
    assert failover(ranges[:3], [], died(PART, OTHER)).seconds is None
    assert failover(ranges, [], died()).seconds is None


def test_a_partition_without_waiting_changes_is_served_again_from_its_claim_on() -> None:
    ranges = [commit(PART, 5, 9, "new", 12.0), commit(OTHER, 3, 4, "new", 30.0)]
    records = [event(5, 10.2), event(3, 29.9, part=OTHER)]
    claimed = died(PART, OTHER, one=11.0, two=11.5)
    assert failover(ranges, records, claimed) == Window(begin=10.0, end=12.0)
    assert failover(ranges[:1], records, claimed) == Window(begin=10.0, end=12.0)
    assert failover(ranges[:1], records, died(PART, OTHER, one=11.0)).seconds is None
    assert failover(ranges, [event(5, 10.2), event(3, 11.4, part=OTHER)], claimed) == Window(begin=10.0, end=30.0)


def test_a_failover_without_changes_is_not_called_a_failed_one() -> None:
    with pytest.raises(Stuck, match=f"no change came to {re.escape('t[0], t[1]')} after the kill: .*raise --rate"):
        takeover([], [event(4, 9.0)], died(PART, OTHER))


def test_a_change_that_nobody_took_over_is_a_failed_failover() -> None:
    assert takeover([], [event(8, 11.0)], died(PART, OTHER)).end is None
    one = [commit(PART, 5, 9, "new", 12.0)]
    assert takeover(one, [event(8, 11.0), event(8, 11.0, part=OTHER)], died(PART, OTHER)).end is None
    both = [*one, commit(OTHER, 5, 9, "new", 13.0)]
    assert takeover(both, [event(8, 11.0)], died(PART, OTHER)) == Window(begin=10.0, end=13.0)


def test_an_event_belongs_to_the_window_that_its_way_overlaps() -> None:
    window = Window(begin=10.0, end=12.0)
    ranges = [
        commit(PART, 0, 1, "a", 9.5),
        commit(PART, 1, 3, "a", 12.5),
        commit(PART, 3, 4, "a", 13.0),
    ]
    records = [event(0, 9.0), event(1, 9.9), event(2, 11.0), event(3, 12.5), event(4, 14.0), event(3, 0.0, None)]
    found = Lags.of(records, Commits(ranges), window)
    assert found.outside == Lag(events=2, p50_ms=500.0, p99_ms=500.0, max_ms=500.0)
    assert found.inside == Lag(events=2, p50_ms=1500.0, p99_ms=2600.0, max_ms=2600.0)
    assert found.open_events == 1


def test_a_timeline_tells_lags_by_the_sources_second_and_what_was_applied_by_the_targets() -> None:
    ranges = [commit(PART, 0, 2, "a", 100.9), commit(PART, 2, 3, "a", 103.5)]
    records = [event(0, 100.4), event(1, 100.8), event(2, 102.1), event(3, 102.2), event(0, 1.0, "r", part=OTHER)]
    found = timeline(records, Commits(ranges), 100.0)
    assert [(one.second, one.changed, one.applied) for one in found] == [(0, 2, 2), (1, 0, 0), (2, 1, 0), (3, 0, 1)]
    assert [(one.lag_p50_ms, one.lag_max_ms) for one in found] == [
        (100.0, 500.0),
        (None, None),
        (1400.0, 1400.0),
        (None, None),
    ]
    assert timeline([], Commits([]), 100.0) == []


def test_a_snapshot_lasts_until_its_last_read_is_committed() -> None:
    reads = [event(0, 1.0, "r"), event(1, 1.5, "r"), event(2, 9.0)]
    ranges = [commit(PART, 0, 1, "a", 2.0), commit(PART, 1, 3, "a", 4.25)]
    assert snapshot(reads, Commits(ranges)) == (2, 3.25)
    assert snapshot(reads, Commits(ranges[:1])) == (2, None)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.51, 3), (0.99, 4), (1.0, 4), (0.01, 1)])
def test_quantiles_are_values_that_occurred(share: float, expected: float) -> None:
    assert quantile([1, 2, 3, 4], share) == expected
    assert quantile([], share) is None


def test_a_filled_hole_never_splits_a_word() -> None:
    filled = words("python -m shop --dsn ${env:DSN} --n {rows}", env={"DSN": "a b"}, values={"rows": 5})
    assert filled == [sys.executable, "-m", "shop", "--dsn", "a b", "--n", "5"]
    with pytest.raises(errors.ConfigurationError, match=r"\{row\} in .* is not known; known: rows, DSN"):
        words("seed {row}", env={"DSN": ""}, values={"rows": 5})


def difference(key: str = "7", column: str = "vip", table: str = "crm.c") -> dict[str, object]:
    return {
        "target_table": table,
        "key": {"id": key},
        "columns": [{"column": column, "expected": "t", "actual": "f"}],
    }


@pytest.mark.parametrize(
    ("differences", "found"),
    [
        ([difference()], True),
        ([], False),
        ([difference(key="8")], False),
        ([difference(column="name")], False),
        ([difference(table="crm.d")], False),
        ([difference(), difference(key="8")], False),
    ],
)
def test_the_planted_value_is_found_iff_it_alone_is_named(differences: list[object], found: bool) -> None:  # noqa: FBT001 - a test's parameter
    document = {"differences": differences, "differing": len(differences)}
    seen = planted(document, "crm.c", "vip", {"id": "7"})
    assert (seen.found, seen.expected, seen.actual) == ((True, "t", "f") if found else (False, None, None))
