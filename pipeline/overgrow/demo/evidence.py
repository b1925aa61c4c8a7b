"""What is found out once the writer rests: tables, books, times, versions. Only reads. Called by the story's act."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

import httpx

from overgrow import __version__
from overgrow.demo import report as reports
from overgrow.demo.crew import Killed
from overgrow.demo.measure import Commits, Death, Lags, Window, failover, snapshot, timeline, unchanged
from overgrow.demo.scene import Connection, Say, Scene, Stuck, count
from overgrow.kafka.connect import Connect
from overgrow.mapping.plan import TablePlan
from overgrow.model import Part
from overgrow.testing import rangelog
from overgrow.testing.fold import fold
from overgrow.testing.rows import Comparison, compare, mapped_rows, source_rows, target_rows
from overgrow.testing.topics import Record

ANSWER_SECONDS = 30.0


def tables(scene: Scene, target: Connection, records: Sequence[Record], say: Say) -> Iterator[reports.Table]:
    """Each mapping: the target against the fold of its topic, and against its mapped source."""
    with scene.source() as source:
        for topic, plan in scene.plans.items():
            mine = [record for record in records if record.part.topic == topic]
            folded = fold(plan, scene.project.placeholder, mine)
            for one in plan.targets:
                there, mapped = target_rows(target, one), source_rows(source, one)
                of_topic = compare(mapped_rows(one, folded).rows, there)
                of_source = compare(mapped, there)
                _tell(one, "fold of the topic", of_topic, say)
                _tell(one, "mapped source", of_source, say)
                yield reports.Table(
                    mapping=one.name,
                    topic=topic,
                    source_table=one.source_table,
                    target_table=one.target_table,
                    source_rows=count(source, one.source_table),
                    expected_rows=len(mapped),
                    target_rows=len(there),
                    lost=len({*of_topic.missing, *of_source.missing}),
                    fold_differences=of_topic.count,
                    source_differences=of_source.count,
                )


def _tell(plan: TablePlan, what: str, found: Comparison, say: Say) -> None:
    if found.count:
        first = [*found.missing[:3], *found.extra[:3], *found.unequal[:3]]
        say(f"{plan.name}: {found.count} rows are not those of the {what}, the first: {first}")


def books(target: Connection, records: Sequence[Record]) -> list[reports.Books]:
    """Each checkpoint's columns beside what its partition holds."""
    counted = Counter(record.part for record in records)
    query = f"SELECT topic, partition, {', '.join(reports.BOOKS)} FROM overgrow.checkpoint ORDER BY 1, 2"  # noqa: S608 - own names
    return [
        reports.Books(
            topic=topic,
            partition=partition,
            records=counted[Part(topic, partition)],
            **dict(zip(reports.BOOKS, numbers, strict=True)),
        )
        for topic, partition, *numbers in target.execute(query.encode())
    ]


def times(
    target: Connection, records: Sequence[Record], killed: Killed, claims: Mapping[Part, float], live_began: float
) -> dict[str, Any]:
    """What the log of committed ranges tells, as fields of the report."""
    ranges = rangelog.ranges(target)
    commits = Commits(ranges)
    death = Death(owner=killed.owner, at=killed.at, parts=killed.parts, claims=claims)
    window = takeover(ranges, records, death)
    lags = Lags.of(records, commits, window)
    rows, seconds = snapshot(records, commits)
    return {
        "snapshot_rows": rows,
        "snapshot_seconds": seconds,
        "streamed_events": sum(record.streamed for record in records),
        "kill": reports.Kill(
            worker=killed.worker,
            parts=sorted(map(str, killed.parts)),
            idle_parts=sorted(map(str, unchanged(records, killed.parts, since=killed.at))),
            seconds_into_live=round(killed.at - live_began, 1),
            failover_seconds=None if window.seconds is None else round(window.seconds, 3),
        ),
        "range_faults": rangelog.gaps(ranges),
        "events_without_commit": lags.open_events,
        "lag": lags.outside,
        "lag_failover_window": lags.inside,
        "timeline": timeline(records, commits, live_began),
    }


def takeover(ranges: Sequence[rangelog.Range], records: Sequence[Record], death: Death) -> Window:
    """The failover; Stuck if it cannot be measured for want of changes, which says nothing against the pipeline."""
    if unchanged(records, death.parts, since=death.at) == death.parts:
        names = ", ".join(sorted(map(str, death.parts)))
        raise Stuck(f"no change came to {names} after the kill: no failover to measure; raise --rate or --seconds")
    return failover(ranges, records, death)


def versions(scene: Scene, target: Connection) -> dict[str, str]:
    """Of every part that took part."""
    connect = Connect(scene.where.connect)
    try:
        wanted = scene.project.connector.config["connector.class"]
        debezium = [plugin.version for plugin in connect.plugins() if plugin.name == wanted]
    finally:
        connect.close()
    kafka = httpx.get(scene.where.connect, trust_env=False, timeout=ANSWER_SECONDS).json()
    return {
        "overgrow": __version__,
        "python": platform.python_version(),
        "faust-streaming": metadata.version("faust-streaming"),
        "aiokafka": metadata.version("aiokafka"),
        "kafka": str(kafka["version"]),
        "debezium": debezium[0] if debezium else "",
        "postgresql": str(target.info.parameter_status("server_version")),
    }


def planted(document: Mapping[str, Any], table: str, column: str, key: Mapping[str, str]) -> reports.Planted:
    """Found: `verify` names exactly this table, key and column, and nothing else."""
    named = [
        one
        for difference in document["differences"]
        for one in difference["columns"]
        if (difference["target_table"], difference["key"], one["column"]) == (table, dict(key), column)
    ]
    only = named[0] if len(named) == 1 and document["differing"] == 1 else None
    return reports.Planted(
        table=table,
        column=column,
        key=key,
        found=only is not None,
        expected=only["expected"] if only else None,
        actual=only["actual"] if only else None,
    )
