"""The tutorial as what a reader does: commands with what they show, files to write, words to change.

The forms: a block whose lines begin with `$ `; a block of another language after a paragraph that ends with "Write
`FILE`", "Add to the end of `FILE`" or "It has written `FILE`"; a paragraph with "In `FILE`, write `NEW` for `OLD`".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(Write|Add to the end of|It has written)\s+`([^`]+)`(?:\s+\([^)]*\))?:\s*$")
_CHANGES = re.compile(r"In `([^`]+)`, write ")
_FOR = re.compile(r"`([^`]+)`\s+for\s+`([^`]+)`")
_AFTER = re.compile(r"after\s+`(\w+)`:\s+`([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is typed, and what is shown then."""

    text: str
    shows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A file's whole text, what is added to it (`more`), or what it holds by now (`there`)."""

    file: str
    text: str
    more: bool = False
    there: bool = False

    def do(self, folder: Path) -> None:
        """As the reader does; what is there already is only compared."""
        path = folder / self.file
        if self.there and path.exists():
            assert path.read_text() == self.text, f"{self.file} is not what is shown"
            return
        before = path.read_text() if self.more else ""
        path.write_text(before + self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Words of a file for others, every old one being there once; and lines `after` those of a field."""

    file: str
    pairs: tuple[tuple[str, str], ...]
    after: tuple[tuple[str, str], ...]

    def do(self, folder: Path) -> None:
        """As the reader does."""
        path = folder / self.file
        text = path.read_text()
        for old, new in self.pairs:
            assert text.count(old) == 1, f"{self.file}: {old!r} is there {text.count(old)} times"
            text = text.replace(old, new)
        for name, line in self.after:
            text, count = re.subn(rf"^(  {name}:.*\n)", rf"\1  {line}\n", text, flags=re.MULTILINE)
            assert count == 1, f"{self.file}: {name} has {count} lines"
        path.write_text(text)


Action = Command | Write | Change


def actions(text: str) -> list[Action]:
    """What a reader of the text does, in order."""
    found: list[Action] = []
    at = 0
    for block in _BLOCK.finditer(text):
        prose = text[at : block.start()]
        found += _changes(prose)
        at = block.end()
        language, inside = block.groups()
        named = _FILE.search(prose)
        if not language and inside.startswith("$ "):
            found += _commands(inside)
        elif language and named:
            verb, file = named.groups()
            found.append(Write(file=file, text=inside, more=verb.startswith("Add"), there=verb.startswith("It")))
    return found + _changes(text[at:])


def section(text: str, title: str) -> str:
    """One section of the tutorial, by its title."""
    (found,) = (part for part in re.split(r"^(?=## )", text, flags=re.MULTILINE) if part.startswith(f"## {title}"))
    return found


def _commands(inside: str) -> Iterator[Command]:
    typed, shown = "", list[str]()
    for line in inside.splitlines():
        if line.startswith("$ "):
            if typed:
                yield Command(text=typed, shows=tuple(shown))
            typed, shown = line.removeprefix("$ "), []
        elif _open(typed):
            typed += f"\n{line}"
        else:
            shown.append(line)
    yield Command(text=typed, shows=tuple(shown))


def _open(typed: str) -> bool:
    try:
        shlex.split(typed)
    except ValueError:
        return True
    return False


def _changes(prose: str) -> list[Action]:
    made: list[Action] = []
    for part in re.split(r"\n\n|^- ", prose, flags=re.MULTILINE):
        named = _CHANGES.search(part)
        if named:
            pairs = [(old, new) for new, old in _FOR.findall(part)]
            made.append(Change(file=named[1], pairs=tuple(pairs), after=tuple(_AFTER.findall(part))))
    return made


def missing(shows: tuple[str, ...], printed: str) -> list[str]:
    """The lines that are shown and were not printed; numbers and the width of columns may differ."""
    lines = [_plain(line) for line in printed.splitlines()]
    return [line for line in shows if _plain(line) and not any(_matches(_plain(line), one) for one in lines)]


def _plain(line: str) -> str:
    return re.sub(r"-{2,}", "--", " ".join(re.sub(r"\d[\d,.:]*", "#", line).split()))


def _matches(shown: str, printed: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, shown.split("…"))), printed) is not None
