"""The doctor's checks: what it means that one has failed. Each finding names the next command itself."""

from __future__ import annotations

from overgrow.mapping.reference.codes.code import Code

_SOURCE = (
    Code("source-reachable", "The source does not answer.", "Start it, or mend `source.dsn`."),
    Code("source-readable", "The source answers, and the look at it failed.", "The message says at what."),
    Code("wal-level", "The source does not log for streaming.", "`wal_level=logical`, and restart it."),
    Code("free-slots", "No replication slot is free for the connector.", "Raise `max_replication_slots`."),
    Code("free-senders", "No WAL sender is free for the connector.", "Raise `max_wal_senders`."),
    Code(
        "slot-exists", "The slot is gone, and with it what the connector had not read.", "`overgrow apply --start-over`"
    ),
    Code("slot-active", "Nobody reads the slot; the source keeps its log.", "`overgrow status`, the connector's log"),
    Code(
        "slot-kept",
        "The slot is lost, or about to be: `max_slot_wal_keep_size` was passed.",
        "About to be: raise the limit now. Lost: `overgrow apply --start-over`.",
    ),
    Code("slot-lag", "The source keeps much log for the slot.", "Is the connector running? A long transaction open?"),
    Code("publication", "The publication is not there: nothing is streamed.", "`overgrow apply`"),
    Code(
        "publication-table",
        "A mapped table is not in the publication: its changes since are not in the stream.",
        "`overgrow apply --only source`, then `overgrow verify`",
    ),
    Code(
        "publication-operations",
        "The publication leaves out inserts, updates, deletes or truncates.",
        "`ALTER PUBLICATION … SET (publish = 'insert, update, delete, truncate')`",
    ),
    Code(
        "publication-limits",
        "The publication has a row filter or a list of columns for a mapped table.",
        "Drop the table from it, then `overgrow apply --only source`.",
    ),
    Code(
        "replica-identity",
        "The table is gone, or its replica identity is not the recorded one.",
        "`ALTER TABLE … REPLICA IDENTITY …`, or mend the catalogue.",
    ),
    Code("source-identity", "Another source than the pipeline's.", "Mend `source.dsn`; or `overgrow adopt`."),
)
_CONNECT = (
    Code("connect-reachable", "Kafka Connect does not answer.", "Start it, or mend `connect.url`."),
    Code("connect-readable", "Kafka Connect answers, and the look at it failed.", "The message says at what."),
    Code("connector-exists", "There is no such connector: nothing is sent.", "`overgrow apply --only connect`"),
    Code("connector-running", "The connector is not RUNNING.", "Mend the cause, then `overgrow apply --only connect`."),
    Code(
        "task-running",
        "A task has failed, or there is none; the connector may say RUNNING above it.",
        "The cause is shown; mend it, then `overgrow apply --only connect`.",
    ),
    Code("connector-config", "Settings are not the project's.", "`overgrow plan`, `overgrow apply --only connect`"),
)
_KAFKA = (
    Code("kafka-reachable", "No broker answers.", "Start them, or mend `kafka.bootstrap`."),
    Code("kafka-readable", "The brokers answer, and the look at them failed.", "The message says at what."),
    Code("topic-exists", "A topic is gone, and what was not applied with it.", "`overgrow adopt`, if it is meant."),
    Code("topic-identity", "A topic was made anew or re-partitioned.", "`overgrow adopt --dry-run`, if it is meant."),
    Code("topic-partitions", "A topic has another number of partitions than the project says.", "Make both the same."),
    Code(
        "log-start",
        "Records were deleted, or are about to be, before they were applied.",
        "Raise the topic's retention; what is gone needs a new snapshot: `overgrow adopt`.",
    ),
    Code("cleanup-policy", "A topic is compacted: events go before they are applied.", "`cleanup.policy=delete`"),
    Code(
        "retention", "A topic's retention is limited.", "`retention.ms=-1`, or workers that are never away for longer."
    ),
)
_TARGET = (
    Code("target-reachable", "The target does not answer.", "Start it, or mend `target.dsn`."),
    Code("target-readable", "The target answers, and the look at it failed.", "The message says at what."),
    Code("target-writable", "The target is a standby, read only, or refuses.", "Mend the cause on the target server."),
    Code("own-tables", "overgrow's own tables have another version.", "`overgrow apply --only target`, or newer code."),
    Code("pipeline-bound", "The target knows no such pipeline yet.", "`overgrow apply`"),
    Code(
        "checkpoints", "Partitions without a checkpoint.", "Find out who deleted them; a new target: `overgrow apply`."
    ),
    Code(
        "constraints",
        "Constraints besides the key while the sync runs.",
        "Drop them; `overgrow apply --constraints` adds the declared ones at the end.",
    ),
)
_EACH = (
    Code("workers", "Records wait, and the group has no member.", "`overgrow worker`"),
    Code("clock", "A server's clock is off; only what people read depends on it.", "Mend its time service."),
)

DOCTOR = {"Source": _SOURCE, "Kafka Connect": _CONNECT, "Kafka": _KAFKA, "Target": _TARGET, "Workers, clocks": _EACH}
