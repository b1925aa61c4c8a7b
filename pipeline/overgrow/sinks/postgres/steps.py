"""The steps of a batch as SQL, inside the write transaction and under the checkpoint's lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.apply.batch import Batch, Books, Row, Step, Truncate
from overgrow.apply.fold import reread_stop
from overgrow.apply.ports import BadRows
from overgrow.model import Claim, Letter, Part, Stamp, Truncation, stamp_base
from overgrow.sinks.postgres.table import Table

Connection = psycopg.AsyncConnection[Any]
_GONE = ("delete", "filter")
_LETTERS_STEP = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What the locked checkpoint row says, and the rules that hold from it on.

    `streamed_to`: highest streamed lsn of the generation so far, None while only reads came. `boundary`: the offset at
    which the next generation begins, if there is one.
    """

    next_offset: int
    claim: Claim
    base: int
    epoch: int
    generation: int
    boundary: int | None
    history: int
    streamed_to: int | None
    truncation: Truncation | None
    letters: bool


async def lock(connection: Connection, table: Table, part: Part) -> Position | None:
    """Lock the partition's checkpoint row; None if there is none."""
    cursor = await connection.execute(table.statements["lock"], part._asdict())
    row = await cursor.fetchone()
    if row is None:
        return None
    next_offset, number, owner, epoch, stands_in, streamed_to, history = row
    parameters = {**part._asdict(), "epoch": epoch, "start": next_offset, "history": history}
    cursor = await connection.execute(table.statements["rules"], parameters)
    generation, boundary, off, lsn, letters = await cursor.fetchone() or (None, None, None, None, False)
    if generation is None:
        msg = f"{part}: no generation of epoch {epoch} reaches back to offset {next_offset}"
        raise errors.Refused(f"{msg}: overgrow's own tables are damaged. Do not go on; find out.", code="no-generation")
    return Position(
        next_offset=next_offset,
        claim=Claim(number, owner),
        base=stamp_base(epoch=epoch, generation=generation),
        epoch=epoch,
        generation=generation,
        boundary=boundary,
        history=history,
        streamed_to=streamed_to if generation == stands_in else None,
        truncation=None if off is None or lsn is None else Truncation(off, lsn),
        letters=letters,
    )


async def copy_payload(connection: Connection, table: Table, steps: Sequence[Step]) -> None:
    """COPY every row of the steps into the two stages; `_step` is the step's number."""
    for target, one in enumerate(table.targets):
        for stage, gone in ((one.stage, False), (one.gone, True)):
            lines = [
                line
                for number, step in enumerate(steps)
                if step.target == target and (step.kind in _GONE) is gone
                for line in _lines(number, step.rows)
            ]
            if lines:
                async with connection.cursor().copy(one.copy(stage)) as copy:
                    await copy.write("".join(lines))


def _lines(number: int, rows: Sequence[Row]) -> list[str]:
    return [
        f"{number}\t{offset}\t{NULL if floor is None else floor}\t{NULL if xid is None else xid}"
        f"\t{key.replace(BACKSLASH, ESCAPED) if BACKSLASH in key else key}\t{line}\n"
        for key, offset, floor, xid, _, line in rows
    ]


NULL, BACKSLASH, ESCAPED = "\\N", "\\", "\\\\"  # COPY text format; a source key is JSON, so no raw tab or newline in it


async def check_snapshot(connection: Connection, table: Table, batch: Batch, position: Position) -> None:
    """Reads open their generation, or the worker stops by name: rows deleted in between would stay for ever.

    But for a generation that has a successor: the successor's sweep removes whatever these reads leave behind.
    """
    if position.boundary is not None:
        return
    where = {**batch.part._asdict(), "epoch": position.epoch, "generation": position.generation}
    if position.streamed_to is not None:
        raise reread_stop(f"{batch.part} offset {batch.start}")
    if batch.first_read is None:
        return
    cursor = await connection.execute(table.statements["open_snapshot"], where)
    for partition, first_read in await cursor.fetchall():
        if first_read is not None and (partition, first_read) != (batch.part.partition, batch.first_read):
            raise reread_stop(f"{batch.part} offset {batch.first_read}")
    await connection.execute(table.statements["note_snapshot"], {**where, "first_read": batch.first_read})


