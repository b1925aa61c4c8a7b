"""The rows of the shop's trade: countries, addresses, products, orders, payments, vouchers, and the log of page views.

Guarantees: as in `data`, values are text as COPY and parameters take it, and only the given maker's sequence is used.
It reads no clock and no database. Called by `seed` and `trade_traffic`.
"""

from __future__ import annotations

from typing import NamedTuple, TypedDict

from legacy_shop.data import RowMaker

DELETED, LIVE = "Y", "N"
CAPTURED, REFUNDED = "C", "R"
SHIPPED, CANCELLED = "S", "C"
CURRENCIES = ("GBP", "GBP", "EUR", "£")
USERS = ("u0007", "u0042", "u0815", "u4711", "BATCH")
_CODE_SPACE = 1 << 48
_CODE_STEP = 2_654_435_761  # odd, so multiples differ in their last 48 bits


class Country(NamedTuple):
    """One row of ctry, in column order."""

    ctry_cd: str
    ctry_nm: str
    eu_yn: str
    vat_pct: str | None


COUNTRIES = (
    Country("GB", "United Kingdom", "N", "20.0"),
    Country("DE", "Deutschland", "Y", "19.0"),
    Country("AT", "Österreich", "Y", "20.0"),
    Country("CI", "Côte d'Ivoire", "N", None),
    Country("FR", "République française", "Y", "20.0"),
    Country("IE", "Éire", "Y", "23.0"),
    Country("ES", "España", "Y", "21.0"),
    Country("PT", "Portugal", "Y", "23.0"),
    Country("IT", "Italia", "Y", "22.0"),
    Country("NL", "Nederland", "Y", "21.0"),
    Country("BE", "België", "Y", "21.0"),
    Country("LU", "Lëtzebuerg", "Y", "17.0"),
    Country("DK", "Danmark", "Y", "25.0"),
    Country("SE", "Sverige", "Y", "25.0"),
    Country("FI", "Suomi", "Y", "25.5"),
    Country("AX", "Åland", "Y", None),
    Country("NO", "Norge", "N", "25.0"),
    Country("IS", "Ísland", "N", "24.0"),
    Country("CH", "Schweiz", "N", "8.1"),
    Country("RE", "La Réunion", "Y", "8.5"),
)


class Address(NamedTuple):
    """One row of addr_book, in column order."""

    addr_id: int
    cust_id: int
    addr_typ: str
    addr_1: str
    addr_2: str | None
    city: str
    zip: str | None
    ctry_cd: str
    del_flag: str
    crt_usr: str
    crt_ts: str
    upd_usr: str | None
    upd_ts: str | None


class Product(NamedTuple):
    """One row of prod_master, in column order."""

    sku: str
    prod_nm: str
    descr: str | None
    attrs: str | None
    price: str
    curr_cd: str
    vat_cd: str
    wt_g: int | None
    del_flag: str
    crt_usr: str
    crt_ts: str
    upd_usr: str | None
    upd_ts: str | None


class Order(NamedTuple):
    """One row of ord_head, in column order."""

    ord_no: str
    cust_id: int
    ord_st: str
    chan_cd: int
    ord_ts: str
    ship_id: int | None
    tot_amt: str
    curr_cd: str
    note: str | None
    crt_usr: str
    crt_ts: str
    upd_usr: str | None
    upd_ts: str | None


class Payment(NamedTuple):
    """One row of pymt, in column order."""

    pay_id: int
    ord_no: str
    mth_cd: str
    pay_st: str
    amt: str
    curr_cd: str
    pay_ts: str
    ref_id: str | None
    crt_usr: str
    crt_ts: str
    upd_usr: str | None
    upd_ts: str | None


class Voucher(NamedTuple):
    """One row of vchr, in column order."""

    vchr_id: int
    vchr_cd: str | None
    cust_id: int | None
    val_amt: str
    vchr_st: str
    exp_dt: str | None
    upd_ts: str


class PageView(NamedTuple):
    """One row of web_log, in column order."""

    sess: str
    url: str
    hit_ts: str


