"""DECISIONS.md and README.md: what a person must decide, once, and what to run next.

Guarantees: each question has a number, a place and the default taken. Shows values only where a question carries
them. Called by `draft.draft`.
"""

from __future__ import annotations

from collections.abc import Sequence

from overgrow.draft.pages.page import Page
from overgrow.draft.questions import Decision

_TITLES = {
    "wal-level": "the log of the source",
    "replica-identity": "whole rows",
    "refused-table": "stays behind",
    "dropped-column": "dropped",
    "new-name": "a new name",
    "not-sampled": "not looked at",
    "late-constraints": "constraints for the end",
    "naive-time": "times without a zone",
    "personal-data": "data about people",
    "empty-text": "empty or NULL",
    "money-in-float": "money in a float",
    "codes": "codes",
    "boolean": "yes or no",
    "double-encoded": "text encoded twice",
    "sentinel": "dates that stand for something",
    "not-a-number": "not a number",
    "ancient-date": "dates of long ago",
}


def decisions(found: Sequence[Decision], *, looked_at: str) -> Page:
    """The list."""
    page = Page("DECISIONS.md")
    page.put(f"# Decisions\n\n{looked_at}")
    page.put(
        "The draft passes `overgrow check` and keeps every value as it is; below is what it could not know. Each entry"
    )
    page.put("says where the answer belongs, and what holds until somebody gives it.")
    first = [one for one in found if one.question.blocking]
    if first:
        page.put("\n# Before the first `overgrow apply`")
    for one in first:
        _decision(page, one)
    others = [one for one in found if not one.question.blocking]
    if others:
        page.put("\n# When you get to it")
    for one in others:
        _decision(page, one)
    if not found:
        page.put("\nThere is nothing to decide.")
    return page


def _decision(page: Page, one: Decision) -> None:
    asked = one.question
    page.put(f"\n## {one.number}. {_TITLES[asked.kind]}: {_text(asked.subject)}\n")
    for file, line, column in one.places:
        page.put(f"- {_text(f'{file}:{line}')}" + (f" ({_text(column)})" if column and len(one.places) > 1 else ""))
    page.put(f"\n{asked.asked}" + (f" Seen: {_plain(asked.seen)}." if asked.seen else ""))
    if asked.codes:
        shown = ", ".join(f"{_text(code)} {count}" for code, count in asked.codes)
        page.put(f"\nValues and how often: {shown}.")
    page.put(f"\n- Now: {asked.taken}.\n- To change it: {_plain(asked.change)}.")


def _text(text: str) -> str:
    """A name or a code as it is, on one line, whatever it holds."""
    plain = "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)
    fence = "``" if "`" in plain else "`"
    pad = " " if "`" in plain or not plain.strip() or plain != plain.strip() else ""
    return f"{fence}{pad}{plain}{pad}{fence}" if plain else "(empty)"


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)


_README = """\
# {context}

A draft by `overgrow init`: {tables} mapped one to one into the schema `{context}`, {refused} refused in
`overgrow.yaml` with the reason. What a person must decide is in [DECISIONS.md](DECISIONS.md); {blocking} of it before
the first `apply`.

## Next

Set in every shell: `OVERGROW_SOURCE_DSN`, `OVERGROW_TARGET_DSN`, `OVERGROW_KAFKA` (bootstrap servers) and
`OVERGROW_CONNECT` (URL); in the environment of Kafka Connect: `OVERGROW_SOURCE_HOST`, `OVERGROW_SOURCE_PORT`,
`OVERGROW_SOURCE_USER` and `OVERGROW_SOURCE_PASSWORD`.

```
overgrow check      # the project by itself
overgrow plan       # what apply would make
overgrow apply      # publication, topics, target tables, connector
overgrow worker     # in another shell: applies until told to stop
overgrow verify     # equal?
```

| Path | Holds |
|---|---|
| `overgrow.yaml` | the systems, and what stays behind |
| `connectors/{context}.json` | the Debezium connector |
| `schemas/source/` | what the legacy database holds, as recorded |
| `schemas/target/{context}.sql` | the new model |
| `schemas/target/{context}_constraints.sql` | what it holds to at the end |
| `transforms/{context}_acl/` | a mapping per table, and the translators you will write |"""


def readme(context: str, *, tables: int, refused: int, blocking: int) -> Page:
    """The next commands."""
    page = Page("README.md")
    counted = f"{tables} table{'' if tables == 1 else 's'}"
    page.put(_README.format(context=context, tables=counted, refused=refused, blocking=blocking))
    return page
