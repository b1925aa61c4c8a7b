-- The statements of one write transaction, in the order in which sink.py runs them. {names} are identifiers and
-- literals of the mapping, %(names)s are parameters. A tombstone belongs to one target ({name}), letters and truncates
-- to the whole mapping ({mapping}). In every guard: _xid NULL marks a read, which has no position;
-- positions compare only within one source history (_og_off >= history).

-- The guard against a stamp b that no row carries (a tombstone, an open letter); every {newer_than_b} below is this.
-- name: newer_than_b
(b._og_off < s._off + %(base)s
 AND (s._xid IS NULL OR b._og_lsn IS NULL OR b._og_off < %(history)s OR s._floor >= b._og_lsn))

-- name: make_stage
CREATE TEMP TABLE {stage} ON COMMIT DELETE ROWS AS
SELECT 0::integer AS _step, 0::bigint AS _off, 0::bigint AS _floor, 0::bigint AS _xid, ''::text AS _key, {columns}
  FROM {target} WITH NO DATA

-- name: make_gone
CREATE TEMP TABLE {gone} ON COMMIT DELETE ROWS AS
SELECT 0::integer AS _step, 0::bigint AS _off, 0::bigint AS _floor, 0::bigint AS _xid, ''::text AS _key, {keys}
  FROM {target} WITH NO DATA

-- name: copy_direct
COPY {target} ({columns}, {stamps}) FROM STDIN

-- name: lock
SELECT c.next_offset, c.claim, c.owner, c.epoch, c.generation, c.source_position, p.history_from
  FROM overgrow.checkpoint c JOIN overgrow.pipeline p USING (pipeline)
 WHERE c.pipeline = {pipeline} AND c.topic = %(topic)s AND c.partition = %(partition)s
   FOR UPDATE OF c

-- Read after the lock, in a statement of its own: one that has waited for a row lock still sees everything else as it
-- was before it waited.
-- name: rules
SELECT (SELECT max(number) FROM overgrow.generation g
         WHERE g.pipeline = {pipeline} AND g.topic = %(topic)s AND g.partition = %(partition)s
           AND g.epoch = %(epoch)s AND g.from_offset <= %(start)s),
       (SELECT min(from_offset) FROM overgrow.generation g
         WHERE g.pipeline = {pipeline} AND g.topic = %(topic)s AND g.partition = %(partition)s
           AND g.epoch = %(epoch)s AND g.from_offset > %(start)s),
       t._og_off, t._og_lsn,
       EXISTS (SELECT FROM overgrow.dead_letter d
                WHERE d.pipeline = {pipeline} AND d.mapping = {mapping} AND d.state = 'open')
  FROM (SELECT 1) one
  LEFT JOIN overgrow.truncation t
    ON t.pipeline = {pipeline} AND t.mapping = {mapping} AND t._og_off >= %(history)s

-- name: lock_the_others
SELECT FROM overgrow.checkpoint
 WHERE pipeline = {pipeline} AND topic = %(topic)s AND partition <> %(partition)s
 ORDER BY partition
   FOR UPDATE

-- Statement and lock timeouts are for batches: a table may be large, and the other partitions' batches may be too.
-- name: take_time
SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)

-- name: note_truncation
INSERT INTO overgrow.truncation AS t (pipeline, mapping, _og_off, _og_lsn, topic, partition)
VALUES ({pipeline}, {mapping}, %(off)s, %(lsn)s, %(topic)s, %(partition)s)
ON CONFLICT (pipeline, mapping) DO UPDATE
   SET _og_off = excluded._og_off, _og_lsn = excluded._og_lsn, topic = excluded.topic, partition = excluded.partition,
       applied_at = now()
 WHERE t._og_off < %(history)s OR t._og_lsn < excluded._og_lsn
RETURNING 1

-- name: truncate
DELETE FROM {target}
 WHERE CASE WHEN _og_xid IS NULL THEN _og_off < %(next_generation)s
            ELSE _og_off < %(history)s OR _og_lsn < %(lsn)s END

