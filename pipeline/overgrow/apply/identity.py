"""Is the topic the one the checkpoint belongs to? A recreated topic starts at offset 0 and looks like a healthy one."""

from __future__ import annotations

from typing import NamedTuple

from overgrow import errors
from overgrow.apply.ports import Claimed
from overgrow.model import Part

_NEXT = "Next: if it is meant, `overgrow adopt` (--dry-run only names the differences); if not, find out who did it."


class Topic(NamedTuple):
    """A topic as the cluster knows it now."""

    topic_id: str
    partitions: int


def check_topic(part: Part, claimed: Claimed, topic: Topic | None) -> None:
    """Raise IdentityChanged unless the cluster's topic is the checkpoint's."""
    if topic is None:
        msg = f"{part}: the topic is gone; its checkpoint stands at {claimed.next_offset}. {_NEXT}"
        raise errors.IdentityChanged(msg)
    if topic.topic_id != claimed.topic_id:
        msg = (
            f"{part}: the topic was recreated (id {topic.topic_id}, the checkpoint belongs to {claimed.topic_id}). Its "
            "offsets mean other records now; what the old topic held after the checkpoint is lost. Nothing was "
            f"applied. {_NEXT}"
        )
        raise errors.IdentityChanged(msg)
    if topic.partitions != claimed.partition_count:
        msg = (
            f"{part}: the topic has {topic.partitions} partitions, the checkpoint was made for "
            f"{claimed.partition_count}. Keys have moved between partitions; their order is lost. Nothing was applied. "
            f"{_NEXT}"
        )
        raise errors.IdentityChanged(msg)
