"""Who is in a consumer group. Blocking; called by `apply --constraints`."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from overgrow import errors

ANSWER_SECONDS = 15.0


def members(bootstrap: str, group: str) -> list[str]:
    """The group's members by the names they have given themselves; a group that nobody knows has none."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": _reported_by_the_call})
    [future] = admin.describe_consumer_groups([group], request_timeout=ANSWER_SECONDS).values()
    try:
        found = future.result(timeout=ANSWER_SECONDS + 1)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
            return []
        text = f"cannot describe group {group} at {bootstrap}: {error.args[0].str()}"
        raise errors.UnreachableError(text) from error
    except TimeoutError as error:
        raise errors.UnreachableError(f"cannot describe group {group} at {bootstrap}: no answer") from error
    return sorted(one.group_instance_id or one.member_id for one in found.members)


def _reported_by_the_call(_error: object) -> None:
    """Connection errors in the background; the call that meets them raises."""
