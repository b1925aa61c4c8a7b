"""A project: the folder a user edits, read and compiled at once.

Guarantees: `load` gives a project whose every mapping is compiled, or every problem with file and line; connection
strings are looked up in the environment only when asked for. Never connects to anything. Called by every verb.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from overgrow import errors, secret
from overgrow.mapping.catalogue import SourceTable
from overgrow.mapping.codec import RowCodec
from overgrow.mapping.connector import Connector
from overgrow.mapping.constraints import Constraint
from overgrow.mapping.ddl import TargetTable
from overgrow.mapping.loader import Loader
from overgrow.mapping.plan import TablePlan
from overgrow.mapping.problems import Problem, suggestion
from overgrow.mapping.settings import FILE

_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything a verb needs to know about the project."""

    root: Path
    pipeline: str
    context: Path
    connector_path: Path
    connector: Connector
    ddl_paths: tuple[Path, ...]
    constraints: tuple[Constraint, ...]  # for the end of the sync
    partitions: int
    plans: tuple[TablePlan, ...]
    refused: Mapping[str, str]  # source tables that stay behind, with the reason
    sources: Mapping[str, SourceTable] = field(repr=False)  # as recorded, by `schema.table`
    targets: Mapping[str, TargetTable] = field(repr=False)  # as declared, likewise
    mapping_texts: Mapping[str, str] = field(repr=False)
    worker: Mapping[str, int]
    demo: Mapping[str, Any]
    settings: Mapping[str, str] = field(repr=False)  # as written: `source.dsn` and the like, references unresolved

    @classmethod
    def load(cls, folder: Path) -> tuple[Project | None, list[Problem]]:
        """Read and compile the whole project; the project is None iff there are problems."""
        loader = Loader(folder.resolve(), secret=secret.resolve)
        loaded = loader.load()
        problems = sorted(set(loader.problems))
        if loaded is None or problems:
            return None, problems
        settings = loaded.settings
        project = cls(
            root=folder.resolve(),
            pipeline=settings.text("pipeline"),
            context=folder.resolve() / settings.text("context"),
            connector_path=folder.resolve() / settings.text("source.connector"),
            connector=loaded.connector,
            ddl_paths=tuple(folder.resolve() / one.text for one in settings.ddl),
            constraints=loaded.constraints,
            partitions=settings.partitions,
            plans=loaded.plans,
            refused={one.table.text: one.reason.text for one in settings.refused},
            sources=loaded.sources,
            targets=loaded.targets,
            mapping_texts=loaded.texts,
            worker=settings.worker,
            demo=settings.demo,
            settings={key: one.text for key, one in settings.scalars.items()},
        )
        return project, []

    @classmethod
    def require(cls, folder: Path) -> Project:
        """Read a project that must be valid."""
        project, problems = cls.load(folder)
        if project is None:
            first = f"{problems[0]}" if problems else f"{FILE}: not readable"
            raise errors.ConfigurationError(f"{first} (problems: {len(problems)}); run `overgrow check`")
        return project

    @property
    def source_dsn(self) -> str:
        """The legacy database."""
        return self.resolve("source.dsn")

    @property
    def target_dsn(self) -> str:
        """The target database."""
        return self.resolve("target.dsn")

    @property
    def kafka_bootstrap(self) -> str:
        """The brokers."""
        return self.resolve("kafka.bootstrap")

    @property
    def connect_url(self) -> str:
        """Kafka Connect's REST endpoint."""
        return self.resolve("connect.url")

    @property
    def placeholder(self) -> str:
        """What stands for an unchanged large value on the wire."""
        return self.connector.placeholder

    def resolve(self, key: str) -> str:
        """A setting with its environment references replaced; ConfigurationError names key and variable."""
        return resolved(self.settings[key], key)

    def topic(self, plan: TablePlan) -> str:
        """The topic of a plan's source table."""
        return self.connector.topic(plan.source_table)

    def codec(self, plan: TablePlan) -> RowCodec:
        """The generated functions of a plan."""
        return RowCodec(plan, placeholder=self.placeholder)

    def plan(self, mapping: str) -> TablePlan:
        """The plan of a mapping by its name."""
        for plan in self.plans:
            if plan.mapping == mapping:
                return plan
        names = [plan.mapping for plan in self.plans]
        hint = suggestion(mapping, names) or f"; mappings: {', '.join(names)}"
        raise errors.ConfigurationError(f"no mapping is called {mapping}{hint}")


def resolved(text: str, key: str) -> str:
    """A setting's text with its environment references replaced; ConfigurationError names key and variable."""

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if not found:
            raise errors.ConfigurationError(
                f"{FILE}: {key} needs the environment variable {match[1]}, which is not set;"
                ' set it, or for the local stack run: eval "$(overgrow stack env)"'
            )
        return found

    return _REFERENCE.sub(value, text)
