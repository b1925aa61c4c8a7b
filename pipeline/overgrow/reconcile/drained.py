"""Whether a pipeline has come to rest: everything sent, everything applied, nobody there who could write.

    no member in the workers' group
    H = the source's log position; Connect's committed offset >= H      (the drain's wait, see drain.py)
    every checkpoint stands at its partition's end offset

Guarantees: returns only when that was so. Raises Refused by name, with the next command. Nothing keeps a worker from
starting a moment later. Called by `apply --constraints`.
"""

from __future__ import annotations

from contextlib import closing

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.kafka import groups
from overgrow.kafka.admin import Topics
from overgrow.kafka.answer import Admin
from overgrow.kafka.connect import Connect
from overgrow.model import Part
from overgrow.reconcile import checkpoints, identity
from overgrow.reconcile.drain import StandsStill
from overgrow.reconcile.draining import drain_of
from overgrow.reconcile.failures import naming
from overgrow.reconcile.ports import Say
from overgrow.sources.postgres import connected, session

ANSWER_SECONDS = 15.0
PATIENCE = 10.0  # seconds the connector may stand still before it counts as one that does not send


def require(deployment: Deployment, say: Say) -> None:
    """Raise Refused unless the pipeline is drained and its workers are gone."""
    _no_members(deployment)
    application = f"overgrow:{deployment.pipeline}:drained"
    topics = Topics(deployment.bootstrap)

    with (
        connected(deployment.source_dsn, application=application) as source,
        session(deployment.target_dsn, what="target", application=application) as target,
        closing(Connect(deployment.connect_url)) as connect,
    ):
        with naming("source"):
            found = source.identity()
        with naming("target"):
            identity.check(deployment, found, target, topics)
        drain = drain_of(deployment, source, target, connect, purpose="drained", patience=PATIENCE, say=say)
        try:
            with naming("source"):
                reached = drain.sent()
        except StandsStill as stands:
            raise errors.Refused(f"the pipeline is not drained: {stands}", code="not-drained") from stands
        with naming("target"):
            at = checkpoints.read(target, deployment.pipeline)
    _all_applied(reached, at)
    _no_members(deployment)  # one may have come while we waited for the connector


def _no_members(deployment: Deployment) -> None:
    there = groups.members(Admin(deployment.bootstrap, timeout=ANSWER_SECONDS), deployment.group)
    if there:
        raise errors.Refused(
            f"workers of pipeline {deployment.pipeline} are running: {', '.join(there)}. Next: stop them (one that was "
            "killed leaves its group when its session times out), then say it again.",
            code="workers-running",
        )


def _all_applied(ends: dict[Part, int], at: dict[Part, checkpoints.Checkpoint]) -> None:
    waiting = {part: end - at[part].next_offset for part, end in ends.items() if part in at}
    behind = {part: count for part, count in waiting.items() if count > 0}
    if behind:
        places = ", ".join(f"{part} {count}" for part, count in sorted(behind.items()))
        raise errors.Refused(
            f"the pipeline is not drained, records wait: {places}. Next: end the writes to the source, let "
            "`overgrow worker` apply the rest until `overgrow verify` says equal, stop it, then say it again.",
            code="not-drained",
        )
    missing = sorted(part for part in ends if part not in at)
    if missing:
        raise errors.Refused(
            f"{missing[0]} has no checkpoint in the target; next: `overgrow apply`", code="no-checkpoint"
        )
