"""The verdict on the source's books, and the lines it is told in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from overgrow.cli.books import EXIT, _alarms
from overgrow.model import Part
from overgrow.reconcile.source_books import Missing, TableBooks
from overgrow.reconcile.source_report import PartitionCount, SourceReport

PART = PartitionCount(part=Part("shop.public.t", 0), start=0, next=10, records=10, received=10)
MISSING = Missing(transaction="7:100", table="public.t", told=20, missing=17, orders=(2, 4, 5))
CLOSED = SourceReport(
    pipeline="shop",
    tables={"public.t": TableBooks(transactions=1, told=20, received=20)},
    partitions=(PART,),
    closed=1,
    open=0,
    unjudged=0,
    unreadable=0,
    alarms=(),
    alarmed=0,
    standing="",
    seconds=1.0,
)


@pytest.mark.parametrize(
    ("report", "verdict", "code"),
    [
        (CLOSED, "closed", 0),
        (replace(CLOSED, unjudged=3), "closed", 0),
        (replace(CLOSED, open=1), "undecided", 4),
        (replace(CLOSED, alarms=(MISSING,), alarmed=1), "missing", 3),
        (replace(CLOSED, open=1, alarms=(MISSING,), alarmed=1), "missing", 3),
        (replace(CLOSED, partitions=(PART, replace(PART, records=9))), "missing", 3),
        (replace(CLOSED, partitions=(replace(PART, records=11),)), "missing", 3),
        (replace(CLOSED, partitions=(replace(PART, records=None),)), "closed", 0),
    ],
)
def test_the_verdict(report: SourceReport, verdict: str, code: int) -> None:
    assert (report.verdict, EXIT[report.verdict]) == (verdict, code)
    assert report.document()["verdict"] == verdict


def test_counts_are_compared_only_where_everything_was_read() -> None:
    assert CLOSED.whole
    part = replace(CLOSED, partitions=(PART, replace(PART, start=5, records=None)))
    assert (part.whole, part.document()["since_start"]) == (False, False)


def test_each_alarm_is_a_line_with_the_next_command() -> None:
    report = replace(
        CLOSED,
        partitions=(replace(PART, records=9),),
        alarms=(MISSING,),
        alarmed=3,
        standing="connector shop stands at 90, the source told of 100",
    )
    missing = "17 of 20 events are missing (number 2, 4, 5, ... of its events)"
    assert _alarms(report) == [
        f"ALARM transaction 7:100, table public.t: {missing}; next: overgrow verify",
        "ALARM and 2 more",
        "ALARM shop.public.t[0]: 9 records lie below its checkpoint 10, its books received 10; next: overgrow verify",
        "connector shop stands at 90, the source told of 100; next: overgrow doctor",
    ]
    assert _alarms(CLOSED) == []
