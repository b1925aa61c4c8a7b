"""Words that several verbs say."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """`1 mapping`, `1,200 mappings`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
