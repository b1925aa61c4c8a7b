-- The legacy shop as it grew: cryptic names, codes in one letter, local times without a zone, money as numeric.
--
-- cust_master keeps the default replica identity, so an update that leaves a large note alone sends no note. Only notes
-- and prefs can be moved out of line: everything else together stays below 2 kB (290 characters * 4 bytes + fixed
-- columns), and PostgreSQL moves no value of a row that fits into 2 kB.
CREATE TABLE IF NOT EXISTS public.cust_master (
    cust_id     bigint        NOT NULL PRIMARY KEY,
    cust_nm     varchar(120)  NOT NULL,
    stat_cd     char(1)       NOT NULL,   -- A active, I inactive, P pending, C cancelled, S suspended, X closed
    typ_cd      char(2),                  -- PR person, FA Firma, BE Behoerde
    bal_amt     numeric(12,2) NOT NULL,
    crt_dt      timestamp     NOT NULL,   -- Europe/London wall clock
    upd_ts      timestamptz   NOT NULL,
    vip_yn      char(1)       NOT NULL,
    addr_1      varchar(60),
    addr_2      varchar(60),
    city        varchar(40),
    zip         varchar(10),
    prefs       jsonb,
    notes       text,
    birth_dt    date,
    ext_ref     uuid,
    legacy_flag smallint      NOT NULL
);

-- The keys of order lines change (renumbering), so the whole old row must be in the log.
CREATE TABLE IF NOT EXISTS public.ord_line (
    ord_no   char(10)      NOT NULL,
    line_no  int           NOT NULL,
    cust_id  bigint        NOT NULL,
    sku      varchar(24)   NOT NULL,
    qty      int           NOT NULL,
    unit_prc numeric(10,4) NOT NULL,
    disc_pct numeric(5,2),
    line_st  char(1)       NOT NULL,      -- O open, P picked, S shipped, R returned
    gift_yn  char(1)       NOT NULL,
    due_dt   date,
    chg_ts   timestamp     NOT NULL,      -- Europe/London wall clock
    rmk      text,
    PRIMARY KEY (ord_no, line_no)
);
ALTER TABLE public.ord_line REPLICA IDENTITY FULL;
