-- overgrow's own tables in the target, version 1. Made by `overgrow apply`, never by a worker.

CREATE SCHEMA IF NOT EXISTS overgrow;

CREATE TABLE IF NOT EXISTS overgrow.version (
    version      integer     NOT NULL PRIMARY KEY,
    installed_at timestamptz NOT NULL DEFAULT now()
);

-- The source a pipeline reads from. history_from: the first _og_off of the current source history;
-- positions (_og_lsn) compare only at or above it.
CREATE TABLE IF NOT EXISTS overgrow.pipeline (
    pipeline          text        NOT NULL PRIMARY KEY,
    system_identifier numeric(20) NOT NULL,
    timeline          integer     NOT NULL,
    history_from      bigint      NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now()
);

-- The only resume point. Kafka's committed offsets are advisory.
CREATE TABLE IF NOT EXISTS overgrow.checkpoint (
    pipeline        text        NOT NULL REFERENCES overgrow.pipeline,
    topic           text        NOT NULL,
    partition       integer     NOT NULL,
    topic_id        text        NOT NULL,
    partition_count integer     NOT NULL,
    epoch           integer     NOT NULL,
    generation      integer     NOT NULL DEFAULT 0,
    next_offset     bigint      NOT NULL DEFAULT 0,
    claim           bigint      NOT NULL DEFAULT 0,
    owner           text        NOT NULL DEFAULT '',
    source_position bigint,                 -- highest streamed lsn; NULL while only reads have come
    received        bigint      NOT NULL DEFAULT 0,
    applied         bigint      NOT NULL DEFAULT 0,
    superseded      bigint      NOT NULL DEFAULT 0,
    filtered        bigint      NOT NULL DEFAULT 0,
    set_aside       bigint      NOT NULL DEFAULT 0,
    ignored         bigint      NOT NULL DEFAULT 0,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, topic, partition),
    CONSTRAINT books CHECK (received = applied + superseded + filtered + set_aside + ignored)
);

-- Where each snapshot generation begins. first_read: the offset of its opening read; a second one is another snapshot.
CREATE TABLE IF NOT EXISTS overgrow.generation (
    pipeline    text    NOT NULL,
    topic       text    NOT NULL,
    partition   integer NOT NULL,
    number      integer NOT NULL,
    from_offset bigint  NOT NULL,
    first_read  bigint,
    PRIMARY KEY (pipeline, topic, partition, number)
);

CREATE TABLE IF NOT EXISTS overgrow.tombstone (
    pipeline   text   NOT NULL,
    mapping    text   NOT NULL,
    source_key text   NOT NULL,
    _og_off    bigint NOT NULL,
    _og_lsn    bigint,
    _og_xid    bigint,
    PRIMARY KEY (pipeline, mapping, source_key)
);

CREATE TABLE IF NOT EXISTS overgrow.dead_letter (
    pipeline        text        NOT NULL,
    mapping         text        NOT NULL,
    topic           text        NOT NULL,
    partition       integer     NOT NULL,
    epoch           integer     NOT NULL,
    "offset"        bigint      NOT NULL,
    source_key      text,                   -- NULL: the key itself is unreadable
    _og_off         bigint      NOT NULL,
    _og_lsn         bigint,
    _og_xid         bigint,
    kind            text        NOT NULL,
    cause           text        NOT NULL,
    field           text,
    state           text        NOT NULL CHECK (state IN ('open', 'superseded')),
    superseded_by   bigint,                 -- the _og_off that closed it
    key             bytea,
    value           bytea,
    header_names    text[]      NOT NULL DEFAULT '{}',
    header_values   bytea[]     NOT NULL DEFAULT '{}',
    mapping_version integer     NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    closed_at       timestamptz,
    PRIMARY KEY (pipeline, topic, partition, epoch, "offset")
);
CREATE INDEX IF NOT EXISTS dead_letter_open
    ON overgrow.dead_letter (pipeline, topic, partition, source_key) WHERE state = 'open';

CREATE TABLE IF NOT EXISTS overgrow.truncation (
    pipeline    text   NOT NULL,
    mapping     text   NOT NULL,
    _og_off     bigint NOT NULL,
    _og_lsn     bigint,
    end_offsets jsonb  NOT NULL,
    PRIMARY KEY (pipeline, mapping)
);

-- Which mapping text was in force from which offset on, so that a changed mapping never looks like drift.
CREATE TABLE IF NOT EXISTS overgrow.mapping_version (
    pipeline    text        NOT NULL,
    mapping     text        NOT NULL,
    version     integer     NOT NULL,
    digest      text        NOT NULL,
    document    text        NOT NULL,
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    from_offset bigint      NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline, mapping, version, topic, partition)
);

INSERT INTO overgrow.version (version) VALUES (1) ON CONFLICT DO NOTHING;
