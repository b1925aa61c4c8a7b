"""Can the target be written, and does it know this pipeline?"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from overgrow.doctor.facts import Target, Wanted
from overgrow.doctor.finding import Finding, On


def judge(seen: Target, wanted: Wanted, *, syncing: bool) -> Iterator[Finding]:
    """Everything. `syncing`: workers are there, or records wait for them."""
    yield _writable(seen)
    yield _version(seen, wanted)
    if seen.version is not None:
        yield _bound(seen, wanted)
        yield from _checkpoints(seen, wanted)
    for table in wanted.targets:
        yield _constraints(table, seen.constraints.get(table, ()), wanted.constraints.get(table, ()), syncing=syncing)


def _writable(seen: Target) -> Finding:
    on = On("target-writable", "target", "target")
    if seen.in_recovery:
        return on.fail("it is a standby (in recovery): nothing can be written", "point target.dsn at the primary")
    if seen.read_only:
        return on.fail(
            "default_transaction_read_only is on: nothing can be written",
            "find out who set it (a full disk, an operator), then set it off",
        )
    if seen.refusal is not None:
        return on.fail(f"it refuses to write: {seen.refusal}", "mend the cause on the target server")
    return on.ok("a row was written and rolled back")


def _version(seen: Target, wanted: Wanted) -> Finding:
    on = On("own-tables", "target", "overgrow")
    if seen.version is None:
        return on.warn("none of overgrow's own tables are there yet", "overgrow apply")
    if seen.version == wanted.own_version:
        return on.ok(f"version {seen.version}")
    text = f"version {seen.version}, this overgrow speaks {wanted.own_version}"
    newer = seen.version > wanted.own_version
    return on.fail(text, "run the newer overgrow" if newer else "overgrow apply --only target")


def _bound(seen: Target, wanted: Wanted) -> Finding:
    on = On("pipeline-bound", "target", wanted.pipeline)
    if seen.source is None:
        return on.warn("the target knows no such pipeline yet", "overgrow apply")
    return on.ok(f"to source system {seen.source[0]}, timeline {seen.source[1]}")


def _checkpoints(seen: Target, wanted: Wanted) -> Iterator[Finding]:
    for topic in wanted.topics:
        on = On("checkpoints", "target", topic)
        mine = {part.partition: one for part, one in seen.checkpoints.items() if part.topic == topic}
        count = max((one.partitions for one in mine.values()), default=0)
        absent = sorted(set(range(count)) - mine.keys())
        if not mine:
            then = "overgrow apply, if this target is new; if not, it is the wrong one or an old backup: find out"
            yield on.warn("none yet", then) if not seen.checkpoints else on.fail("none, other topics have some", then)
        elif absent:
            yield on.fail(
                f"partitions {', '.join(map(str, absent))} have none: no worker can apply them",
                "find out who deleted them; overgrow apply --start-over begins anew",
            )
        else:
            yield on.ok(f"{len(mine)} partitions")


def _constraints(table: str, found: Collection[str], declared: Collection[str], *, syncing: bool) -> Finding:
    on = On("constraints", "target", table)
    if not found:
        return on.ok("none but the key")
    names = ", ".join(sorted(found))
    if not syncing and set(found) <= set(declared):
        return on.ok(f"{names}, as declared; the sync is over")
    return on.fail(
        f"{names}: while the sync runs, rows of other keys and tables come in any order and are refused",
        f"drop them from {table}; overgrow apply --constraints adds the declared ones when the sync is over",
    )
