"""What a person must decide: each question once, with the default the draft has taken.

Guarantees: a question names where its answer belongs. Never holds a value of a row but codes and sentinels that are
nobody's data. Made by `choosing` and `suspicions`, listed by `pages.decisions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Page = Literal["settings", "catalogue", "mapping", "target", "constraints"]
Spot = tuple[Page, str, str]  # a page, a source table (`schema.table`), a column or nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`kind` is stable. `spots` are where the answer is written; `blocking` ones come before `overgrow apply`."""

    kind: str
    subject: str
    asked: str
    taken: str
    change: str
    spots: tuple[Spot, ...]
    seen: str = ""
    codes: tuple[tuple[str, int], ...] = ()  # code and how often it was seen
    blocking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A question with its number and the lines of its spots."""

    number: int
    question: Question
    places: tuple[tuple[str, int, str], ...]  # file, line, column or nothing

    def document(self) -> dict[str, object]:
        """For `--json`."""
        asked = self.question
        return {
            "number": self.number,
            "kind": asked.kind,
            "subject": asked.subject,
            "before_apply": asked.blocking,
            "question": asked.asked,
            "seen": asked.seen,
            "codes": dict(asked.codes),
            "default": asked.taken,
            "change": asked.change,
            "places": [{"file": file, "line": line, "column": column} for file, line, column in self.places],
        }