def address(make: RowMaker, addr_id: int, cust_id: int, *, del_flag: str = LIVE) -> Address:
    """A new address of a customer."""
    texts = make.texts
    return Address(
        addr_id=addr_id,
        cust_id=cust_id,
        addr_typ=make.pick("BDD"),
        addr_1=f"{1 + make.below(300)} {make.pick(texts.streets)}",
        addr_2=make.short_text() if make.chance(0.3) else None,
        city=make.pick(texts.cities),
        zip=None if make.chance(0.1) else f"{make.pick('ABELS')}{1 + make.below(20)} {make.below(10)}XQ",
        ctry_cd=make.pick(COUNTRIES).ctry_cd,
        del_flag=del_flag,
        **_audit(make),
    )


def product(make: RowMaker, sku: str, *, del_flag: str = LIVE) -> Product:
    """A new product."""
    words = make.texts.words
    return Product(
        sku=sku,
        prod_nm=f"{make.pick(words)} {make.pick(words)}",
        descr=make.note(),
        attrs=None
        if make.chance(0.3)
        else f'{{"size": {make.below(60)},  "label": {make.pick(make.texts.json_values)}}}',
        price=f"{make.below(900)}.{make.below(100):02}",
        curr_cd=make.pick(CURRENCIES),
        vat_cd=make.pick("SSRZ"),
        wt_g=None if make.chance(0.2) else make.below(20_000),
        del_flag=del_flag,
        **_audit(make),
    )


def order(make: RowMaker, ord_no: str, cust_id: int, ship_id: int | None) -> Order:
    """A new order without its lines."""
    return Order(
        ord_no=ord_no,
        cust_id=cust_id,
        ord_st=make.pick("NNPSR"),
        chan_cd=1 + make.below(3),
        ord_ts=make.local_time(),
        ship_id=ship_id,
        tot_amt=f"{make.below(20_000)}.{make.below(100):02}",
        curr_cd=make.pick(CURRENCIES),
        note=make.short_text() if make.chance(0.4) else None,
        **_audit(make),
    )


def payment(make: RowMaker, pay_id: int, ord_no: str) -> Payment:
    """A new payment of an order."""
    return Payment(
        pay_id=pay_id,
        ord_no=ord_no,
        mth_cd=make.pick(("CC", "CC", "BT", "DD", "GV")),
        pay_st=make.pick("AACF"),
        amt=f"{make.below(20_000)}.{make.below(100):02}",
        curr_cd=make.pick(CURRENCIES),
        pay_ts=make.instant(),
        ref_id=make.uuid() if make.chance(0.6) else None,
        **_audit(make),
    )


def voucher(make: RowMaker, vchr_id: int, code: str | None, cust_id: int | None) -> Voucher:
    """A new voucher; one without a code is free."""
    return Voucher(
        vchr_id=vchr_id,
        vchr_cd=code,
        cust_id=cust_id,
        val_amt=f"{make.below(500)}.{make.below(100):02}",
        vchr_st="F" if code is None else make.pick("HHU"),
        exp_dt=None if make.chance(0.3) else f"{2024 + make.below(5)}-{1 + make.below(12):02}-{1 + make.below(28):02}",
        upd_ts=make.local_time(),
    )


def page_view(make: RowMaker) -> PageView:
    """A page was looked at."""
    return PageView(f"s{make.below(10_000):07}", f"/p/{make.below(50_000)}?from=caf\u00e9", make.local_time())


def code(number: int) -> str:
    """Twelve hexadecimal digits, another for each number."""
    return f"{number * _CODE_STEP % _CODE_SPACE:012X}"


def sku(number: int) -> str:
    """The key of a product, in the shop's mixed case; no two are the same without it."""
    return f"{('sku', 'Art', 'PROMO')[number % 3]}-{number:06}"


class _Audit(TypedDict):
    crt_usr: str
    crt_ts: str
    upd_usr: str | None
    upd_ts: str | None


def _audit(make: RowMaker) -> _Audit:
    """The audit columns of a new row; some were changed since."""
    user, at, later = make.pick(USERS), make.local_time(), make.chance(0.5)
    return {
        "crt_usr": user,
        "crt_ts": at,
        "upd_usr": make.pick(USERS) if later else None,
        "upd_ts": make.local_time() if later else None,
    }
