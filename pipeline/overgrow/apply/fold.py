"""Fold a chunk: decode, keep the last valid write per key, translate what is left. Pure; the hot path.

Compaction uses the guard's own rule, so that a batch ends where its events one by one would end:

* a streamed event whose position is lower than one already seen for its key can never win (it is a re-send);
* otherwise the newer event replaces the older one, whatever the target row holds, with two exceptions that are
  written as separate steps, in order: a streamed event after a read (the row's own position may refuse the former,
  then the read stands), and a partial row, which needs what came before it;
* poison is never a winner, but its position counts as a floor for later events of its key. A partial row behind it ends
  the batch: whether it must queue, only the target knows (docs/decisions/0001).
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from overgrow import errors
from overgrow.apply.batch import Batch, Books, Step, Truncate
from overgrow.apply.ports import Codec, Wire
from overgrow.apply.translating import Slot, explained, translated
from overgrow.model import Chunk, Letter, LetterKind

Poison = Mapping[int, tuple[LetterKind, str, str | None]]  # offset -> (kind, cause, field)


_OPS = frozenset("cudr")


class Folder:
    """Folds chunks of one topic through one mapping. Stateless between calls."""

    def __init__(
        self, wire: Wire, codec: Codec, also: Sequence[Codec] = (), *, rereads: bool = False, truncates: bool = False
    ) -> None:
        """`also`: of further targets, reading the same row struct; a record that one of them cannot take is set aside
        for all. `rereads`: let reads follow streamed events (replays, models); a worker stops by name instead.
        `truncates`: hand a TRUNCATE to the sink, as a batch of its own; else it is a named stop.
        """
        self.wire = wire
        self.codec = codec
        self.codecs = (codec, *also)
        self.rereads = rereads
        self.truncates = truncates

    def fold(self, chunk: Chunk, *, start: int, end: int | None = None, poison: Poison | None = None) -> Batch:
        """Fold the records at or after offset `start`, and before `end` if that is given.

        `poison`: offsets the target has refused before. Ends early, at `Batch.next`, before a record that demands a
        named stop, so that everything before it is applied; raises that stop if it is the first record.
        """
        found = dict(poison or {})
        while True:
            fold = _Fold(self, chunk, start, chunk.next if end is None else end, found)
            fold.run()
            batch = fold.batch()
            if batch is not None:
                return batch
            # A winner did not translate: the next older valid event of its key is the winner, so fold again.


class _Fold:
    """One pass over a chunk."""

    def __init__(self, folder: Folder, chunk: Chunk, start: int, end: int, poison: dict[int, Any]) -> None:
        self.wire, self.codec, self.codecs, self.rereads = folder.wire, folder.codec, folder.codecs, folder.rereads
        self.truncates = folder.truncates
        self.truncate: Truncate | None = None
        self.absent = folder.codec.absent
        self.chunk, self.start, self.next = chunk, start, end
        self.poison = poison
        self.eager = {entry[3] for entry in poison.values() if len(entry) > 3}  # noqa: PLR2004 - keys to translate at once
        self.slots: dict[str, Slot] = {}
        self.earlier: list[Slot] = []  # to be written in a layer before their key's current slot
        self.poisoned: dict[str, int | None] = {}  # key -> the floor that poison has left
        self.blocked: set[str] = set()  # keys with a letter in this pass that no read has healed
        self.letters: list[Letter] = []
        self.received = self.superseded = self.ignored = self.reads = 0
        self.position: int | None = None
        self.first_read: int | None = None

    def run(self) -> None:
        """Decode and compact."""
        chunk, offsets, values = self.chunk, self.chunk.offsets, self.chunk.values
        decode, decode_key, key_text = self.wire.value, self.wire.key, self.codec.key_text
        for index in range(bisect_left(offsets, self.start), bisect_left(offsets, self.next)):
            offset, raw = offsets[index], values[index]
            if raw is None:  # Kafka tombstone: the delete before it has said it all
                self.received += 1
                self.ignored += 1
                continue
            try:
                event = decode(raw)
                if event.op == "t" or event.op == "m":  # noqa: PLR1714 - faster than a tuple on the hot path
                    self._special(event, offset)
                    return
                struct = decode_key(_present(chunk.keys[index]))
                before = self.position
                lsn = self._position(event)
                if lsn is None:
                    self._read(event, offset)
            except errors.DecodeError as error:
                self.received += 1
                self._undecodable(index, error)
                continue
            except errors.Refused:
                if self.received == 0:
                    raise
                self.next = offset  # apply what stands before it; the next fold begins with it and raises
                return
            try:
                taken = self._compact(index, event, struct, key_text(struct), lsn)
            except errors.DecodeError as error:
                self.received += 1
                self._undecodable(index, error)
                continue
            if not taken:
                self.next, self.position = offset, before  # write the letters before it first, then begin with it
                return
            self.received += 1

    def _special(self, event: Any, offset: int) -> None:  # noqa: ANN401
        """A record that concerns more than a key. Compaction never reaches across it."""
        if event.op == "m" or not self.truncates:
            raise _stop(event.op, f"{self.chunk.part} offset {offset}")
        lsn, xid = event.source.lsn, event.source.txId
        if lsn is None or xid is None:
            msg = "op 't' without source.lsn or source.txId"
            raise errors.DecodeError(msg)
        if self.received:
            self.next = offset  # first what stands before it
            return
        self.truncate = Truncate(offset, lsn, xid)
        self.received, self.position, self.next = 1, lsn, offset + 1

    def _compact(self, index: int, event: Any, struct: Any, key: str, lsn: int | None) -> bool:  # noqa: ANN401
        """False for a partial row behind a letter of this pass: whether it must queue, only the target knows."""
        slot = self.slots.get(key)
        floor = None if slot is None and not self.poisoned else self._floor(slot, key)
        if lsn is not None:
            if floor is not None and lsn < floor:
                self.superseded += 1  # a re-send: something newer of its key was seen before it
                return True
            floor = lsn
        if self.poison and self._is_poison(self.chunk.offsets[index], event, key):
            self._set_aside(index, key, struct, lsn, event)
            return True
        if event.after is not None and (absent := self.absent(event.after)):
            if len(self.codecs) > 1:  # `check` demands REPLICA IDENTITY FULL of them
                raise _incomplete(absent)
            if key in self.blocked:
                return False
            self._partial(Slot(key, struct, event, index, floor, 0), absent)
            return True
        if slot is None:
            self.slots[key] = Slot(key, struct, event, index, floor, 0)
        elif lsn is not None and slot.event.op == "r":
            self.earlier.append(slot)
            self.slots[key] = Slot(key, struct, event, index, floor, slot.layer + 1)
        else:
            self.superseded += 1
            slot.struct, slot.event, slot.index, slot.floor, slot.absent = struct, event, index, floor, None
        if self.blocked and lsn is None:
            self.blocked.discard(key)  # a read heals; a streamed image only if the row takes it
        return True

    def _read(self, event: Any, offset: int) -> None:  # noqa: ANN401
        """Account for a snapshot read; refuse one that is not of the first snapshot."""
        snapshot = event.source.snapshot
        opens = snapshot in ("first", "first_in_data_collection")
        again = self.position is not None or snapshot == "incremental" or (opens and self.first_read is not None)
        if again and not self.rereads:
            raise reread_stop(f"{self.chunk.part} offset {offset}")
        self.reads += 1
        if opens and self.first_read is None:
            self.first_read = offset

    def _position(self, event: Any) -> int | None:  # noqa: ANN401
        """The event's lsn; None for a read, which never has a position, whatever its source.lsn says."""
        op, source = event.op, event.source
        if op not in _OPS or (event.after is None) != (op == "d"):
            msg = f"op {op!r} with after {'missing' if event.after is None else 'present'}"
            raise errors.DecodeError(msg)
        if op == "r":
            return None
        lsn: int | None = source.lsn
        if lsn is None or source.txId is None:
            msg = f"op {op!r} without source.lsn or source.txId"
            raise errors.DecodeError(msg)
        if self.position is None or lsn > self.position:
            self.position = lsn
        return lsn

    def _floor(self, slot: Slot | None, key: str) -> int | None:
        floor = None if slot is None else slot.floor
        left = self.poisoned.get(key)
        return left if floor is None or (left is not None and left > floor) else floor

    def _partial(self, slot: Slot, absent: frozenset[str]) -> None:
        before = self.slots.get(slot.key)
        if before is not None:
            self.earlier.append(before)
            slot.layer = before.layer + 1
        slot.absent = absent
        self.slots[slot.key] = slot

    def _undecodable(self, index: int, error: errors.DecodeError) -> None:
        key = target_key = None  # an unreadable key leaves a letter that only a person can heal
        with contextlib.suppress(errors.DecodeError):
            struct = self.wire.key(_present(self.chunk.keys[index]))
            key = self.codec.key_text(struct)
            target_key = self._target_key(struct)
            self.blocked.add(key)
        record, cause = self.chunk.record(index), str(error)
        self.letters.append(
            Letter(record=record, key=key, lsn=None, xid=None, kind="decode", cause=cause, target_key=target_key)
        )

    def _target_key(self, struct: Any) -> str | None:  # noqa: ANN401
        try:
            return self.codec.target_key(struct)
        except Exception:  # noqa: BLE001 - the key itself may be what does not translate
            return None

    def _set_aside(self, index: int, key: str, struct: Any, lsn: int | None, event: Any) -> None:  # noqa: ANN401
        kind, cause, field = self.poison[self.chunk.offsets[index]][:3]
        xid = None if lsn is None else event.source.txId
        record = self.chunk.record(index)
        target_key = self._target_key(struct)
        self.letters.append(
            Letter(record=record, key=key, lsn=lsn, xid=xid, kind=kind, cause=cause, field=field, target_key=target_key)
        )
        before = self._floor(self.slots.get(key), key)
        self.blocked.add(key)
        self.poisoned[key] = lsn if before is None or (lsn is not None and lsn > before) else before

    def _is_poison(self, offset: int, event: Any, key: str) -> bool:  # noqa: ANN401
        if offset in self.poison or key not in self.eager:
            return offset in self.poison
        try:
            for codec in self.codecs:
                if event.after is not None and not codec.absent(event.after):
                    codec.line(event.after)
        except Exception:  # noqa: BLE001 - generated code raises whatever the value provokes; explain names it
            self.poison[offset] = explained(codec.explain(event.after), key)
            return True
        return False

    def batch(self) -> Batch | None:
        """Translate the winners; None if one of them proved poison (then `self.poison` has grown)."""
        steps: list[Step] = []
        before = len(self.poison)
        for target, codec in enumerate(self.codecs):
            steps += translated(codec, [*self.earlier, *self.slots.values()], self.chunk.offsets, target, self.poison)
        return None if len(self.poison) > before else self._assemble(tuple(steps))

    def _assemble(self, steps: tuple[Step, ...]) -> Batch:
        offsets, slots = self.chunk.offsets, self.slots
        # A later read heals, whatever the row holds; whether a later streamed event does, the row's stamp decides.
        stale = frozenset(
            letter.record.offset
            for letter in self.letters
            if letter.key is not None
            and (slot := slots.get(letter.key)) is not None
            and slot.event.op == "r"
            and offsets[slot.index] > letter.record.offset
        )
        return Batch(
            chunk=self.chunk,
            start=self.start,
            next=self.next,
            steps=steps,
            letters=tuple(self.letters),
            books=Books(received=self.received, superseded=self.superseded, ignored=self.ignored),
            position=self.position,
            reads=self.reads,
            first_read=self.first_read,
            truncate=self.truncate,
            stale_letters=stale,
        )


