"""All looks at once, then all judgements. Raises nothing for a system that is away: that is a finding.

Called by `overgrow doctor`, and in a shorter form by whatever runs for long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.doctor.facts import Connector, Kafka, Source, Target, Wanted
from overgrow.doctor.finding import Finding, On, System, unreachable
from overgrow.doctor.judging import connect as judging_connect
from overgrow.doctor.judging import source as judging_source
from overgrow.doctor.judging import target as judging_target
from overgrow.doctor.judging import topics as judging_topics
from overgrow.doctor.judging import workers as judging_workers
from overgrow.doctor.looking import databases, streams
from overgrow.sinks.postgres.claim import SCHEMA_VERSION

Seen = TypeVar("Seen")


class _None(NamedTuple):
    """Connect answers, and has no such connector."""


class Looks(NamedTuple):
    """What each system showed; None where it did not answer."""

    source: Source | None
    connector: Connector | _None | None
    kafka: Kafka | None
    target: Target | None


def examine(deployment: Deployment) -> list[Finding]:
    """Every check, in the order of the stream: source, connector, topics, target, workers."""
    wanted = expected(deployment)
    looks, away = _look(deployment, wanted, whole=True)
    return [*away, *_judge(looks, wanted)]


def running(deployment: Deployment) -> list[Finding]:
    """What may break while the pipeline runs, well within a second where every system answers.

    Slot, publication, connector and tasks, topics and where their logs begin. Blocks; raises nothing for a system that
    is away (its finding is `unreachable`). ConfigurationError still tells of a missing environment variable.
    """
    wanted = expected(deployment)
    looks, away = _look(deployment, wanted, whole=False)
    made = looks.target is None or bool(looks.target.checkpoints)
    found = list(away)
    if looks.source is not None:
        found += judging_source.running(looks.source, wanted, made=made)
    if looks.connector is not None:
        found += judging_connect.running(_connector(looks.connector), wanted, made=made)
    if looks.kafka is not None and looks.target is not None:
        found += judging_topics.running(looks.kafka.topics, looks.target.checkpoints, wanted)
    return found


def expected(deployment: Deployment) -> Wanted:
    """What the project says of its systems."""
    connector = deployment.connector
    return Wanted(
        pipeline=deployment.pipeline,
        publication=connector.config["publication.name"],
        slot=connector.config.get("slot.name", "debezium"),
        connector=connector.name,
        config=connector.config,
        tables={plan.source_table: plan.replica_identity for plan in deployment.plans.values()},
        topics={topic: plan.mapping for topic, plan in deployment.plans.items()},
        partitions=deployment.partitions,
        targets=tuple(one.table.target for one in deployment.targets),
        constraints={
            table: frozenset(one.name for one in deployment.project.constraints if one.table == table)
            for table in {one.table for one in deployment.project.constraints}
        },
        own_version=SCHEMA_VERSION,
        group=deployment.group,
    )


def _judge(looks: Looks, wanted: Wanted) -> Iterator[Finding]:
    checkpoints = looks.target.checkpoints if looks.target is not None else {}
    # A target that does not answer may hold checkpoints: what is missing elsewhere is then taken seriously.
    made = looks.target is None or bool(checkpoints)
    if looks.source is not None:
        yield from judging_source.judge(looks.source, wanted, made=made)
        bound = None if looks.target is None else looks.target.source
        yield from judging_source.identity(looks.source, bound, wanted.pipeline)
        yield judging_workers.clock("source", looks.source.clock)
    if looks.connector is not None:
        yield from judging_connect.judge(_connector(looks.connector), wanted, made=made)
    if looks.kafka is not None:
        yield from judging_topics.judge(looks.kafka.topics, checkpoints, wanted)
    if looks.target is not None:
        syncing = looks.kafka is not None and judging_workers.syncing(looks.kafka, checkpoints)
        yield from judging_target.judge(looks.target, wanted, syncing=syncing)
        yield judging_workers.clock("target", looks.target.clock)
    if looks.kafka is not None and looks.target is not None:
        yield from judging_workers.judge(looks.kafka, checkpoints, wanted)


def _look(deployment: Deployment, wanted: Wanted, *, whole: bool) -> tuple[Looks, list[Finding]]:
    """All systems at the same time: one that is away costs its own time limit, not the sum."""
    dsns = deployment.source_dsn, deployment.target_dsn, deployment.bootstrap, deployment.connect_url
    del dsns  # read once, so that a missing variable is named before anything is asked
    away: list[Finding] = []

    def kafka() -> Kafka:
        group = wanted.group if whole else None
        return streams.Brokers(deployment.bootstrap).look(wanted.topics, group, config=whole)

    def connector() -> Connector | _None:
        return streams.connector(deployment.connect_url, wanted.connector) or _None()

    with ThreadPoolExecutor(4) as pool:
        source_look = pool.submit(
            _ask,
            "source",
            lambda: databases.source(deployment, slot=wanted.slot, publication=wanted.publication),
            away,
        )
        connector_look = pool.submit(_ask, "connect", connector, away)
        kafka_look = pool.submit(_ask, "kafka", kafka, away)
        target_look = pool.submit(_ask, "target", lambda: databases.target(deployment, probe=whole), away)
        looks = Looks(source_look.result(), connector_look.result(), kafka_look.result(), target_look.result())
    return looks, sorted(away, key=lambda one: one.key)


def _ask(system: System, look: Callable[[], Seen], away: list[Finding]) -> Seen | None:
    try:
        return look()
    except errors.UnreachableError as error:
        away.append(unreachable(system, str(error)))
    except errors.ReplicationError as error:
        away.append(On(f"{system}-readable", system, system).fail(str(error), "mend it, then overgrow doctor"))
    return None


def _connector(seen: Connector | _None) -> Connector | None:
    return None if isinstance(seen, _None) else seen