class Write:
    """Runs one batch's steps; `where` names the partition in every statement."""

    def __init__(self, connection: Connection, table: Table, batch: Batch, position: Position) -> None:
        self.connection, self.table, self.batch, self.position = connection, table, batch, position
        self.where: Mapping[str, Any] = {
            **batch.part._asdict(),
            "base": position.base,
            "history": position.history,
            "generation": position.generation,
        }
        self.letters = position.letters  # is any letter of this mapping open?
        self.patches_set_aside = 0
        self.filed: list[tuple[Letter, bool]] = []  # letter, and whether it is open

    async def run(self) -> Books:
        """Steps, then letters; the counts by fate."""
        if self.batch.truncate is not None:
            return await self._truncate(self.batch.truncate)
        await self.heed_truncation()
        await self.heed_letters()
        applied = superseded = filtered = 0
        for number, step in enumerate(self.batch.steps):
            done = await self.step(number, step)
            if step.target:
                continue
            if step.kind == "filter":
                filtered += len(step.rows)
                continue
            applied += done
            superseded += len(step.rows) - done
        await self._file(self.batch.letters)
        if self.batch.letters:
            self.letters = True
        await self._close_letters(len(self.batch.steps))
        superseded -= self.patches_set_aside
        set_aside = len(self.batch.letters) + self.patches_set_aside
        return Books(applied=applied, superseded=superseded, filtered=filtered, set_aside=set_aside)

    async def _truncate(self, truncate: Truncate) -> Books:
        """Remove what is older, everywhere. The other partitions' checkpoints are locked: nobody else writes."""
        off = self.position.base + truncate.offset
        watermark = Truncation(off, truncate.lsn)
        where = {"off": off, "lsn": truncate.lsn, "next_generation": watermark.next_generation}
        await self._execute("take_time")
        await self._execute("lock_the_others")
        if not (await self._execute("note_truncation", **where)).rowcount:
            await self._execute("close_undecodable", off=off)
            return Books(superseded=1)  # sent again, or overtaken by a later one from another partition
        for one in self.table.targets:
            await self._on(one, "truncate", **where)
        await self._execute("close_truncated", **where)
        return Books(applied=1)

    async def heed_truncation(self) -> None:
        """Events older than the newest truncate write nothing, whenever they come."""
        watermark = self.position.truncation
        if watermark is not None:
            where = {**self.where, "lsn": watermark.lsn, "next_generation": watermark.next_generation}
            for statement in self._on_every_stage("refuse_truncated"):
                await self.connection.execute(statement, where)

    async def _close_letters(self, number: int) -> None:
        """Whole rows written by the steps before `number` heal the open letters of their keys."""
        if self.letters:
            before = enumerate(self.batch.steps[:number])
            whole = [place for place, step in before if step.kind != "patch" and not step.target]
            await self._execute("close_letters", whole=whole)

    async def heed_letters(self, first: int = 0) -> None:
        """Open letters are stamps of their keys: they refuse what is older and raise the floor of what is written.

        `first`: the first step that is still to be run.
        """
        if self.letters:
            for name in ("refuse_by_letters", "raise_floor_by_letters"):
                for statement in self._on_every_stage(name):
                    await self.connection.execute(statement, {**self.where, "first": first})

    async def step(self, number: int, step: Step) -> int:
        """One guarded step; how many rows it wrote."""
        if step.kind == "patch":
            return await self._patch(number, step)
        table = self.table.targets[step.target]
        if step.kind == "upsert":
            if table.keyed:
                await self._refuse_collisions(number, table)
            done = (await self._on(table, "upsert", step=number)).rowcount
            if table.keyed and done < len(step.rows):
                await self._refuse_collisions(
                    number, table
                )  # another partition's key came first, between the two statements
            return done
        cursor = await self._on(table, "delete", step=number)
        row = await cursor.fetchone()
        return int(row[0]) if row else 0

    def _on_every_stage(self, name: str) -> list[sql.Composed]:
        return [statement for one in self.table.targets for statement in one.on_both_stages(name)]

    async def _refuse_collisions(self, number: int, table: Table) -> None:
        """Two source keys on one target key: the owner stays (without one, the older event), the other is set aside."""
        cursor = await self._on(table, "collisions", step=number)
        owners = await cursor.fetchall()
        if owners:
            cause = "the target key belongs to source key {}"
            raise BadRows({offset: ("key-collision", cause.format(owner)) for offset, owner in owners})

    async def _patch(self, number: int, step: Step) -> int:
        await self._close_letters(number)
        cursor = await self._execute("judge_patch", step=number)
        verdicts = dict(await cursor.fetchall())
        causes = {"queued": "queued behind an open letter of its key", "no-row": "the target has no such row"}
        letters = [
            Letter(
                record=self.batch.chunk.record(index),
                key=key,
                lsn=floor,
                xid=xid,
                kind="partial-without-row",
                cause=cause,
            )
            for key, offset, floor, xid, index, _ in step.rows
            if (cause := causes.get(verdicts.get(offset, "")))
        ]
        if letters:  # filed at once: what follows of their keys in this very batch must see them
            self.patches_set_aside += len(letters)
            self.letters = True
            await self._file(letters)
            await self.heed_letters(number + 1)
        offsets = [offset for offset, verdict in verdicts.items() if verdict == "apply"]
        if not offsets:
            return 0
        statement = self.table.patch(step.columns)
        done = await self.connection.execute(statement, {**self.where, "step": number, "offsets": offsets})
        return done.rowcount

    async def _file(self, letters: Sequence[Letter]) -> None:
        if not letters:
            return
        stale = set(self.batch.stale_letters) | self._truncated(letters) | await self._outdated(letters)
        for letter in letters:
            is_open = letter.record.offset not in stale
            self.filed.append((letter, is_open))
            names = [name for name, _ in letter.record.headers]
            values = [value for _, value in letter.record.headers]
            await self._execute(
                "file_letter",
                epoch=self.position.epoch,
                offset=letter.record.offset,
                off=self.position.base + letter.record.offset,
                source_key=letter.key,
                lsn=letter.lsn,
                xid=letter.xid,
                kind=letter.kind,
                cause=letter.cause.replace("\0", "\\0"),  # text cannot hold NUL; the bytes are kept in `value`
                field=letter.field,
                state="open" if is_open else "superseded",
                key=letter.record.key,
                value=letter.record.value,
                header_names=names,
                header_values=values,
            )

    def _truncated(self, letters: Sequence[Letter]) -> set[int]:
        """Letters that a truncate has overtaken. What could not be decoded has no position, so nobody knows."""
        watermark, position = self.position.truncation, self.position
        if watermark is None:
            return set()
        stamps = {
            letter.record.offset: Stamp(position.base + letter.record.offset, letter.lsn, letter.xid)
            for letter in letters
            if letter.kind != "decode"
        }
        return {at for at, stamp in stamps.items() if watermark.covers(stamp, history_from=position.history)}

    async def _outdated(self, letters: Sequence[Letter]) -> set[int]:
        """Letters that could not have written anyway: their key has seen something newer (a re-sent poison record)."""
        rows: list[Row] = [
            (letter.key, letter.record.offset, letter.lsn, letter.xid, 0, letter.target_key)
            for letter in letters
            if letter.key is not None and letter.target_key is not None
        ]
        if not rows:
            return set()
        async with self.connection.cursor().copy(self.table.copy(self.table.gone)) as copy:
            await copy.write("".join(_lines(_LETTERS_STEP, rows)))
        cursor = await self._execute("judge_letters", step=_LETTERS_STEP)
        return {row[0] for row in await cursor.fetchall()}

    async def _execute(self, name: str, **parameters: Any) -> psycopg.AsyncCursor[Any]:  # noqa: ANN401
        """A statement on the first target."""
        return await self._on(self.table, name, **parameters)

    async def _on(self, table: Table, name: str, **parameters: Any) -> psycopg.AsyncCursor[Any]:  # noqa: ANN401
        return await self.connection.execute(table.statements[name], {**self.where, **parameters})
