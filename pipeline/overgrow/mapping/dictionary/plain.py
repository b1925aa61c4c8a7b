"""The dictionary as plain values, for JSON.

Guarantees: all that the plan says of itself, and what the dictionary adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from overgrow.mapping.dictionary.entry import Column, Dictionary, Part
from overgrow.mapping.dictionary.sample import Sample
from overgrow.mapping.plan import TablePlan


def plain(plan: TablePlan, told: Dictionary, samples: Iterable[Sample] | None = None) -> dict[str, Any]:
    """Everything there is to say of a mapping."""
    document = {**plan.describe(), "topic": told.topic, "about": told.about}
    document["source"] |= {"select": told.select}
    document["fields"] = _fields(document["fields"], told.targets[0])
    for one in told.targets[1:]:
        further = document["also"][one.name.partition(".")[2]]
        further["fields"] = _fields(further["fields"], one)
    document["way_back"] = [_way(column) for column in told.columns]
    if samples is not None:
        document["samples"] = [one.plain() for one in samples]
    return document


def listed(told: Iterable[Dictionary]) -> list[dict[str, Any]]:
    """The mappings of a project, one line each."""
    return [
        {
            "mapping": one.mapping,
            "version": one.version,
            "source": one.source,
            "targets": list(one.tables),
            "topic": one.topic,
            "file": one.file,
            "fields": len(one.fields),
            "lost_columns": [column.name for column in one.columns if column.lost],
            "about": one.about,
        }
        for one in told
    ]


def _fields(described: list[dict[str, Any]], target: Part) -> list[dict[str, Any]]:
    return [
        {**field, "yields": entry.yields, "way_back": entry.back, "shown": list(entry.steps)}
        for field, entry in zip(described, target.entries, strict=True)
    ]


def _way(column: Column) -> dict[str, Any]:
    shown = asdict(column)
    return {name: shown[name] for name in ("name", "goes_to", "personal")} | {
        "back": column.back or None,
        "lost": column.lost or None,
    }