-- An undecodable letter has no position: only in the truncate's own partition is it known to be older.
-- name: close_truncated
UPDATE overgrow.dead_letter
   SET state = 'superseded', superseded_by = %(off)s, closed_at = now()
 WHERE pipeline = {pipeline} AND mapping = {mapping} AND state = 'open'
   AND CASE WHEN kind = 'decode' THEN topic = %(topic)s AND partition = %(partition)s
            WHEN _og_xid IS NULL THEN _og_off < %(next_generation)s
            ELSE _og_off < %(history)s OR _og_lsn < %(lsn)s END

-- What could not be decoded before a truncate that is sent again: the re-send stands behind it in this very partition.
-- name: close_undecodable
UPDATE overgrow.dead_letter
   SET state = 'superseded', superseded_by = %(off)s, closed_at = now()
 WHERE pipeline = {pipeline} AND mapping = {mapping} AND state = 'open' AND kind = 'decode' AND topic = %(topic)s
   AND partition = %(partition)s

-- name: refuse_truncated
DELETE FROM {stage} s
 WHERE CASE WHEN s._xid IS NULL THEN s._off + %(base)s < %(next_generation)s ELSE s._floor < %(lsn)s END

-- Letters are looked up by their key, in whatever partition they were filed: after a re-partition the key has moved.
-- name: refuse_by_letters
DELETE FROM {stage} s
 USING (SELECT source_key, max(_og_off) AS _og_off, max(_og_lsn) FILTER (WHERE _og_off >= %(history)s) AS _og_lsn
          FROM overgrow.dead_letter
         WHERE pipeline = {pipeline} AND mapping = {mapping} AND state = 'open' AND source_key IS NOT NULL
         GROUP BY source_key) b
 WHERE b.source_key = s._key AND s._step >= %(first)s
   AND NOT {newer_than_b}

-- name: raise_floor_by_letters
UPDATE {stage} s
   SET _floor = greatest(s._floor, b._og_lsn)
  FROM (SELECT source_key, max(_og_lsn) AS _og_lsn FROM overgrow.dead_letter
         WHERE pipeline = {pipeline} AND mapping = {mapping} AND state = 'open' AND source_key IS NOT NULL
           AND _og_off >= %(history)s GROUP BY source_key) b
 WHERE b.source_key = s._key AND s._step >= %(first)s

-- name: collisions
SELECT _off, owner
  FROM (SELECT s._off, s._key,
               coalesce(t._og_key, first_value(s._key) OVER (PARTITION BY {s_keys} ORDER BY s._off)) AS owner
          FROM {stage} s
          LEFT JOIN {target} t ON {s_keys_are_t_keys}
          LEFT JOIN overgrow.tombstone b
            ON b.pipeline = {pipeline} AND b.mapping = {name} AND b.source_key = s._key
         WHERE s._step = %(step)s
           AND (b.source_key IS NULL OR {newer_than_b})
       ) owners
 WHERE owner <> _key

