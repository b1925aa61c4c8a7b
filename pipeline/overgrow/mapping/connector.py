"""The connector's settings: what Debezium must be told so that nothing is lost before it reaches us.

Guarantees: a setting under which a value, an operation or an unchanged column could not be told apart is a problem at
its line. Never talks to Kafka Connect. Called by the project loader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from overgrow.mapping.problems import Problems

_JSON = "org.apache.kafka.connect.json.JsonConverter"
# setting -> (the value needed, what is lost under another)
_NEEDED = {
    "decimal.handling.mode": ("string", "NaN and the scale of a number"),
    "binary.handling.mode": ("bytes", "the mark of an unchanged large bytea"),
    "interval.handling.mode": ("string", "the months of an interval"),
    "time.precision.mode": ("microseconds", "the unit of a time"),
    "skipped.operations": ("none", "truncates"),
    "provide.transaction.metadata": ("true", "the source's own count of what it sent"),
    "tombstones.on.delete": ("true", "deletes after compaction"),
    "snapshot.mode": ("initial", "rows that are older than the stream, or the notice that events were lost"),
    "publication.autocreate.mode": ("disabled", "the say of `overgrow apply` over which tables are streamed"),
    "key.converter": (_JSON, "the key's types"),
    "value.converter": (_JSON, "the row's types"),
    "key.converter.schemas.enable": ("true", "the key's types"),
    "value.converter.schemas.enable": ("true", "the row's types"),
}
# What Debezium and Connect do where a setting is absent.
_DEFAULTS = {
    "tombstones.on.delete": "true",
    "key.converter.schemas.enable": "true",
    "value.converter.schemas.enable": "true",
    "snapshot.mode": "initial",
}
_PLACEHOLDER = "unavailable.value.placeholder"
_DEBEZIUM_PLACEHOLDER = "__debezium_unavailable_value"
_SHORTEST = 16
_NOT_IN_TOPIC = re.compile(r"[^a-zA-Z0-9._-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A connector as its file describes it; secrets stay references."""

    name: str
    config: Mapping[str, str]

    @property
    def placeholder(self) -> str:
        """What stands for an unchanged large value."""
        return self.config[_PLACEHOLDER]

    @property
    def topic_prefix(self) -> str:
        """What its topics' names begin with."""
        return self.config["topic.prefix"]

    def captures(self, table: str) -> bool:
        """Whether the connector is told to send a table (`schema.table`); its list holds regular expressions."""
        listed = self.config.get("table.include.list")
        return listed is None or any(re.fullmatch(one.strip(), table, re.IGNORECASE) for one in listed.split(","))

    def topic(self, table: str) -> str:
        """The topic of a source table (`schema.table`); what Kafka does not take in a name, Debezium replaces."""
        return topic(self.topic_prefix, table)


def topic(prefix: str, table: str) -> str:
    """The topic of a source table (`schema.table`); what Kafka does not take in a name, Debezium replaces."""
    return _NOT_IN_TOPIC.sub(_replaced, f"{prefix}.{table}")


def read(text: str, problems: Problems) -> Connector | None:
    """Read a connector file: `{"name": …, "config": {…}}`, each setting once."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        problems.add(getattr(error, "lineno", 1), "bad-json", f"not JSON: {getattr(error, 'msg', error)}")
        return None
    config = document.get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict) or not isinstance(document.get("name"), str):
        problems.add(1, "bad-shape", "a connector file has a name and a config")
        return None
    settings = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    for name, (needed, loses) in _NEEDED.items():
        found = settings.get(name, _DEFAULTS.get(name))
        if found != needed:
            message = f"{name} must be {needed}, it is {found or 'not set'}: {loses} would be lost"
            problems.add(_line(text, name), "connector-setting", message)
    _check_placeholder(settings.get(_PLACEHOLDER, _DEBEZIUM_PLACEHOLDER), text, problems)
    _check_tables(settings.get("table.include.list", ""), text, problems)
    if not settings.get("topic.prefix"):
        problems.add(_line(text, "config"), "connector-setting", "topic.prefix is not set")
    return None if problems.found else Connector(name=document["name"], config=settings)


def _check_tables(listed: str, text: str, problems: Problems) -> None:
    try:
        re.compile(listed.replace(",", "|"))
    except re.error as error:
        message = f"table.include.list holds no regular expressions: {error}"
        problems.add(_line(text, "table.include.list"), "connector-setting", message)


def _check_placeholder(found: str, text: str, problems: Problems) -> None:
    plain = found.isascii() and found.isprintable() and not set(found) & set('"\\')
    if found == _DEBEZIUM_PLACEHOLDER or len(found) < _SHORTEST or not plain:
        message = (
            f"{_PLACEHOLDER} must be your own: at least {_SHORTEST} random ASCII characters without quotes or"
            " backslashes, or a user's text could be taken for an unchanged value"
        )
        problems.add(_line(text, _PLACEHOLDER), "connector-setting", message)


def _line(text: str, setting: str) -> int:
    """The line of a setting; that of `config` for one that is not there."""
    lines = text.splitlines()
    for wanted in (f'"{setting}"', '"config"'):
        for number, line in enumerate(lines, start=1):
            if wanted in line:
                return number
    return 1


def _replaced(found: re.Match[str]) -> str:
    """Debezium counts as Java does: a character beyond the first 65,536 is two."""
    return "_" * (len(found[0].encode("utf-16-le")) // 2)