def _incomplete(absent: frozenset[str]) -> errors.DecodeError:
    return errors.DecodeError(
        f"the event leaves out {', '.join(sorted(absent))}, and a mapping with several targets needs whole rows: run"
        " ALTER TABLE ... REPLICA IDENTITY FULL on the source table"
    )


def reread_stop(where: str) -> errors.Refused:
    """The stop for a read that does not belong to the snapshot that opened its generation."""
    return errors.Refused(
        f"{where}: a read of a second snapshot (one that began again, or was asked for behind overgrow's back). Rows "
        "that were deleted in between would stay in the target, so nothing was applied past this record. Next: "
        "`overgrow resnapshot` takes one that is counted as a generation of its own, and sweeps.",
        code="second-snapshot",
    )


def _stop(op: str, where: str) -> errors.Refused:
    if op == "t":
        return errors.Refused(
            f"{where}: TRUNCATE at the source, and the mapping says `truncate: stop`; nothing was applied past this "
            "record. Next: `truncate: apply` in the mapping (with a higher version, then `overgrow apply`) empties the "
            "target table as well.",
            code="truncate",
        )
    return errors.NotBuiltYet(
        f"{where}: a logical message in a table's topic. Next: see which connector or transform writes there.",
        code="message",
    )


def _present(key: bytes | None) -> bytes:
    if key is None:
        msg = "the record has no key: a table without a primary key cannot be applied"
        raise errors.DecodeError(msg)
    return key