-- name: delete
WITH doomed AS MATERIALIZED (
    SELECT s._key, s._off + %(base)s AS _og_off, s._floor, s._xid, {s_keys},
           b._og_off AS dead, CASE WHEN b._og_off >= %(history)s THEN b._og_lsn END AS dead_lsn
      FROM {gone} s
      LEFT JOIN overgrow.tombstone b
        ON b.pipeline = {pipeline} AND b.mapping = {name} AND b.source_key = s._key
     WHERE s._step = %(step)s
       AND (b.source_key IS NULL OR {newer_than_b})
), removed AS (
    DELETE FROM {target} t USING doomed s
     WHERE {s_keys_are_t_keys} {and_same_source_key}
       AND t._og_off < s._og_off
       AND (s._xid IS NULL OR t._og_lsn IS NULL OR t._og_off < %(history)s OR s._floor >= t._og_lsn)
    RETURNING s._key, CASE WHEN t._og_off >= %(history)s THEN t._og_lsn END AS _og_lsn
), buried AS (
    INSERT INTO overgrow.tombstone (pipeline, mapping, source_key, _og_off, _og_lsn, _og_xid)
    SELECT {pipeline}, {name}, s._key, s._og_off, greatest(s._floor, s.dead_lsn, r._og_lsn), s._xid
      FROM doomed s LEFT JOIN removed r ON r._key = s._key
     WHERE r._key IS NOT NULL
        OR (NOT EXISTS (SELECT FROM {target} t WHERE {s_keys_are_t_keys} {and_same_source_key})
            -- a read of an unknown key leaves nothing
            AND (s._xid IS NOT NULL OR s.dead IS NOT NULL OR s._floor IS NOT NULL
                 OR EXISTS (SELECT FROM overgrow.dead_letter d
                             WHERE d.pipeline = {pipeline} AND d.mapping = {mapping} AND d.state = 'open'
                               AND d.source_key = s._key)))
     ORDER BY s._key
    ON CONFLICT (pipeline, mapping, source_key) DO UPDATE
       SET _og_off = excluded._og_off, _og_lsn = excluded._og_lsn, _og_xid = excluded._og_xid
    RETURNING 1
)
SELECT count(*) FROM buried

-- name: upsert
INSERT INTO {target} AS t ({columns}, {stamps})
SELECT {s_columns}, s._off + %(base)s,
       greatest(s._floor, CASE WHEN b._og_off >= %(history)s THEN b._og_lsn END), s._xid {comma_s_key}
  FROM {stage} s
  LEFT JOIN overgrow.tombstone b
    ON b.pipeline = {pipeline} AND b.mapping = {name} AND b.source_key = s._key
 WHERE s._step = %(step)s
   AND (b.source_key IS NULL OR {newer_than_b})
 ORDER BY {s_keys}
ON CONFLICT ({keys}) DO UPDATE
   SET {set_excluded}, _og_off = excluded._og_off, _og_xid = excluded._og_xid,
       _og_lsn = greatest(excluded._og_lsn, CASE WHEN t._og_off >= %(history)s THEN t._og_lsn END)
 WHERE t._og_off < excluded._og_off {and_excluded_same_key}
   AND (excluded._og_xid IS NULL OR t._og_lsn IS NULL OR t._og_off < %(history)s OR excluded._og_lsn >= t._og_lsn)

-- name: judge_patch
SELECT s._off,
       CASE WHEN NOT (b.source_key IS NULL OR {newer_than_b})
              OR NOT (t._og_off IS NULL
                      OR (t._og_off < s._off + %(base)s
                          AND (t._og_lsn IS NULL OR t._og_off < %(history)s OR s._floor >= t._og_lsn)))
            THEN 'superseded'
            WHEN EXISTS (SELECT FROM overgrow.dead_letter d
                          WHERE d.pipeline = {pipeline} AND d.mapping = {mapping} AND d.state = 'open'
                            AND d.source_key = s._key)
            THEN 'queued'
            WHEN t._og_off IS NULL THEN 'no-row'
            ELSE 'apply' END
  FROM {stage} s
  LEFT JOIN {target} t ON {s_keys_are_t_keys} {and_same_source_key}
  LEFT JOIN overgrow.tombstone b
    ON b.pipeline = {pipeline} AND b.mapping = {name} AND b.source_key = s._key
 WHERE s._step = %(step)s

-- name: patch
UPDATE {target} t
   SET {set_present} _og_off = s._off + %(base)s, _og_xid = s._xid,
       _og_lsn = greatest(s._floor, CASE WHEN t._og_off >= %(history)s THEN t._og_lsn END)
  FROM {stage} s
 WHERE s._step = %(step)s AND s._off = ANY(%(offsets)s) AND {s_keys_are_t_keys} {and_same_source_key}

