"""Facts of a healthy pipeline; a test replaces what it is about."""

from __future__ import annotations

from overgrow.doctor.facts import Checkpoint, Connector, Kafka, Publication, Slot, Source, Target, Task, Topic, Wanted
from overgrow.doctor.finding import Finding
from overgrow.model import Part

TOPIC = "shop.public.t"
PARTS = (Part(TOPIC, 0), Part(TOPIC, 1))
CONFIG = {"tasks.max": "1", "topic.prefix": "shop"}
WANTED = Wanted(
    pipeline="shop",
    publication="pub",
    slot="slot",
    connector="con",
    config=CONFIG,
    tables={"public.t": "default", "public.u": "full"},
    topics={TOPIC: "ts"},
    partitions=2,
    targets=("crm.t",),
    constraints={"crm.t": frozenset({"t_name", "t_u"})},
    own_version=2,
    group="overgrow.shop",
)
SLOT = Slot(
    active=True, wal_status="reserved", invalidation=None, safe_bytes=None, retained_bytes=10, unconfirmed_bytes=5
)
PUBLICATION = Publication(
    tables=frozenset({"public.t", "public.u"}),
    operations=frozenset({"insert", "update", "delete", "truncate"}),
    limited=frozenset(),
)
SOURCE = Source(
    identity=(77, 1),
    wal_level="logical",
    slots=1,
    max_slots=10,
    senders=1,
    max_senders=10,
    slot=SLOT,
    publication=PUBLICATION,
    identities={"public.t": "default", "public.u": "full"},
    clock=0.0,
)
CONNECTOR = Connector(state="RUNNING", cause="", tasks=(Task(id=0, state="RUNNING", cause=""),), config=CONFIG)
TOPIC_FACTS = Topic(
    id="abc",
    lows={0: 0, 1: 0},
    ends={0: 100, 1: 50},
    config={"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"},
)
KAFKA = Kafka(topics={TOPIC: TOPIC_FACTS}, members=2)
CHECKPOINTS = {
    PARTS[0]: Checkpoint(topic_id="abc", partitions=2, next_offset=100),
    PARTS[1]: Checkpoint(topic_id="abc", partitions=2, next_offset=50),
}
TARGET = Target(
    in_recovery=False,
    read_only=False,
    refusal=None,
    version=2,
    source=(77, 1),
    checkpoints=CHECKPOINTS,
    constraints={"crm.t": ()},
    clock=0.0,
)


def bad(findings: object) -> list[tuple[str, str, str]]:
    """Level, check and subject of what is not well; each has a next command, what is well has none."""
    found = list(findings)  # type: ignore[call-overload]
    for one in found:
        assert isinstance(one, Finding)
        assert bool(one.next) == (one.level != "ok"), one
    keys = [one.key for one in found]
    assert len(keys) == len(set(keys)), "two findings answer one question"
    return [(one.level, one.check, one.subject) for one in found if one.level != "ok"]
