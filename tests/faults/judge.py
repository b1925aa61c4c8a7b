"""The proof at the end of every scenario: nothing lost, doubled or changed.

target rows = the topics read by a plain consumer and folded (`overgrow.testing.fold`), through the interpreter;
              their stamps as well
target rows = the source's rows, through the interpreter
books: received per partition = the records in it below the checkpoint
committed ranges tile each partition: no record was applied in two transactions
open letters: exactly those that the scenario planted
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from overgrow.mapping import RowCodec, TablePlan
from overgrow.mapping.interpret import OUTSIDE, interpret
from overgrow.model import Part
from overgrow.sinks.postgres import Table
from overgrow.testing import rangelog
from overgrow.testing.fold import Folded, Key, fold
from overgrow.testing.topics import read_topics
from tests.faults.pipeline import Connection, Pipeline

OFFSET_BITS = 48
SHOWN = 5
Rows = dict[tuple[str | None, ...], tuple[str | None, ...]]


@dataclass(slots=True, kw_only=True)
class Findings:
    """What was found, in numbers and in words. `lost` and `wrong`: keys of target tables, by table; `doubled` and
    `skipped`: records that two committed transactions applied, or none.
    """

    events: int = 0
    lost: set[tuple[str, Any]] = field(default_factory=set)
    wrong: set[tuple[str, Any]] = field(default_factory=set)
    doubled: int = 0
    skipped: int = 0
    books_balanced: bool = True
    problems: list[str] = field(default_factory=list)
    folded: dict[str, Folded] = field(default_factory=dict)


def judge(pipeline: Pipeline, *, letters: Collection[int] = ()) -> dict[str, Folded]:
    """Drain, then prove. `letters`: customers whose row is set aside and expected to be."""
    findings = inspect(pipeline, letters=letters)
    assert findings.problems == [], "\n".join(findings.problems)
    return findings.folded


def inspect(pipeline: Pipeline, *, letters: Collection[int] = ()) -> Findings:
    """Drain, then say everything that is not as it must be."""
    ends = pipeline.drained()
    found = Findings(events=sum(ends.values()))
    records = [one for one in read_topics(pipeline.kafka, pipeline.deployment.plans) if one.offset < ends[one.part]]
    aside = {(cust_id,) for cust_id in letters}
    with pipeline.source() as source, pipeline.target() as target:
        if (seen := _letters(target)) != {f"[{cust_id}]" for cust_id in letters}:
            found.problems.append(f"open letters: {_some(seen)}, planted: {list(letters)}")
        for topic, plan in pipeline.deployment.plans.items():
            theirs = [record for record in records if record.part.topic == topic]
            since = _swept(target, topic)
            folded = found.folded[topic] = fold(plan, pipeline.deployment.project.placeholder, theirs, since=since)
            for one in (one for one in pipeline.deployment.targets if one.topic == topic):
                comparison = _Comparison(found, target, one.plan, one.table)
                comparison.equal("the folded topic", {key: now.row for key, now in folded.keys.items()}, aside)
                comparison.equal("the source", _source_rows(source, one.plan, one.codec), aside)
                comparison.stamped(folded, aside, floors=not since)
        _books(found, pipeline, ends)
        _tiled(found, pipeline, rangelog.ranges(target))
    return found


class _Comparison:
    """One mapping's target table against rows in wire form."""

    def __init__(self, found: Findings, target: Connection, plan: TablePlan, table: Table) -> None:
        self._found, self._target, self._plan, self._table = found, target, plan, table
        self._columns = ", ".join(table.columns)
        self._rows = table.rows.as_string()
        self._texts = ", ".join(f"{name}::text" for name in table.columns)
        self._keys = [table.columns.index(name) for name in table.key]

    def equal(self, what: str, rows: Mapping[Key, Mapping[str, Any] | None], aside: Collection[Key]) -> None:
        """Row by row, in the target's own notation, also the stored source key."""
        expected, actual = self._expected(rows, aside), self._actual()
        missing, extra = expected.keys() - actual.keys(), actual.keys() - expected.keys()
        wrong = {
            key: (expected[key], actual[key]) for key in expected.keys() & actual.keys() if expected[key] != actual[key]
        }
        name = self._table.target
        self._found.lost |= {(name, key) for key in missing}
        self._found.wrong |= {(name, key) for key in (*extra, *wrong)}
        if missing or extra or wrong:
            self._found.problems.append(
                f"{name} is not {what}: missing {_some(missing)}, extra {_some(extra)},"
                f" wrong (expected, found) {_some(wrong.items())}"
            )

    def _expected(self, rows: Mapping[Key, Mapping[str, Any] | None], aside: Collection[Key]) -> Rows:
        self._target.execute(
            f"CREATE TEMP TABLE expected AS SELECT {self._columns}, ''::text AS _og_key"
            f" FROM {self._table.target} WITH NO DATA"
        )
        with self._target.cursor() as cursor, cursor.copy("COPY expected FROM STDIN") as copy:
            for key, row in rows.items():
                if row is None or key in aside:
                    continue
                values = interpret(self._plan, row)
                if values is not OUTSIDE:
                    copy.write_row([*(values[name] for name in self._table.columns), source_key(key)])
        found = self._read("expected", "_og_key")
        self._target.execute("DROP TABLE expected")
        return found

    def _actual(self) -> Rows:
        return self._read(self._rows, "_og_key" if self._table.keyed else self._key_text())

    def _key_text(self) -> str:
        """Where the target key is the source key: the same JSON array."""
        return f"'[' || concat_ws(',', {', '.join(f'to_json({name})' for name in self._table.key)}) || ']'"

    def _read(self, relation: str, key: str) -> Rows:
        rows = self._target.execute(f"SELECT {self._texts}, {key} FROM {relation} t".encode()).fetchall()
        found = {tuple(row[place] for place in self._keys): tuple(row) for row in rows}
        assert len(found) == len(rows), f"{relation}: {len(rows)} rows with {len(found)} keys"
        return found

    def stamped(self, folded: Folded, aside: Collection[Key], *, floors: bool) -> None:
        """Every row says which record wrote it, and the highest position its key has seen (not `floors`: somewhere)."""
        key = "_og_key" if self._table.keyed else self._key_text()
        mask = (1 << OFFSET_BITS) - 1
        rows = self._target.execute(
            f"SELECT {key}, _og_off & {mask}, {'_og_lsn' if floors else 'NULL'} FROM {self._rows} t".encode()
        ).fetchall()
        newest = {
            source_key(key): (one.offset, one.floor if floors else None)
            for key, one in folded.keys.items()
            if key not in aside
        }
        wrong = {key: (newest.get(key), stamp) for key, *stamp in rows if newest.get(key) != tuple(stamp)}
        self._found.wrong |= {(self._table.target, key) for key in wrong}
        if wrong:
            self._found.problems.append(f"{self._table.target}: stamps (expected, found): {_some(wrong.items())}")


