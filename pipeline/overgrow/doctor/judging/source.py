"""Can the source be streamed, is everything kept that the connector has not read, is every mapped table published?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from overgrow.doctor.facts import Publication, Slot, Source, Wanted
from overgrow.doctor.finding import Finding, On

OPERATIONS = frozenset({"insert", "update", "delete", "truncate"})
LAG_BYTES = 10 << 30  # the source's disk is filled by less in many a shop
_APPLY = "overgrow apply"
_START_OVER = "overgrow apply --start-over, once the cause is known: what was not read is gone"


def judge(seen: Source, wanted: Wanted, *, made: bool) -> Iterator[Finding]:
    """Everything. `made`: the target holds checkpoints, so the stream has begun."""
    yield _wal_level(seen)
    yield from _room(seen)
    yield from running(seen, wanted, made=made)
    yield from _published_how(seen.publication, wanted)
    for table, declared in wanted.tables.items():
        yield _replica_identity(table, seen.identities.get(table), declared)


def running(seen: Source, wanted: Wanted, *, made: bool) -> Iterator[Finding]:
    """What may break while the pipeline runs: the slot, the publication."""
    yield from _slot(seen.slot, wanted.slot, made=made)
    yield from _published(seen.publication, wanted, made=made)


def identity(seen: Source, bound: tuple[int, int] | None, pipeline: str) -> Iterator[Finding]:
    """Whether this is the source the pipeline was bound to; a pipeline that is not bound yet says so elsewhere."""
    if bound is None:
        return
    on = On("source-identity", "source", pipeline)
    if seen.identity == bound:
        yield on.ok(f"system {bound[0]}, timeline {bound[1]}")
        return
    yield on.fail(
        f"the pipeline belongs to source system {bound[0]}, timeline {bound[1]}; this is system {seen.identity[0]}, "
        f"timeline {seen.identity[1]}: positions do not compare between them",
        "mend source.dsn; or, if this source is meant, overgrow apply --start-over",
    )


def _wal_level(seen: Source) -> Finding:
    on = On("wal-level", "source", "wal_level")
    if seen.wal_level == "logical":
        return on.ok("logical")
    return on.fail(f"{seen.wal_level}: the source cannot be streamed", "set wal_level=logical, restart the source")


def _room(seen: Source) -> Iterator[Finding]:
    have = seen.slot is not None and seen.slot.active
    for check, setting, used, most in (
        ("free-slots", "max_replication_slots", seen.slots, seen.max_slots),
        ("free-senders", "max_wal_senders", seen.senders, seen.max_senders),
    ):
        on, text = On(check, "source", setting), f"{used} of {most} in use"
        needed = seen.slot is None if check == "free-slots" else not have
        if used < most:
            yield on.ok(text)
        elif needed:
            yield on.fail(f"{text}: the connector needs one", f"raise {setting} on the source and restart it")
        else:
            yield on.ok(f"{text}, one by the connector")


def _slot(slot: Slot | None, name: str, *, made: bool) -> Iterator[Finding]:
    exists = On("slot-exists", "source", name)
    if slot is None:
        if made:
            yield exists.fail("the replication slot is gone: changes are not kept for the connector", _START_OVER)
        else:
            yield exists.warn("not made yet; the connector makes it when it starts", _APPLY)
        return
    yield exists.ok("there")
    yield _kept(slot, name)
    active = On("slot-active", "source", name)
    if slot.active:
        yield active.ok("in use")
    else:
        yield active.fail(
            "nobody reads the slot; the source keeps its log", "overgrow status, then the connector's log"
        )
    yield _lag(slot, name)


def _kept(slot: Slot, name: str) -> Finding:
    on = On("slot-kept", "source", name)
    if slot.wal_status == "lost" or slot.invalidation:
        why = slot.invalidation or "max_slot_wal_keep_size was passed"
        return on.fail(f"the slot is lost ({why}): changes the connector has not read are gone", _START_OVER)
    room = "" if slot.safe_bytes is None else f", {slot.safe_bytes:,} bytes may still be written"
    if slot.wal_status == "unreserved":
        return on.fail(
            f"the slot is about to be lost at the next checkpoint of the source{room}",
            "raise max_slot_wal_keep_size on the source now, then let the connector catch up",
        )
    return on.ok(f"{slot.wal_status or 'no status'}{room}")


def _lag(slot: Slot, name: str) -> Finding:
    on = On("slot-lag", "source", name)
    retained = slot.retained_bytes or 0
    text = f"{retained:,} bytes of log kept, {slot.unconfirmed_bytes or 0:,} not confirmed"
    then = "overgrow status: is the connector running, is a long transaction open on the source?"
    # Half of what the source allows: the other half is the time to act in.
    if slot.safe_bytes is not None and retained > slot.safe_bytes:
        return on.warn(f"{text}, the source allows {slot.safe_bytes:,} more", then)
    if slot.safe_bytes is None and retained > LAG_BYTES:
        return on.warn(f"{text}, without a limit (max_slot_wal_keep_size): the source's disk fills up", then)
    return on.ok(text)


def _published(publication: Publication | None, wanted: Wanted, *, made: bool) -> Iterator[Finding]:
    exists = On("publication", "source", wanted.publication)
    if publication is None:
        text = "there is no such publication: nothing is streamed"
        yield exists.fail(text, _APPLY) if made else exists.warn("not made yet", _APPLY)
        return
    yield exists.ok(f"{len(publication.tables)} tables")
    for table in wanted.tables:
        on = On("publication-table", "source", table)
        if table in publication.tables:
            yield on.ok(f"in publication {wanted.publication}")
        elif made:
            yield on.fail(
                f"not in publication {wanted.publication}: its changes since are not in the stream",
                f"{_APPLY} --only source, then overgrow verify",
            )
        else:
            yield on.warn(f"not in publication {wanted.publication} yet", _APPLY)


def _published_how(publication: Publication | None, wanted: Wanted) -> Iterator[Finding]:
    if publication is None:
        return
    on = On("publication-operations", "source", wanted.publication)
    if absent := OPERATIONS - publication.operations:
        yield on.fail(
            f"does not publish {_list(absent)}",
            f"ALTER PUBLICATION {wanted.publication} SET (publish = 'insert, update, delete, truncate') on the source",
        )
    else:
        yield on.ok("insert, update, delete, truncate")
    for table in sorted(publication.limited & wanted.tables.keys()):
        yield On("publication-limits", "source", table).fail(
            f"publication {wanted.publication} has a row filter or a list of columns for it: the rest is not streamed",
            f"ALTER PUBLICATION {wanted.publication} DROP TABLE {table} on the source, then {_APPLY} --only source",
        )


def _replica_identity(table: str, live: str | None, declared: str) -> Finding:
    on = On("replica-identity", "source", table)
    if live is None:
        return on.fail("the source has no such table", f"mend the mapping of {table}, then overgrow check")
    if live == declared:
        return on.ok(live)
    return on.fail(
        f"REPLICA IDENTITY {live}, the catalogue says {declared}",
        f"ALTER TABLE {table} REPLICA IDENTITY {declared.upper()} on the source; or mend schemas/source/{table}.yaml",
    )


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