-- name: close_letters
WITH written AS (  -- only what was really written heals: a read that failed may be newer than what its row refused
    SELECT s._key, s._off + %(base)s AS _og_off
      FROM {stage} s JOIN {target} t ON {s_keys_are_t_keys} {and_same_source_key}
     WHERE s._step = ANY(%(whole)s) AND t._og_off >= s._off + %(base)s
    UNION ALL
    SELECT s._key, b._og_off
      FROM {gone} s JOIN overgrow.tombstone b
        ON b.pipeline = {pipeline} AND b.mapping = {name} AND b.source_key = s._key
     WHERE s._step = ANY(%(whole)s) AND b._og_off >= s._off + %(base)s
), newest AS (SELECT _key, max(_og_off) AS _og_off FROM written GROUP BY _key)
UPDATE overgrow.dead_letter d
   SET state = 'superseded', superseded_by = s._og_off, closed_at = now()
  FROM newest s
 WHERE d.pipeline = {pipeline} AND d.mapping = {mapping} AND d.state = 'open'
   AND d.source_key = s._key AND d._og_off < s._og_off

-- name: judge_letters
SELECT s._off
  FROM {gone} s
  LEFT JOIN {target} t ON {s_keys_are_t_keys} {and_same_source_key}
  LEFT JOIN overgrow.tombstone b
    ON b.pipeline = {pipeline} AND b.mapping = {name} AND b.source_key = s._key
 WHERE s._step = %(step)s
   AND (t._og_off >= s._off + %(base)s
        OR b._og_off >= s._off + %(base)s
        OR (s._xid IS NOT NULL AND s._floor < greatest(
              CASE WHEN t._og_off >= %(history)s THEN t._og_lsn END,
              CASE WHEN b._og_off >= %(history)s THEN b._og_lsn END)))

-- name: file_letter
INSERT INTO overgrow.dead_letter
       (pipeline, mapping, topic, partition, epoch, "offset", source_key, _og_off, _og_lsn, _og_xid, kind, cause, field,
        state, key, value, header_names, header_values, mapping_version)
VALUES ({pipeline}, {mapping}, %(topic)s, %(partition)s, %(epoch)s, %(offset)s, %(source_key)s, %(off)s, %(lsn)s,
        %(xid)s, %(kind)s, %(cause)s, %(field)s, %(state)s, %(key)s, %(value)s, %(header_names)s, %(header_values)s,
        {version})
ON CONFLICT (pipeline, topic, partition, epoch, "offset") DO NOTHING

-- name: open_snapshot
SELECT partition, first_read FROM overgrow.generation
 WHERE pipeline = {pipeline} AND topic = %(topic)s AND epoch = %(epoch)s AND number = %(generation)s
   FOR UPDATE

-- name: note_snapshot
UPDATE overgrow.generation SET first_read = %(first_read)s
 WHERE pipeline = {pipeline} AND topic = %(topic)s AND partition = %(partition)s AND epoch = %(epoch)s
   AND number = %(generation)s

-- name: advance
UPDATE overgrow.checkpoint
   SET next_offset = %(next)s, generation = %(generation)s,
       source_position = greatest(CASE WHEN generation = %(generation)s THEN source_position END, %(position)s),
       received = received + %(received)s, applied = applied + %(applied)s, superseded = superseded + %(superseded)s,
       filtered = filtered + %(filtered)s, set_aside = set_aside + %(set_aside)s, ignored = ignored + %(ignored)s,
       updated_at = clock_timestamp()
 WHERE pipeline = {pipeline} AND topic = %(topic)s AND partition = %(partition)s

-- name: claim
UPDATE overgrow.checkpoint
   SET claim = claim + 1, owner = %(owner)s, updated_at = clock_timestamp()
 WHERE pipeline = {pipeline} AND topic = %(topic)s AND partition = %(partition)s
RETURNING next_offset, claim, topic_id, partition_count

-- name: recorded
SELECT (SELECT max(version) FROM overgrow.version),
       (SELECT array_agg(ARRAY[version::text, digest] ORDER BY version DESC) FROM
         (SELECT DISTINCT version, digest FROM overgrow.mapping_version
           WHERE pipeline = {pipeline} AND mapping = {mapping} AND topic = %(topic)s) texts)

-- name: evict
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE pid = ANY(pg_blocking_pids(%(pid)s)) AND usename = current_user AND application_name = %(application)s
