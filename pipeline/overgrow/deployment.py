"""Puts a project's parts together: topics, tables, wires, codecs, engine. The only place where they all meet."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from overgrow.apply import Engine, Folder
from overgrow.apply.engine import Observer
from overgrow.envelope import JsonWire
from overgrow.kafka import control
from overgrow.mapping import RowCodec, TablePlan
from overgrow.mapping.connector import Connector
from overgrow.project import Project
from overgrow.sinks.postgres import PostgresSink, Table, generations, install
from overgrow.sources.postgres import checked, connected, session


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target of one mapping."""

    topic: str
    plan: TablePlan
    table: Table
    codec: RowCodec


@dataclass(frozen=True)
class Deployment:
    """A project and the systems its environment names."""

    project: Project

    @property
    def pipeline(self) -> str:
        """The pipeline's name."""
        return self.project.pipeline

    @property
    def group(self) -> str:
        """The consumer group of its workers."""
        return f"overgrow.{self.pipeline}"

    @property
    def source_dsn(self) -> str:
        """The legacy database."""
        return checked(self.project.source_dsn, "source.dsn")

    @property
    def target_dsn(self) -> str:
        """The target database."""
        return checked(self.project.target_dsn, "target.dsn")

    @property
    def bootstrap(self) -> str:
        """The brokers."""
        return self.project.kafka_bootstrap

    @property
    def connect_url(self) -> str:
        """Kafka Connect."""
        return self.project.connect_url

    @property
    def partitions(self) -> int:
        """Partitions per topic."""
        return self.project.partitions

    @property
    def connector(self) -> Connector:
        """The connector as its file says."""
        return self.project.connector

    @property
    def documents(self) -> Mapping[str, str]:
        """Mapping name to its text."""
        return self.project.mapping_texts

    @cached_property
    def ddl(self) -> tuple[str, ...]:
        """Texts of the target's DDL files."""
        return tuple(path.read_text(encoding="utf-8") for path in self.project.ddl_paths)

    @cached_property
    def plans(self) -> dict[str, TablePlan]:
        """Topic to plan."""
        return {self.project.topic(plan): plan for plan in self.project.plans}

    @cached_property
    def codecs(self) -> dict[str, RowCodec]:
        """Topic to codec."""
        return {topic: self.project.codec(plan) for topic, plan in self.plans.items()}

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Topic to the mapping's first target table; its further ones are `also` of it."""
        return {topic: self._table(topic, self.codecs[topic]) for topic in self.plans}

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Every target of every mapping."""
        return tuple(
            Target(topic=topic, plan=codec.plan, table=table, codec=codec)
            for topic, first in self.codecs.items()
            for table, codec in zip(self.tables[topic].targets, (first, *first.also), strict=True)
        )

    def _table(self, topic: str, codec: RowCodec) -> Table:
        plan = codec.plan
        return Table(
            pipeline=self.pipeline,
            mapping=plan.mapping,
            version=plan.version,
            digest=plan.digest,
            topic=topic,
            target=plan.target_table,
            columns=codec.target_columns,
            key=plan.target_key,
            keyed=not plan.key_identity,
            label=plan.label,
            also=tuple(self._table(topic, one) for one in codec.also),
            slice=tuple(plan.fixed_key.items()) if plan.shared else (),
        )

    def folders(self) -> dict[str, Folder]:
        """Topic to folder: how its records are read."""
        self.require_keys()
        return {
            topic: Folder(
                self.wire(topic), codec, codec.also, truncates=self.plans[topic].policies["truncate"] == "apply"
            )
            for topic, codec in self.codecs.items()
        }

    def require_keys(self) -> None:
        """Raise ConfigurationError if a key that the mappings hash personal data with is missing."""
        for plan in self.plans.values():
            plan.require_keys()

    def wire(self, topic: str) -> JsonWire:
        """A topic's decoder."""
        codec = self.codecs[topic]
        return JsonWire(
            topic,
            row_type=codec.row_type,
            key_type=codec.key_type,
            columns=codec.columns,
        )

    def check_identity(self) -> None:
        """Raise IdentityChanged unless source and target are the pipeline's, UnreachableError if one is away."""
        application = f"overgrow:{self.pipeline}:identity"
        told = control.read(self.bootstrap, self.pipeline)
        with connected(self.source_dsn, application=application) as source:
            live = source.identity()
        with session(self.target_dsn, what="target", application=application) as target:
            install.check_source(target, self.pipeline, live.system_identifier, live.timeline)
            for table in self.tables.values():
                generations.check_newest(target, table, told)

    def engine(self, observe: Observer) -> Engine:
        """An engine with its own claim identity, writing to the target."""
        sink = PostgresSink(self.target_dsn, self.tables, pipeline=self.pipeline, owner=str(uuid.uuid4()))
        return Engine(sink, self.folders(), sleep=asyncio.sleep, jitter=random.random, observe=observe)
