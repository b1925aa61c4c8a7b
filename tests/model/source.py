"""The source database of the model: rows, row locks, transactions whose log records may long precede their commit.

Guarantees: per key, versions follow each other in lsn order (locks, a TRUNCATE's lock is exclusive); `stream` holds
committed changes in commit order, so lsns go up and down in it. Never knows of Kafka or a target. Called by the
connector, the operator and the world.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.model.dice import Dice

Told = str | tuple[object, ...]  # a line of the trace; written out only when a schedule has failed
KEYS = 4
TABLE = -1  # the "key" of a TRUNCATE


class Profile(NamedTuple):
    """What kind of table and reads a schedule has.

    Keys that move and partial rows exclude each other: the contract asks for whole images where keys can change.
    """

    partial: bool
    reads: str  # "initial", "incremental", "blocking"; with generations: "lost", "kept" (the slot), "epochs"

    @property
    def generations(self) -> bool:
        """Whether re-snapshots begin a generation."""
        return self.reads in ("lost", "kept", "epochs")

    @property
    def rereads(self) -> bool:
        """Whether reads come after the first snapshot without a generation of their own."""
        return self.reads in ("incremental", "blocking")

    @property
    def truncates(self) -> bool:
        """Whether the source may TRUNCATE: reads can be ordered against it by their generation only."""
        return not self.rereads


class Row(NamedTuple):
    """A source row; `version` is unique in the run. `big` None: an unchanged large value, not sent."""

    version: int
    inside: bool
    big: int | None
    bad: str  # "", "translate" or "data": a value the mapping or the target refuses


class Change(NamedTuple):
    """One event of the stream or one snapshot read. `rank`: which version of its key it shows (only checks read it);
    of a TRUNCATE, its place in `Source.truncates`.
    """

    op: str
    key: int
    lsn: int
    xid: int | None
    after: Row | None
    rank: int
    snapshot: str = ""
    garbage: bool = False

    @property
    def poison(self) -> bool:
        """Cannot be applied: undecodable, or a bad value inside the filter."""
        return self.garbage or (self.after is not None and self.after.inside and self.after.bad != "")

    @property
    def partial(self) -> bool:
        """Carries a placeholder instead of the large value."""
        return self.after is not None and self.after.big is None


class Write(NamedTuple):
    """A log record of an open transaction: what the event will carry (`sent`), what the row then is (`state`)."""

    op: str
    key: int
    lsn: int
    sent: Row | None
    state: Row | None


@dataclass(slots=True)
class Transaction:
    """An open transaction; its locks are the keys of `view`, or the table."""

    xid: int
    exclusive: bool = False
    writes: list[Write] = field(default_factory=list)
    view: dict[int, Row | None] = field(default_factory=dict)


class Source:
    """One table."""

    def __init__(self, rng: Dice, profile: Profile) -> None:
        self.rng, self.profile = rng, profile
        self.lsn = self.version = self.xid = 0
        self.history: dict[int, list[Row | None]] = {key: [None] for key in range(KEYS)}
        self.last: dict[int, Change] = {}
        self.stream: list[Change] = []
        self.open: list[Transaction] = []
        self.truncates: list[dict[int, int]] = []  # of each: the rank at which it left every key absent

    def step(self) -> Told:
        """One random thing a client does."""
        rng = self.rng
        if not self.open or (len(self.open) < 3 and rng.random() < 0.25):
            self.xid += 1
            self.open.append(Transaction(self.xid))
        tx = rng.pick(self.open)
        luck = rng.random()
        if tx.writes and luck < 0.35:
            return self.finish(tx, "commit" if luck > 0.06 else "rollback")
        return self._write(tx)

    def finish(self, tx: Transaction, how: str) -> Told:
        """Commit or roll back; locks go either way."""
        self.open.remove(tx)
        if how == "commit":
            for write in tx.writes:
                self._commit(tx, write)
        return how, tx.xid, *tx.writes

    def _commit(self, tx: Transaction, write: Write) -> None:
        keys = list(self.history) if write.op == "t" else [write.key]
        for key in keys:
            self.history[key].append(write.state)
        if write.op == "t":
            rank, garbage = len(self.truncates), False
            self.truncates.append({key: len(states) - 1 for key, states in self.history.items()})
        else:
            rank, garbage = len(self.history[write.key]) - 1, self.rng.random() < 0.03
        change = Change(write.op, write.key, write.lsn, tx.xid, write.sent, rank, "", garbage)
        self.stream.append(change)
        self.last.update(dict.fromkeys(keys, change))

    def restart(self) -> None:
        """The database becomes another one with the same rows, whose log begins anew."""
        self.open.clear()
        self.lsn = 0

    def reads(self, snapshot: str) -> list[Change]:
        """The committed rows as of now, as snapshot reads; their lsn is the log's end, as Debezium sends it."""
        for tx in [tx for tx in self.open if tx.exclusive]:  # a TRUNCATE shuts the reads out until it ends
            self.finish(tx, "commit")
        found: list[Change] = []
        for key, states in self.history.items():
            if states[-1] is not None:
                mark = snapshot if snapshot != "first" or not found else "true"
                found.append(Change("r", key, self.lsn, None, states[-1], len(states) - 1, mark))
        return found

    def _write(self, tx: Transaction) -> Told:
        others = [other for other in self.open if other is not tx]
        if any(other.exclusive for other in others):
            return "blocked by a truncate"
        if self.profile.truncates and self.rng.random() < 0.05 and not any(other.view for other in others):
            return self._truncate(tx)
        locked = {key for other in others for key in other.view}
        free = [key for key in range(KEYS) if key not in locked]
        if not free:
            return "blocked"
        key = self.rng.pick(free)
        now = self._seen(tx, key)
        luck = self.rng.random()
        if now is None:
            self._log(tx, "c", key, None)
        elif luck < 0.25:
            self._log(tx, "d", key, now)
        elif luck < 0.45 and not self.profile.partial and (room := [k for k in free if self._seen(tx, k) is None]):
            self._move(tx, key, self.rng.pick(room), now)
        else:
            self._log(tx, "u", key, now)
        return "write", tx.xid, tx.writes[-1]

    def _truncate(self, tx: Transaction) -> str:
        self.lsn += 1
        tx.exclusive = True
        tx.writes.append(Write("t", TABLE, self.lsn, None, None))
        tx.view.update(dict.fromkeys(range(KEYS)))
        return f"truncate {tx.xid} at {self.lsn}"

    def _seen(self, tx: Transaction, key: int) -> Row | None:
        return tx.view[key] if key in tx.view else self.history[key][-1]

    def _log(self, tx: Transaction, op: str, key: int, before: Row | None) -> None:
        self.lsn += self.rng.between(1, 3)
        sent = state = None
        if op != "d":
            sent = state = self._row()
            if before is not None and self.profile.partial and self.rng.random() < 0.6:
                state = state._replace(big=before.big)
                sent = state._replace(big=None)
        tx.writes.append(Write(op, key, self.lsn, sent, state))
        tx.view[key] = state

    def _move(self, tx: Transaction, old: int, new: int, now: Row) -> None:
        self.lsn += 1  # one log record, two events: Debezium sends a delete and a create with the same position
        self.version += 1
        state = now._replace(version=self.version)
        tx.writes += [Write("d", old, self.lsn, None, None), Write("c", new, self.lsn, state, state)]
        tx.view.update({old: None, new: state})

    def _row(self) -> Row:
        rng = self.rng
        self.version += 1
        bad = rng.pick(("translate", "data")) if rng.random() < 0.15 else ""
        return Row(self.version, rng.random() < 0.8, self.version, bad)
