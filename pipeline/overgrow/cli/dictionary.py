"""The data dictionary on a screen: a table where there is room, a block per field where there is not.

Called by `show`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import click
import rich.console
import rich.table
import rich.text

from overgrow.mapping.dictionary import Column, Dictionary, Entry, Part, Sample, Value, visible

WIDTH_OFF_TERMINAL = 160
_ROOMY = 120
_LABEL = 9


class Screen:
    """Prints one dictionary after the other; `width`: None for that of the terminal."""

    def __init__(self, width: int | None = None) -> None:
        if width is None and not sys.stdout.isatty():
            width = WIDTH_OFF_TERMINAL
        self._console = rich.console.Console(width=width, highlight=False, markup=False)
        self._roomy = self._console.width >= _ROOMY

    def mappings(self, told: Iterable[Dictionary]) -> None:
        """The mappings of a project."""
        rows = [
            (
                one.mapping,
                str(one.version),
                f"{one.source} -> {', '.join(one.tables)}",
                str(len(one.fields)),
                ", ".join(column.name for column in one.columns if column.lost and not column.dropped) or "none",
            )
            for one in told
        ]
        self._table(("mapping", "version", "source -> target", "fields", "columns without a way back"), rows)

    def dictionary(self, told: Dictionary) -> None:
        """Everything of one mapping."""
        for name, value in _head(told):
            self._fact(name, value)
        for target in told.targets:
            self._print()
            self._target(target)
            self._print()
            self._entries(target.entries)
        self._print()
        for name, value in _left(told.columns):
            self._fact(name, value)
        self._print()
        self._print("SQL on the source", style="bold")
        self._print(told.select, soft_wrap=True)

    def samples(self, samples: Iterable[Sample]) -> None:
        """Rows before and after."""
        for number, one in enumerate(samples):
            if number:
                self._print()
            self._print(f"sample {one.name} -> {one.target}", style="bold")
            if one.refused:
                self._print(f"set aside: where: {one.refused}")
            elif one.outside:
                self._print("outside: the filter leaves it out")
            else:
                rows = [(value.field, _before(value), "->", _after(value)) for value in one.values]
                self._table(("field", "before", "", "after"), rows)

    def _target(self, target: Part) -> None:
        identity = "the source key under other names" if target.key_identity else "translated; rows carry _og_key"
        self._fact("target", f"{target.table} key ({', '.join(target.key)}): {identity}")
        self._fact("where", target.where)

    def _entries(self, entries: Sequence[Entry]) -> None:
        if self._roomy:
            headings = ("field", "type", "from", "sent as", "do", "way back")
            self._table(headings, [_cells(entry) for entry in entries])
            return
        for entry in entries:
            self._print(f"{entry.name}  {_type(entry.type, nullable=entry.nullable)}", style="bold")
            for name, value in _lines(entry):
                self._fact(f"  {name}", value)

    def _fact(self, name: str, value: str) -> None:
        """A name and a value that wraps under itself."""
        table = rich.table.Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=_LABEL, no_wrap=True, style="bold")
        table.add_column(overflow="fold")
        table.add_row(rich.text.Text(name), rich.text.Text(value))
        self._emit(table)

    def _table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*map(rich.text.Text, row))
        self._emit(table)

    def _print(self, text: str = "", *, style: str = "", soft_wrap: bool = False) -> None:
        self._emit(rich.text.Text(text, style=style), soft_wrap=soft_wrap)

    def _emit(self, what: rich.console.RenderableType, *, soft_wrap: bool = False) -> None:
        """A table fills its lines with blanks; nobody wants to copy those."""
        with self._console.capture() as captured:
            self._console.print(what, soft_wrap=soft_wrap)
        click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _head(told: Dictionary) -> list[tuple[str, str]]:
    return [
        ("mapping", f"{told.mapping} version {told.version} ({told.file}, sha256 {told.digest[:12]})"),
        *([("about", told.about)] if told.about else []),
        ("source", f"{told.source} key ({', '.join(told.source_key)}), replica identity {told.replica_identity}"),
        ("topic", told.topic),
        ("on", ", ".join(f"{event}: {policy}" for event, policy in told.policies)),
    ]


def _cells(entry: Entry) -> tuple[str, ...]:
    sources = entry.sources
    if entry.constant is not None:
        given = [f"constant {entry.constant!r}"]
    else:
        given = [f"{one.name} {_type(one.type, nullable=one.nullable)}" for one in sources]
    sent = [one.sent_as for one in sources]
    type_text = _type(entry.type, nullable=entry.nullable)
    return entry.name, type_text, "\n".join(given), "\n".join(sent), "\n".join(entry.steps), entry.back


def _lines(entry: Entry) -> list[tuple[str, str]]:
    given = [
        ("from", f"{one.name} {_type(one.type, nullable=one.nullable)}, sent as {one.sent_as}") for one in entry.sources
    ]
    if entry.constant is not None:
        given = [("is", f"constant {entry.constant!r}")]
    steps = [("do", ", ".join(entry.steps))] if entry.steps else []
    return [*given, *steps, ("back", entry.back)]


def _type(text: str, *, nullable: bool) -> str:
    return text if nullable else f"{text} not null"


def _left(columns: Sequence[Column]) -> list[tuple[str, str]]:
    """The source columns there is more to say of than their fields do."""
    facts = [
        ("dropped", [one.name for one in columns if one.dropped]),
        ("hidden", [one.name for one in columns if one.personal]),
        ("large", [one.name for one in columns if one.large and not one.dropped]),
        ("lost", [f"{one.name} ({one.lost})" for one in columns if one.lost and not one.dropped]),
    ]
    return [(name, ", ".join(values) or "none") for name, values in facts if values or name == "lost"]


def _before(value: Value) -> str:
    several = len(value.before) > 1
    return "\n".join(f"{name}: {visible(one)}" if several else visible(one) for name, one in value.before.items())


def _after(value: Value) -> str:
    return f"set aside: {value.refused}" if value.refused else visible(value.after)
