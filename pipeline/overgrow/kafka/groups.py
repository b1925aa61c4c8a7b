"""Who is in a consumer group. Blocking; called by `apply --constraints` and the doctor."""

from __future__ import annotations

from confluent_kafka import KafkaError

from overgrow.kafka.answer import Admin


def members(admin: Admin, group: str) -> list[str]:
    """The group's members by the names they have given themselves; a group that nobody knows has none."""
    [future] = admin.client.describe_consumer_groups([group], request_timeout=admin.timeout).values()
    found = admin.answer(future, f"describe group {group}", KafkaError.GROUP_ID_NOT_FOUND)
    return [] if found is None else sorted(one.group_instance_id or one.member_id for one in found.members)
