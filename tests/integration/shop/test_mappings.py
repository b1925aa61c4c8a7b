"""The shop's mappings on the seeded rows, beside what plain SQL makes of the same rows in the same database."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from legacy_shop import seed
from overgrow.project import Project

ROOT = Path(__file__).parents[3]
ROWS = 4000
SHORT = {
    r"STAFF\((\w+)\)": r"CASE \1 WHEN 'BATCH' THEN 'system' ELSE 'staff-' || substr(\1, 2) END",
    r"LONDON\((\w+)\)": r"\1 AT TIME ZONE 'Europe/London'",
    r"CURRENCY": r"CASE curr_cd WHEN 'EUR' THEN 'EUR' ELSE 'GBP' END",
}
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
    "countries": "SELECT ctry_cd, ctry_nm, eu_yn = 'Y', vat_pct FROM public.ctry",
    "addresses": """
        SELECT addr_id, cust_id, CASE addr_typ WHEN 'B' THEN 'billing' ELSE 'delivery' END,
               jsonb_build_object('line1', addr_1, 'line2', addr_2, 'city', city, 'postcode', zip), ctry_cd,
               STAFF(crt_usr), LONDON(crt_ts), STAFF(upd_usr), LONDON(upd_ts)
        FROM public.addr_book WHERE del_flag <> 'Y'""",
    "products": """
        SELECT upper(sku), btrim(prod_nm), descr, attrs::jsonb, (price * 100)::bigint, CURRENCY,
               CASE vat_cd WHEN 'S' THEN 'standard' WHEN 'R' THEN 'reduced' ELSE 'zero' END, wt_g,
               STAFF(crt_usr), LONDON(crt_ts), STAFF(upd_usr), LONDON(upd_ts)
        FROM public.prod_master WHERE del_flag <> 'Y'""",
    "orders": """
        SELECT rtrim(ord_no::text), cust_id,
               CASE ord_st WHEN 'N' THEN 'new' WHEN 'P' THEN 'paid' WHEN 'S' THEN 'shipped' ELSE 'returned' END,
               CASE chan_cd WHEN 1 THEN 'web' WHEN 2 THEN 'phone' ELSE 'shop' END, LONDON(ord_ts), ship_id,
               (tot_amt * 100)::bigint, CURRENCY, nullif(btrim(note, ' '), ''),
               STAFF(crt_usr), LONDON(crt_ts), STAFF(upd_usr), LONDON(upd_ts)
        FROM public.ord_head""",
    "payments": """
        SELECT pay_id, rtrim(ord_no::text),
               CASE mth_cd WHEN 'CC' THEN 'card' WHEN 'BT' THEN 'transfer' WHEN 'DD' THEN 'direct_debit'
               ELSE 'voucher' END,
               CASE pay_st WHEN 'A' THEN 'authorised' WHEN 'C' THEN 'captured' WHEN 'R' THEN 'refunded'
               ELSE 'failed' END,
               (amt * 100)::bigint, CURRENCY, pay_ts, ref_id, LONDON(crt_ts), STAFF(upd_usr), LONDON(upd_ts)
        FROM public.pymt""",
    "vouchers": """
        SELECT vchr_id, substr(vchr_cd, 1, 4) || '-' || substr(vchr_cd, 5, 4) || '-' || substr(vchr_cd, 9), cust_id,
               (val_amt * 100)::bigint, CASE vchr_st WHEN 'F' THEN 'free' WHEN 'H' THEN 'held' ELSE 'used' END, exp_dt,
               LONDON(upd_ts)
        FROM public.vchr""",
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
        wanted, made = _expanded(EXPECTED[mapping]), f"SELECT {columns} FROM {plan.target_table}"
        assert connection.execute(f"SELECT count(*) FROM ({wanted}) AS w".encode()).fetchone() == (len(lines),)
        for one, other in ((wanted, made), (made, wanted)):
            assert connection.execute(f"{one} EXCEPT ALL {other} LIMIT 3".encode()).fetchall() == []


def _expanded(query: str) -> str:
    for short, long in SHORT.items():
        query = re.sub(short, long, query)
    return query