def source_key(key: Key) -> str:
    """The canonical source key: a JSON array without spaces."""
    return json.dumps(list(key), separators=(",", ":"), ensure_ascii=False)


def _source_rows(source: Connection, plan: TablePlan, codec: RowCodec) -> dict[Key, dict[str, Any]]:
    names = [column.name for column in plan.used]
    rows = source.execute(f"SELECT {codec.source_select()} FROM {plan.source_table}".encode())
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return {tuple(row[column.name] for column in plan.key_columns): row for row in found}


def _swept(target: Connection, topic: str) -> dict[Part, int]:
    """Where the newest swept generation begins: nothing from before it is left. Empty for the first snapshot."""
    rows = target.execute(
        "SELECT partition, max(from_offset) FROM overgrow.generation WHERE topic = %s AND swept_at IS NOT NULL"
        " AND (epoch, number) > (1, 0) GROUP BY partition",
        [topic],
    )
    return {Part(topic, partition): at for partition, at in rows}


def _letters(target: Connection) -> set[str]:
    return {key for (key,) in target.execute("SELECT source_key FROM overgrow.dead_letter WHERE state = 'open'")}


def _books(found: Findings, pipeline: Pipeline, ends: Mapping[Part, int]) -> None:
    at = pipeline.checkpoints()
    beyond = {str(part): (end, at[part].next) for part, end in ends.items() if at[part].next != end}
    if beyond:
        found.problems.append(f"checkpoints do not stand at the ends they were drained to (end, checkpoint): {beyond}")
    counted = {part: found.folded[part.topic].counts[part] for part in ends}
    wrong = {str(part): (counted[part], at[part].received) for part in ends if at[part].received != counted[part]}
    found.books_balanced = not wrong
    if wrong:
        found.problems.append(f"received is not what the partitions hold (records, received): {wrong}")


def _tiled(found: Findings, pipeline: Pipeline, ranges: Iterable[rangelog.Range]) -> None:
    reached: dict[Part, int] = {}
    for one in ranges:
        part = Part(one.topic, one.partition)
        at = reached.get(part, 0)
        found.doubled += max(0, min(at, one.next) - one.start)
        found.skipped += max(0, one.start - at)
        if one.start != at or one.next <= one.start:
            found.problems.append(f"{part}: [{one.start}, {one.next}) follows {at}")
        reached[part] = one.next
    stands = {part: one.next for part, one in pipeline.checkpoints().items() if one.next > 0}
    if reached != stands:
        found.problems.append(f"the committed ranges end at {reached}, the checkpoints stand at {stands}")


def _some(of: Collection[Any]) -> str:
    return f"{len(of)} {list(of)[:SHOWN]}"
