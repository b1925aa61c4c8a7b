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

-- A reference table: few rows, seldom changed.
CREATE TABLE IF NOT EXISTS public.ctry (
    ctry_cd char(2)      NOT NULL PRIMARY KEY,
    ctry_nm varchar(60)  NOT NULL,
    eu_yn   char(1)      NOT NULL,
    vat_pct numeric(4,1)
);

-- Addresses are never deleted, only flagged.
CREATE TABLE IF NOT EXISTS public.addr_book (
    addr_id  bigint      NOT NULL PRIMARY KEY,
    cust_id  bigint      NOT NULL,
    addr_typ char(1)     NOT NULL,        -- B billing, D delivery
    addr_1   varchar(60) NOT NULL,
    addr_2   varchar(60),
    city     varchar(40) NOT NULL,
    zip      varchar(10),
    ctry_cd  char(2)     NOT NULL,
    del_flag char(1)     NOT NULL,        -- Y deleted
    crt_usr  varchar(12) NOT NULL,
    crt_ts   timestamp   NOT NULL,        -- Europe/London wall clock, as all times of the audit columns
    upd_usr  varchar(12),
    upd_ts   timestamp
);

-- Flagged as deleted, too. A product that is offered again must come whole, with its large description: FULL.
CREATE TABLE IF NOT EXISTS public.prod_master (
    sku      varchar(24)   NOT NULL PRIMARY KEY,
    prod_nm  varchar(80)   NOT NULL,
    descr    text,
    attrs    json,
    price    numeric(10,2) NOT NULL,
    curr_cd  char(3)       NOT NULL,      -- GBP or its sign, EUR
    vat_cd   char(1)       NOT NULL,      -- S standard, R reduced, Z zero
    wt_g     int,
    del_flag char(1)       NOT NULL,
    crt_usr  varchar(12)   NOT NULL,
    crt_ts   timestamp     NOT NULL,
    upd_usr  varchar(12),
    upd_ts   timestamp
);
ALTER TABLE public.prod_master REPLICA IDENTITY FULL;

CREATE TABLE IF NOT EXISTS public.ord_head (
    ord_no  char(10)      NOT NULL PRIMARY KEY,
    cust_id bigint        NOT NULL,
    ord_st  char(1)       NOT NULL,       -- N new, P paid, S shipped, R returned, C cancelled
    chan_cd smallint      NOT NULL,       -- 1 web, 2 phone, 3 shop
    ord_ts  timestamp     NOT NULL,
    ship_id bigint,
    tot_amt numeric(12,2) NOT NULL,
    curr_cd char(3)       NOT NULL,
    note    varchar(180),
    crt_usr varchar(12)   NOT NULL,
    crt_ts  timestamp     NOT NULL,
    upd_usr varchar(12),
    upd_ts  timestamp
);

CREATE TABLE IF NOT EXISTS public.pymt (
    pay_id  bigint        NOT NULL PRIMARY KEY,
    ord_no  char(10)      NOT NULL,
    mth_cd  char(2)       NOT NULL,       -- CC card, BT bank transfer, DD direct debit, GV voucher
    pay_st  char(1)       NOT NULL,       -- A authorised, C captured, R refunded, F failed
    amt     numeric(12,2) NOT NULL,
    curr_cd char(3)       NOT NULL,
    pay_ts  timestamptz   NOT NULL,
    ref_id  uuid,
    crt_usr varchar(12)   NOT NULL,
    crt_ts  timestamp     NOT NULL,
    upd_usr varchar(12),
    upd_ts  timestamp
);

-- A code belongs to one voucher at a time, and goes to another one when it is released.
CREATE TABLE IF NOT EXISTS public.vchr (
    vchr_id bigint       NOT NULL PRIMARY KEY,
    vchr_cd varchar(12)  UNIQUE,
    cust_id bigint,
    val_amt numeric(8,2) NOT NULL,
    vchr_st char(1)      NOT NULL,        -- F free, H held, U used
    exp_dt  date,
    upd_ts  timestamp    NOT NULL
);

-- No key, and rows that are the same twice.
CREATE TABLE IF NOT EXISTS public.web_log (
    sess   char(8)      NOT NULL,
    url    varchar(200) NOT NULL,
    hit_ts timestamp    NOT NULL
);
