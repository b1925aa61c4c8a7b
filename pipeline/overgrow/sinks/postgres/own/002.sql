-- Version 2: generations belong to an epoch and are swept; a truncate is a watermark; letters are relayed.

-- asked_at: the connector has forgotten its offsets, its next start takes the snapshot. swept_at: what the snapshot did not
-- show is gone.
ALTER TABLE overgrow.generation
    ADD COLUMN epoch      integer     NOT NULL DEFAULT 1,
    ADD COLUMN begun_at   timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN asked_at   timestamptz,
    ADD COLUMN swept_at   timestamptz,
    DROP CONSTRAINT generation_pkey,
    ADD PRIMARY KEY (pipeline, topic, partition, epoch, number);
ALTER TABLE overgrow.generation ALTER COLUMN epoch DROP DEFAULT;

-- The newest TRUNCATE that was applied. Streamed rows and events below its position are gone in every partition, and
-- reads of its generation or an older one.
ALTER TABLE overgrow.truncation
    DROP COLUMN end_offsets,
    ADD COLUMN topic      text        NOT NULL,
    ADD COLUMN partition  integer     NOT NULL,
    ADD COLUMN applied_at timestamptz NOT NULL DEFAULT now(),
    ALTER COLUMN _og_lsn SET NOT NULL;

ALTER TABLE overgrow.dead_letter ADD COLUMN relayed_at timestamptz;  -- when its copy in the dlq topic was acknowledged
CREATE INDEX dead_letter_unrelayed ON overgrow.dead_letter (pipeline, created_at) WHERE relayed_at IS NULL;

-- Letters are looked up by key: after a re-partition a key's old letter stands under another partition.
DROP INDEX overgrow.dead_letter_open;
CREATE INDEX dead_letter_open ON overgrow.dead_letter (pipeline, mapping, source_key) WHERE state = 'open';

INSERT INTO overgrow.version (version) VALUES (2);
