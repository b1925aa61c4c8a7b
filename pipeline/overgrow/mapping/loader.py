"""Reads the files of a project and compiles its mappings.

Guarantees: every problem of every file in one pass; the translators' code is run from the project's own folder only.
Never writes. Called by `Project.load`.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from overgrow.mapping import catalogue, compiler, connector, constraints, ddl, document, settings, tree
from overgrow.mapping.plan import TablePlan
from overgrow.mapping.problems import Problem, Problems, suggestion
from overgrow.mapping.translators import Translator
from overgrow.mapping.tree import Scalar
from overgrow.mapping.words.word import Outside, no_secret

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A project's files, read and compiled."""

    settings: settings.Settings
    connector: connector.Connector
    plans: tuple[TablePlan, ...]
    texts: Mapping[str, str]  # the mappings' documents by the mappings' names
    constraints: tuple[constraints.Constraint, ...]
    sources: Mapping[str, catalogue.SourceTable]
    targets: Mapping[str, ddl.TargetTable]


class Loader:
    """Reads one project and keeps every problem."""

    def __init__(self, root: Path, *, secret: Callable[[str], bytes] = no_secret) -> None:
        """`secret`: what a reference to a key of personal data stands for, asked when a row needs it."""
        self._root = root
        self._secret = secret
        self._tables: dict[str, ddl.TargetTable] = {}
        self._sources: dict[str, catalogue.SourceTable | None] = {}
        self._translators: dict[str, Translator] = {}
        self._connector: connector.Connector | None = None
        self.problems: list[Problem] = []

    def load(self) -> Loaded | None:
        """Read all there is; None when a part without which there is no project is missing."""
        place = Problems(settings.FILE)
        text = self._text(settings.FILE, place, line=1)
        top = tree.load(text, place) if text is not None else None
        found = settings.read(top, place) if top is not None else None
        made = None if found is None else self._parts(found, place)
        self.problems += place.found
        return made

    def _parts(self, found: settings.Settings, place: Problems) -> Loaded | None:
        connected = self._file(found.scalars.get("source.connector"), connector.read, place)
        self._connector = connected
        for one in found.ddl:
            self._add_tables(one.text, self._file(one, ddl.read, place) or [])
        late = [rule for one in found.constraints for rule in self._file(one, self._constraints, place) or ()]
        named = found.text("context")
        context = self._root / named
        if not named or Path(named).is_absolute() or ".." in Path(named).parts or not context.is_dir():
            if named:
                place.add(found.line("context"), "missing-file", f"there is no folder {named} in the project")
            return None
        self._translators = self._import(context)
        plans, texts = self._mappings(context, found.text("source.catalogue"))
        self._check_refused(found.refused, place)
        if connected is None:
            return None
        return Loaded(
            settings=found,
            connector=connected,
            plans=tuple(plans),
            texts=texts,
            constraints=tuple(late),
            sources={name: one for name, one in self._sources.items() if one is not None},
            targets=self._tables,
        )

    def _file(self, name: Scalar | None, read: Callable[[str, Problems], T], place: Problems) -> T | None:
        """Read a file named in the project file; its own problems are noted under its own name."""
        text = None if name is None else self._text(name.text, place, line=name.line)
        if name is None or text is None:
            return None
        inside = Problems(name.text)
        made = read(text, inside)
        self.problems += inside.found
        return made

    def _add_tables(self, file: str, tables: list[ddl.TargetTable]) -> None:
        for table in tables:
            if table.table in self._tables:
                message = f"table {table.table} is already in {self._tables[table.table].file}"
                self.problems.append(Problem(file=file, line=table.line, code="duplicate-table", message=message))
            self._tables[table.table] = table

    def _constraints(self, text: str, problems: Problems) -> list[constraints.Constraint]:
        return constraints.resolved(constraints.read(text, problems), self._tables, problems)

    def _mappings(self, context: Path, folder: str) -> tuple[list[TablePlan], dict[str, str]]:
        plans: list[TablePlan] = []
        texts: dict[str, str] = {}
        names: dict[str, str] = {}
        for path in sorted(context.glob("*.yaml")):
            problems = Problems(path.relative_to(self._root).as_posix())
            text = self._text(problems.file, problems, line=1)
            found = document.read(text, problems) if text is not None else None
            if found is not None and text is not None:
                _unique(found, names, problems)
                self._own_topic(found.source.table, names, problems)
                texts[found.name.text] = text
                plan = self._compile(found, text, context.name, folder, problems)
                plans += [] if plan is None else [plan]
            self.problems += [one for one in problems.found if not self._follows(one)]
        return plans, texts

    def _own_topic(self, table: Scalar | None, names: dict[str, str], problems: Problems) -> None:
        """Each table has a topic of its own, also where Kafka's own metrics take `.` and `_` for one."""
        if table is None or self._connector is None:
            return
        topic = self._connector.topic(table.text).replace(".", "_")
        other = names.setdefault(f"topic {topic}", table.text)
        if other != table.text:
            message = (
                f"the topics of {table.text} and {other} cannot be told apart: {self._connector.topic(table.text)}"
            )
            problems.add(table.line, "topic-clash", message)

    def _follows(self, problem: Problem) -> bool:
        """Whether a problem only follows from one that stands elsewhere already."""
        cause = {"unknown-translator": "bad-translators", "unknown-table": "bad-ddl"}.get(problem.code)
        return any(one.code == cause for one in self.problems)

    def _compile(
        self, found: document.MappingDocument, text: str, context: str, folder: str, problems: Problems
    ) -> TablePlan | None:
        source = None if found.source.table is None else self._source(found.source.table, folder, problems)
        target = None if found.target.table is None else self._target(found.target.table, problems)
        also = {one.label.text: self._target(one.target.table, problems) for one in found.also if one.target.table}
        known = {label: table for label, table in also.items() if table is not None}
        if source is None or target is None or len(known) < len(found.also):
            return None
        around = compiler.Surroundings(
            context=context,
            translators=self._translators,
            source=source,
            target=target,
            text=text,
            also=known,
            outside=Outside(read=self._read, secret=self._secret),
        )
        return compiler.compile_mapping(found, around, problems)

    def _target(self, name: Scalar, problems: Problems) -> ddl.TargetTable | None:
        if name.text not in self._tables:
            hint = suggestion(name.text, self._tables)
            problems.add(name.line, "unknown-table", f"no DDL file has the table {name.text}{hint}")
        return self._tables.get(name.text)

    def _source(self, name: Scalar, folder: str, problems: Problems) -> catalogue.SourceTable | None:
        if name.text not in self._sources:
            file = f"{folder}/{name.text}.yaml"
            text = self._text(file, problems, line=name.line, code="missing-catalogue")
            if self._connector is not None and not self._connector.captures(name.text):
                message = f"table.include.list of connector {self._connector.name} leaves {name.text} out"
                problems.add(name.line, "table-not-captured", message)
            inside = Problems(file)
            self._sources[name.text] = None if text is None else catalogue.read(text, inside, table=name.text)
            self.problems += inside.found
        return self._sources[name.text]

    def _check_refused(self, refused: tuple[settings.Refusal, ...], place: Problems) -> None:
        """A table that stays behind is neither mapped nor streamed."""
        for one in refused:
            table = one.table.text
            if table in self._sources:
                place.add(one.table.line, "refused-and-mapped", f"source.refused: {table} has a mapping")
            elif self._connector is not None and self._connector.captures(table):
                message = f"source.refused: table.include.list of connector {self._connector.name} takes {table} in"
                place.add(one.table.line, "refused-and-captured", message)

    def _import(self, context: Path) -> dict[str, Translator]:
        """Import the context's translators afresh if another project's package of that name is loaded."""
        file, name = context / "translators.py", f"{context.name}.translators"
        if not file.is_file():
            return {}
        _forget_others(name, file)
        if str(context.parent) not in sys.path[:1]:
            sys.path.insert(0, str(context.parent))
        importlib.invalidate_caches()
        try:
            module = importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a user's code may raise anything; it becomes a problem
            trace = traceback.extract_tb(error.__traceback__)
            lines = [one.lineno or 1 for one in trace if one.filename == str(file)]
            self.problems.append(
                Problem(
                    file=file.relative_to(self._root).as_posix(),
                    line=getattr(error, "lineno", None) or (lines[-1] if lines else 1),
                    code="bad-translators",
                    message=f"cannot be imported: {type(error).__name__}: {error}",
                )
            )
            return {}
        return {one.name: one for one in vars(module).values() if isinstance(one, Translator)}

    def _read(self, file: str) -> str:
        return (self._root / file).read_text(encoding="utf-8")

    def _text(self, file: str, problems: Problems, *, line: int, code: str = "missing-file") -> str | None:
        try:
            return self._read(file)
        except (FileNotFoundError, IsADirectoryError):
            problems.add(line, code, f"there is no file {file}")
        except (OSError, ValueError) as error:
            problems.add(line, "unreadable-file", f"{file}: {error}")
        return None


def _forget_others(name: str, file: Path) -> None:
    package = name.partition(".")[0]
    cached = [sys.modules[one] for one in (package, name) if one in sys.modules]
    if any(file.parent not in Path(one.__file__ or "").parents for one in cached):
        for module in [one for one in sys.modules if one == package or one.startswith(f"{package}.")]:
            del sys.modules[module]


def _unique(found: document.MappingDocument, names: dict[str, str], problems: Problems) -> None:
    """One mapping document per source table and per target table, one name per mapping."""
    source = found.source.table
    claims = [("mapping", found.name, "duplicate-mapping")]
    claims += [] if source is None else [("source table", source, "duplicate-source")]
    targets = {one.table.text: one.table for one in (found.target, *(one.target for one in found.also)) if one.table}
    claims += [("target table", one, "duplicate-target") for one in targets.values()]
    for what, one, code in claims:
        key = f"{what} {one.text}"
        if key in names:
            why = "; a row has one stamp, that of one source" if code == "duplicate-target" else ""
            problems.add(one.line, code, f"{key} is already mapped in {names[key]}{why}")
        names.setdefault(key, problems.file)
