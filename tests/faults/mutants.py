"""Workers with one rule of delivery weakened each. Started by `mutated_worker.py`; `mutations.py` must catch every one.

Each mutant is named by what it no longer does; `CONTROL` weakens nothing and must pass the same provocation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import structs

from overgrow import errors
from overgrow.apply import Engine, Receipt, fold
from overgrow.apply.fold import Folder
from overgrow.apply.ports import Boundary, Claimed, ClaimLost, Hole, Moved
from overgrow.mapping import codegen
from overgrow.model import stamp_base
from overgrow.sinks.postgres import claim, table
from overgrow.sinks.postgres.sink import PostgresSink
from overgrow.sinks.postgres.steps import Write, lock
from overgrow.workers import claiming

CONTROL = "nothing"
MUTANTS: dict[str, Callable[[], None]] = {CONTROL: lambda: None}


def _mutant(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def registered(patch: Callable[[], None]) -> Callable[[], None]:
        MUTANTS[name] = patch
        return patch

    return registered


def _replace(owner: Any, name: str, new: Any) -> None:
    assert hasattr(owner, name), f"{owner} has no {name} any more: this mutant would change nothing"
    setattr(owner, name, new)


def _position(changed: Callable[[Any, Any, Any], Any]) -> None:
    """Have the sink see another checkpoint than the one it locked."""

    async def _lock(_: PostgresSink, connection: Any, one: Any, batch: Any, claim: Any) -> Any:
        position = changed(await lock(connection, one, batch.part), batch, claim)
        if position.claim != claim:
            raise ClaimLost(f"{batch.part} is claimed by {position.claim}")
        if position.next_offset != batch.start:
            raise (Hole if position.next_offset < batch.start else Moved)(position.next_offset)
        if position.boundary is not None and position.boundary < batch.next:
            raise Boundary(position.boundary)
        return position

    _replace(PostgresSink, "_lock", _lock)


@_mutant("check the claim")
def _no_claim() -> None:
    _position(lambda position, _, claim: replace(position, claim=claim))


@_mutant("stop at a hole")
def _no_hole() -> None:
    _position(
        lambda position, batch, _: replace(position, next_offset=max(position.next_offset, batch.start)),
    )


@_mutant("trim what is applied already")
def _no_trim() -> None:
    _position(
        lambda position, batch, _: replace(position, next_offset=min(position.next_offset, batch.start)),
    )


def _statement(name: str, old: str, new: str) -> None:
    text = table.load("write.sql")
    assert old in text[name], f"{name} no longer says {old!r}: this mutant would change nothing"
    text[name] = text[name].replace(old, new)


@_mutant("compare positions")
def _no_positions() -> None:
    _statement("newer_than_b", "s._floor >= b._og_lsn", "true")
    _statement("upsert", "excluded._og_lsn >= t._og_lsn", "true")
    _statement("delete", "s._floor >= t._og_lsn", "true")


@_mutant("leave a tombstone")
def _no_tombstone() -> None:
    _statement("delete", "WHERE r._key IS NOT NULL", "WHERE false AND r._key IS NOT NULL")
    _statement("delete", "        OR (NOT EXISTS", "        OR (false AND NOT EXISTS")


@_mutant("count open letters as stamps")
def _letters_forgotten() -> None:
    async def heed_letters(self: Write, first: int = 0) -> None:
        pass

    _replace(Write, "heed_letters", heed_letters)


@_mutant("commit rows and checkpoint together")
def _checkpoint_first() -> None:
    write = PostgresSink._write

    async def _write(self: PostgresSink, connection: Any, one: Any, batch: Any, claim: Any) -> Receipt:
        await self._lock(connection, one, batch, claim)
        where = {"next": batch.next, "back": batch.start, **batch.part._asdict()}
        moved = "UPDATE overgrow.checkpoint SET next_offset = {} WHERE topic = %(topic)s AND partition = %(partition)s"
        await connection.execute(moved.format("%(next)s").encode(), where)
        await connection.execute("COMMIT")
        await connection.execute("BEGIN")
        await connection.execute("SET LOCAL session_replication_role = replica")  # the log of ranges has seen it
        await connection.execute(moved.format("%(back)s").encode(), where)
        return await write(self, connection, one, batch, claim)

    _replace(PostgresSink, "_write", _write)


@_mutant("delete a row that leaves the filter")
def _filter_keeps() -> None:
    step = Write.step

    async def kept(self: Write, number: int, one: Any) -> int:
        return 0 if one.kind == "filter" else await step(self, number, one)

    _replace(Write, "step", kept)


@_mutant("leave alone what did not travel")
def _placeholder_written() -> None:
    _replace(codegen, "absent", lambda *_: lambda _: frozenset())


@_mutant("count Kafka's tombstones")
def _tombstones_uncounted() -> None:
    class _Miscounts(fold._Fold):
        def batch(self) -> Any:
            self.received -= self.ignored
            self.ignored = 0
            return super().batch()

    _replace(fold, "_Fold", _Miscounts)


@_mutant("refuse another topic of the same name")
def _any_topic() -> None:
    def check_topic(part: Any, claimed: Claimed, topic: Any) -> None:
        pass

    _replace(claiming, "check_topic", check_topic)


@_mutant("compare offsets")
def _no_offsets() -> None:
    _statement("newer_than_b", "b._og_off < s._off + %(base)s", "true")
    _statement("upsert", "t._og_off < excluded._og_off", "true")
    _statement("delete", "t._og_off < s._og_off", "true")


@_mutant("give a read no position")
def _reads_are_changes() -> None:
    init = Folder.__init__

    def told(self: Folder, wire: Any, *rest: Any, **options: Any) -> None:
        init(self, _ReadsAsCreates(wire), *rest, **options)

    _replace(Folder, "__init__", told)


class _ReadsAsCreates:
    """A wire that takes a read for an insert at the position that it names."""

    def __init__(self, wire: Any) -> None:
        self.key, self._value = wire.key, wire.value

    def value(self, raw: bytes) -> Any:
        event = self._value(raw)
        if event.op != "r":
            return event
        source = structs.replace(event.source, txId=event.source.txId or 1)
        return structs.replace(event, op="c", source=source)


@_mutant("keep the floor under a read")
def _no_floor() -> None:
    _statement(
        "upsert", "greatest(excluded._og_lsn, CASE WHEN t._og_off", "coalesce(excluded._og_lsn, CASE WHEN t._og_off"
    )
    _statement("upsert", "THEN t._og_lsn END)\n WHERE", "THEN NULL::bigint END)\n WHERE")


@_mutant("compact by the guard's rule")
def _newest_offset_wins() -> None:
    _replace(fold._Fold, "_floor", lambda *_: None)


@_mutant("fall back to the older valid event")
def _no_fallback() -> None:
    set_aside = fold._Fold._set_aside

    def all_of_it(self: Any, index: int, key: str, *rest: Any) -> None:
        set_aside(self, index, key, *rest)
        self.slots.pop(key, None)

    _replace(fold._Fold, "_set_aside", all_of_it)


@_mutant("stamp with the generation under the lock")
def _first_generation() -> None:
    _position(lambda position, *_: replace(position, base=stamp_base(epoch=position.epoch, generation=0)))


@_mutant("stamp with the epoch")
def _first_epoch() -> None:
    _position(lambda position, *_: replace(position, base=stamp_base(epoch=1, generation=position.generation)))


@_mutant("refuse what a truncate has overtaken")
def _no_watermark() -> None:
    async def heed_truncation(self: Write) -> None:
        pass

    _replace(Write, "heed_truncation", heed_truncation)


@_mutant("keep two source keys off one target key")
def _collisions_overwrite() -> None:
    async def nothing(*_: Any) -> None:
        pass

    _replace(Write, "_refuse_collisions", nothing)
    _statement("upsert", "{and_excluded_same_key}", "")


@_mutant("refuse an older mapping")
def _any_mapping() -> None:
    async def check(*_: Any) -> None:
        pass

    _replace(claim, "_check_recorded", check)


# -- what a mutant needs beside it to be seen: faults inside the worker that the unweakened one survives

FAULTS: dict[str, Callable[[], None]] = {}


def _fault(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def registered(patch: Callable[[], None]) -> Callable[[], None]:
        FAULTS[name] = patch
        return patch

    return registered


EVERY, LAST = 7, 40  # not for ever: a chunk that is dropped with nothing behind it would be waited for


@_fault("chunks are dropped")
def _drop_chunks() -> None:
    """Every seventh chunk is thrown away by the host, which believes it applied."""
    feed, count = Engine.feed, [0]

    async def sometimes(self: Engine, chunk: Any, claim: Any) -> int:
        count[0] += 1
        return int(chunk.next) if count[0] % EVERY == 0 and count[0] < LAST else await feed(self, chunk, claim)

    _replace(Engine, "feed", sometimes)


@_fault("answers to commits are lost")
def _ambiguous_commits() -> None:
    """Every seventh commit is done, and reported as a lost connection."""
    write, count = PostgresSink.write, [0]

    async def unanswered(self: PostgresSink, batch: Any, claim: Any) -> Receipt:
        receipt = await write(self, batch, claim)
        count[0] += 1
        if count[0] % EVERY == 0:
            raise errors.TransientError("planted: the answer to COMMIT was lost")
        return receipt

    _replace(PostgresSink, "write", unanswered)
