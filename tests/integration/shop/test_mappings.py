"""The shop's mappings on the seeded rows, beside what plain SQL makes of the same rows in the same database."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from legacy_shop import seed
from overgrow.project import Project

ROOT = Path(__file__).parents[3]
ROWS = 4000
EXPECTED = {
    "customers": """
        SELECT cust_id, btrim(cust_nm, E' \\t\\n\\r\\x0b\\x0c'),
               CASE stat_cd WHEN 'A' THEN 'active' WHEN 'I' THEN 'inactive'
               WHEN 'P' THEN 'pending' WHEN 'C' THEN 'cancelled' WHEN 'S' THEN 'suspended' END,
               CASE typ_cd WHEN 'PR' THEN 'person' WHEN 'FA' THEN 'company' WHEN 'BE' THEN 'authority'
               ELSE 'unspecified' END, (bal_amt * 100)::bigint, crt_dt AT TIME ZONE 'Europe/London', upd_ts,
               vip_yn = 'Y',
               CASE WHEN coalesce(addr_1, addr_2, city, zip) IS NOT NULL THEN jsonb_build_object(
                   'line1', addr_1, 'line2', addr_2, 'city', city, 'postcode', zip) END,
               prefs, notes, birth_dt, ext_ref, 'retail'
        FROM public.cust_master WHERE stat_cd <> 'X'""",
    "order_lines": """
        SELECT rtrim(ord_no::text), line_no, cust_id, upper(sku), qty, unit_prc, disc_pct,
               CASE line_st WHEN 'O' THEN 'open' WHEN 'P' THEN 'picked' WHEN 'S' THEN 'shipped'
               WHEN 'R' THEN 'returned' END,
               gift_yn = 'Y', due_dt, chg_ts AT TIME ZONE 'Europe/London', nullif(btrim(rmk, E' \\t\\n\\r'), '')
        FROM public.ord_line""",
}
pytestmark = pytest.mark.stack


@pytest.mark.parametrize("mapping", EXPECTED)
def test_every_seeded_row_becomes_what_sql_makes_of_it(shop: str, mapping: str) -> None:
    project = Project.require(ROOT)
    plan = project.plan(mapping)
    codec = project.codec(plan)
    columns = ", ".join(codec.target_columns)
    with psycopg.connect(shop) as connection:
        seed.create_tables(connection)
        seed.load(connection, ROWS, 1)
        for path in project.ddl_paths:
            connection.execute(path.read_bytes())
        source = connection.execute(f"SELECT {codec.source_select()} FROM {plan.source_table}".encode()).fetchall()
        lines = [line for row in source if (line := codec.line(codec.row_type(*row))) is not None]
        with connection.cursor().copy(f"COPY {plan.target_table} ({columns}) FROM STDIN".encode()) as copy:
            copy.write("".join(f"{line}\n" for line in lines))
        wanted, made = EXPECTED[mapping], f"SELECT {columns} FROM {plan.target_table}"
        assert connection.execute(f"SELECT count(*) FROM ({wanted}) AS w".encode()).fetchone() == (len(lines),)
        for one, other in ((wanted, made), (made, wanted)):
            assert connection.execute(f"{one} EXCEPT ALL {other} LIMIT 3".encode()).fetchall() == []
