"""The dictionary as Markdown, for a project's own documentation.

Guarantees: the same mapping gives the same text. Called by `show --markdown`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from overgrow.mapping.dictionary.entry import Column, Dictionary, Entry, Part
from overgrow.mapping.dictionary.sample import HIDDEN, Sample, Value
from overgrow.mapping.dictionary.steps import visible
from overgrow.mapping.reference.markdown import code, table

_TITLE = "# Data dictionary"


def page(told: Sequence[Dictionary], samples: Iterable[Sample] = ()) -> str:
    """One mapping, or all of a project under a common title."""
    if len(told) == 1:
        return _mapping(told[0], level=1, samples=samples)
    rows = [
        (
            f"[{one.mapping}](#{one.mapping})",
            code(one.source),
            ", ".join(map(code, one.tables)),
            one.about,
        )
        for one in told
    ]
    contents = table(("Mapping", "From", "To", ""), rows)
    return "\n".join([f"{_TITLE}\n\n{contents}\n", *(_mapping(one, level=2, samples=()) for one in told)])


def _mapping(told: Dictionary, *, level: int, samples: Iterable[Sample]) -> str:
    head = "#" * level
    facts = [
        f"- Source: {code(told.source)}, key {_names(told.source_key)}, replica identity {told.replica_identity}",
        f"- Topic: {code(told.topic)}",
        f"- Version: {told.version} ({code(told.file)})",
        f"- On: {', '.join(f'{event}: {policy}' for event, policy in told.policies)}",
    ]
    parts = [f"{head} {told.mapping}", *([told.about] if told.about else []), "\n".join(facts)]
    for target in told.targets:
        parts += _target(target, head, samples)
    parts += [f"{head}# Source columns", _columns(told.columns)]
    parts += [f"{head}# SQL on the source", f"```sql\n{told.select};\n```"]
    return "\n\n".join(parts) + "\n"


def _target(target: Part, head: str, samples: Iterable[Sample]) -> list[str]:
    identity = "the source key under other names" if target.key_identity else "translated from the source key"
    label = target.name.partition(".")[2]
    title = f"{head}# {target.table}" + (f" ({label})" if label else "")
    rows = code(target.where) if target.where != "true" else "all"
    parts = [title, f"Key {_names(target.key)}: {identity}. Rows: {rows}.", _entries(target.entries)]
    for sample in samples:
        if sample.target == target.name:
            parts += _sample(sample)
    return parts


def _entries(entries: Iterable[Entry]) -> str:
    rows = [
        (
            code(one.name),
            _type(one.type, nullable=one.nullable),
            _sources(one),
            "<br>".join(code(step) for step in one.steps),
            one.back,
        )
        for one in entries
    ]
    return table(("Field", "Type", "From", "Steps", "Way back"), rows)


def _sources(entry: Entry) -> str:
    if entry.constant is not None:
        return f"constant {code(entry.constant)}"
    return "<br>".join(f"{code(one.name)} {_type(one.type, nullable=one.nullable)}" for one in entry.sources)


def _columns(columns: Iterable[Column]) -> str:
    rows = [(code(one.name), *(("", "") if one.dropped else _wire(one)), _goes(one), _back(one)) for one in columns]
    return table(("Column", "Type", "Sent as", "Goes to", "Comes back from"), rows)


def _wire(column: Column) -> tuple[str, str]:
    sent = f"{column.sent_as}, left out where unchanged and large" if column.large else column.sent_as
    return _type(column.type, nullable=column.nullable), sent


def _goes(column: Column) -> str:
    if column.dropped:
        return "nowhere: dropped"
    fields = ", ".join(map(code, column.goes_to)) or "the filter alone"
    return f"{fields} (personal data: hidden)" if column.personal else fields


def _back(column: Column) -> str:
    if column.back:
        return column.back
    return "" if column.dropped else f"lost: {column.lost}"


def _sample(sample: Sample) -> list[str]:
    title = f"Sample: {sample.name}"
    if sample.outside or sample.refused:
        return [f"{title}: {'set aside: ' + sample.refused if sample.refused else 'outside the filter'}."]
    rows = [(code(one.field), _before(one), _after(one)) for one in sample.values]
    return [title + ":", table(("Field", "Before", "After"), rows)]


def _before(one: Value) -> str:
    several = len(one.before) > 1
    return "<br>".join(f"{name}: {_value(text)}" if several else _value(text) for name, text in one.before.items())


def _after(one: Value) -> str:
    return f"set aside: {one.refused}" if one.refused else _value(one.after)


def _value(text: str | None) -> str:
    return visible(text) if text in {None, HIDDEN} else code(visible(text))


def _type(text: str, *, nullable: bool) -> str:
    return text if nullable else f"{text} not null"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))
