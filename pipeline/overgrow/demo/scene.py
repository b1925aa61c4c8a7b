"""Where a demo run takes place: the project, its script, the stack. Read by everything else here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from overgrow import errors
from overgrow.demo.settings import Options, Script, words
from overgrow.mapping.plan import TablePlan
from overgrow.project import Project
from overgrow.sources.postgres import session
from overgrow.stack import Endpoints

_APPLICATION = "overgrow:demo"
Connection = psycopg.Connection[Any]
Say = Callable[[str], None]


class Stuck(errors.ReplicationError):
    """A step of the demo does not come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run's surroundings."""

    project: Project
    script: Script
    options: Options
    where: Endpoints

    @property
    def plans(self) -> dict[str, TablePlan]:
        """Topic to plan."""
        return {self.project.topic(plan): plan for plan in self.project.plans}

    def source(self) -> AbstractContextManager[Connection]:
        """A session with the legacy database."""
        return session(self.where.source_dsn, what="source", application=_APPLICATION)

    def target(self) -> AbstractContextManager[Connection]:
        """A session with the target."""
        return session(self.where.target_dsn, what="target", application=_APPLICATION)

    def command(self, text: str, **values: object) -> list[str]:
        """One of the script's commands, as words."""
        return words(text, env=self.where.env(), values=values)

    def overgrow(self, *arguments: str) -> list[str]:
        """A verb of this very program, on this project."""
        return [sys.executable, "-m", "overgrow", "--project", str(self.project.root), *arguments]


def count(connection: Connection, table: str) -> int:
    """Rows of `schema.table`."""
    name = sql.Identifier(*table.split(".", 1))
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone()
    return int(row[0]) if row else 0
