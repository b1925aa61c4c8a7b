"""The reference page of the mapping language.

Guarantees: keys, words, arguments, ways back and what examples give come from the code; only the introduction and the
sentences between are written by hand (`prose`). Published as docs/reference/mapping.md.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from overgrow.envelope.types import WIRES
from overgrow.mapping import words
from overgrow.mapping.reference import arguments, keys, prose, samples
from overgrow.mapping.reference.markdown import code, table
from overgrow.mapping.words.word import Word

FILE = "docs/reference/mapping.md"


def text() -> str:
    """The page."""
    parts = [prose.INTRODUCTION, _document(), _contents()]
    for family, listed in words.FAMILIES.items():
        parts += [f"## {family}", *map(_word, listed)]
    parts += [prose.TRANSLATORS, prose.BACK, _families()]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _document() -> str:
    several = ", ".join(code(name) for name, word in words.WORDS.items() if word.several)
    return "\n\n".join(
        [
            "## The document",
            _keys(keys.TOP),
            "### source and target",
            _keys(keys.SOURCE),
            prose.SIDES,
            "### fields",
            prose.FIELDS.replace("{several}", several),
            _keys((*keys.FIELD, keys.CONST)),
            "### where",
            prose.WHERE,
            _conditions(),
            "### also",
            prose.ALSO,
            _keys(keys.ALSO),
            "### on",
            _keys(keys.POLICIES),
        ]
    )


def _keys(listed: Iterable[keys.Key]) -> str:
    return table(
        ("Key", "Says", "Example"),
        [(code(one.name) + ("" if one.needed else " (optional)"), one.does, code(one.example)) for one in listed],
    )


def _contents() -> str:
    rows = [
        (family, ", ".join(f"[{word.name}](#{word.name})" for word in listed))
        for family, listed in words.FAMILIES.items()
    ]
    rows.append(("The context's own", "[translators](#translators)"))
    return "## The words of `do`\n\n" + table(("Family", "Words"), rows)


def _conditions() -> str:
    rows = [("a value", "Is the value; NULL is not.", "{stat_cd: A}")]
    rows += [(code(one.name), one.does, one.example) for one in keys.RELATIONS]
    rows.append(("a list of maps", "Any of them.", "[{stat_cd: A}, {bal_amt: {at_least: 0.01}}]"))
    return table(
        ("Condition", "Means", "Example", "In SQL"),
        [(name, does, code(example), code(samples.sql(example))) for name, does, example in rows],
    )


def _word(word: Word) -> str:
    facts = f"- Takes {_takes(word)}; gives {word.gives}\n- Argument: {arguments.said(word)}\n- Way back: {word.back}"
    shown = [_example(example, outcomes) for example, outcomes in samples.shown(word)]
    return "\n\n".join([f"### {word.name}", word.does, facts, *shown])


def _takes(word: Word) -> str:
    families = ", ".join(sorted(word.takes - {"char"} if "text" in word.takes else word.takes))
    return f"{families}, all columns of `from` at once" if word.several else families


def _example(example: str, outcomes: Iterable[samples.Shown]) -> str:
    rows = [
        (", ".join(map(value, one.given)), f"dead letter: {one.refused}" if one.refused else value(one.gives))
        for one in outcomes
    ]
    return f"```yaml\n{example}\n```\n\n" + table(("Source", "Target"), rows)


def value(text: str | None) -> str:
    """A value as the page shows it: with quotes where blanks or characters would not be seen."""
    if text is None:
        return "NULL"
    if unicodedata.normalize("NFC", text) != text:
        return code(ascii(text))
    return code(text if text.strip() == text and text and text.isprintable() else repr(text))


def _families() -> str:
    by_kind: dict[str, list[str]] = {}
    for name, wire in WIRES.items():
        by_kind.setdefault("text" if wire.kind == "char" else wire.kind, []).append(name)
    rows = [(kind, ", ".join(map(code, names))) for kind, names in by_kind.items()]
    return "## Families of types\n\n" + table(("Family", "Types of PostgreSQL"), rows)
