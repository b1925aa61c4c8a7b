"""One topic per mapped table, made before the connector could make it with other settings, and the pipeline's own."""

from __future__ import annotations

from collections.abc import Iterator

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.kafka import own_topics
from overgrow.kafka.admin import Topics
from overgrow.provision.change import Change

# A replay needs the whole history since the snapshot: delete-policy retention without limit until one is declared.
TOPIC_SETTINGS = {"cleanup.policy": "delete", "retention.ms": "-1", "max.message.bytes": "10485760"}


def changes(deployment: Deployment) -> Iterator[Change]:
    """Missing topics; refuses a table's one with another partition count."""
    admin = Topics(deployment.bootstrap)
    dead_letters = own_topics.dead_letters(deployment.pipeline)
    control = own_topics.control(deployment.pipeline)
    there = admin.describe([*deployment.plans, dead_letters, control])
    for topic in deployment.plans:
        if topic not in there:
            yield Change(
                system="topics",
                name=topic,
                does="create the topic",
                detail=f"{deployment.partitions} partitions, kept without limit",
                make=lambda topic=topic: admin.create({topic: deployment.partitions}, TOPIC_SETTINGS),  # type: ignore[misc]
            )
        elif there[topic].partitions != deployment.partitions:
            msg = (
                f"topic {topic} has {there[topic].partitions} partitions, overgrow.yaml says {deployment.partitions}. "
                "A partition count is not changed under a running stream: keys would change partition and order. Next: "
                f"set kafka.partitions to {there[topic].partitions}, or give every topic so many and `overgrow adopt`."
            )
            raise errors.IdentityChanged(msg)
    if control not in there:
        yield Change(
            system="topics",
            name=control,
            does="create the topic of epochs and generations",
            detail="1 partition, compacted",
            make=lambda: admin.create({control: 1}, own_topics.CONTROL_SETTINGS),
        )
    if dead_letters not in there:
        yield Change(
            system="topics",
            name=dead_letters,
            does="create the topic of the dead letters",
            detail="1 partition, kept for a year",
            make=lambda: admin.create({dead_letters: 1}, own_topics.DEAD_LETTER_SETTINGS),
        )
