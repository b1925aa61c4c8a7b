"""A mapping in which every column keeps its value and gets a plain name.

Guarantees: every source column is mapped or dropped by name. Called by `draft.draft`.
"""

from __future__ import annotations

from overgrow.draft.choosing import Mapped
from overgrow.draft.pages.page import Page, listed, scalar, width


def mapping(context: str, mapped: Mapped, steps: dict[str, str]) -> Page:
    """`transforms/<context>_acl/<mapping>.yaml`; `steps` are what the draft itself does to a column."""
    table = mapped.table.full_name
    page = Page(f"transforms/{context}_acl/{mapped.target}.yaml")
    page.put(f"# {_comment(table)} -> {context}.{mapped.target}, every column as it is: see DECISIONS.md.")
    page.put(f"mapping: {mapped.target}\nversion: 1")
    page.put(f"source: {{table: {scalar(table)}, key: {listed(mapped.table.key)}}}", ("mapping", table, ""))
    page.put(f"target: {{table: {context}.{mapped.target}, key: {listed(mapped.target_key)}}}\nfields:")
    labels = [f"{scalar(field.name)}:" for field in mapped.fields]
    pad = width(labels)
    for label, field in zip(labels, mapped.fields, strict=True):
        source = scalar(field.column.name)
        does = steps.get(field.column.name)
        value = f"{{from: {source}, do: {does}}}" if does else source
        page.put(f"  {label:<{pad}} {value}", ("mapping", table, field.column.name))
    if mapped.dropped:
        dropped = tuple(column.name for column in mapped.dropped)
        page.put(f"drop: {listed(dropped)}", *(("mapping", table, one) for one in dropped))
    page.put("on: {drift: stop, truncate: stop}")
    return page


def _comment(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)
