"""Fill the topic with the real connector: every row once as a snapshot read (an insert), once as an update."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psycopg

from overgrow.deployment import Deployment
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.project import Project
from overgrow.provision import changes
from overgrow.stack import Endpoints

PROJECT = Path(__file__).parent / "project"
TABLE = """
CREATE TABLE public.account (
    acct_no bigint PRIMARY KEY, ext_id uuid NOT NULL, holder varchar(120) NOT NULL, email varchar(120),
    stat_cd char(1) NOT NULL, bal_amt numeric(12,2) NOT NULL, crt_dt timestamp NOT NULL, upd_ts timestamptz NOT NULL,
    vip_yn char(1) NOT NULL, attrs jsonb, city varchar(60), birth_dt date)
"""
ROWS = """
INSERT INTO public.account
SELECT i, md5(i::text)::uuid, 'Holder ' || md5('h' || i), 'Holder.' || i || '@Example.org',
       (ARRAY['A','I','S'])[1 + i %% 3], (i %% 1000000) / 100.0,
       timestamp '2015-01-01' + i * interval '7 minutes 3.25 s',
       timestamptz '2020-01-01' + i * interval '11 s', CASE WHEN i %% 5 = 0 THEN 'Y' ELSE 'N' END,
       jsonb_build_object('tier', i %% 7, 'tags', jsonb_build_array('a', 'b'), 'note', md5('n' || i)),
       'Town ' || i %% 500, date '1950-01-01' + (i %% 20000)::int
  FROM generate_series(1, %s) AS i
"""
UPDATE = "UPDATE public.account SET bal_amt = bal_amt + 1, upd_ts = upd_ts + interval '1 day'"


def fill(endpoints: Endpoints, rows: int) -> Deployment:
    """Make the table, apply the project, wait for 2 * `rows` records, stop the connector."""
    os.environ.update(endpoints.env())
    with psycopg.connect(endpoints.source_dsn, autocommit=True) as source:
        source.execute(TABLE)
        source.execute(ROWS, [rows])
        deployment = Deployment(Project.require(PROJECT))
        for change in changes(deployment):
            change.make()
        _wait(deployment, rows)
        source.execute(UPDATE)
        _wait(deployment, 2 * rows)
    Connect(endpoints.connect).stop(deployment.connector.name)
    return deployment


def _wait(deployment: Deployment, records: int) -> None:
    topic = next(iter(deployment.tables))
    admin, until = Topics(deployment.bootstrap), time.monotonic() + 600
    while (there := sum(admin.end_offsets(topic).values())) < records:
        if time.monotonic() > until:
            msg = f"the connector brought {there} of {records} records"
            raise TimeoutError(msg)
        sys.stderr.write(f"\r{there:,} of {records:,} records in the topic ")
        sys.stderr.flush()
        time.sleep(0.5)
    sys.stderr.write(f"\r{records:,} records in the topic            \n")
