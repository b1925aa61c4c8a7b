"""The example and golden files of a project, read and written; called by `overgrow test`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from overgrow.mapping import Problem, TablePlan
from overgrow.mapping import examples as example_rows
from overgrow.mapping.examples import ExampleFile, Report, Result, golden
from overgrow.mapping.problems import Problems, suggestion
from overgrow.project import Project

FOLDER, _GOLDEN = "examples", ".golden.json"


class ExampleFolder:
    """The example files of a project, read and written."""

    def __init__(self, project: Project) -> None:
        self._root = project.root
        self._folder = project.context / FOLDER
        self._names = [plan.mapping for plan in project.plans]
        self.problems: list[Problem] = []

    def files(self, plans: Iterable[TablePlan], *, whole: bool) -> list[ExampleFile]:
        """Those of the given mappings; `whole`: they are all, so a file of no mapping is a problem."""
        made = []
        for plan in plans:
            path = self._folder / f"{plan.mapping}.yaml"
            inside = Problems(self._shown(path))
            content = self._content(path, inside)
            found = None if content is None else example_rows.read(content, inside, plan)
            made += [] if found is None else [found]
            self.problems += inside.found
        if whole:
            self._strays()
        return made

    def _strays(self) -> None:
        for ending in (".yaml", _GOLDEN):
            for path in sorted(self._folder.glob(f"*{ending}")):
                name = path.name.removesuffix(ending)
                if name not in self._names:
                    message = f"no mapping is called {name}{suggestion(name, self._names)}"
                    place = self._shown(path)
                    self.problems.append(Problem(file=place, line=1, code="unknown-mapping", message=message))

    def kept(self, files: Iterable[ExampleFile]) -> dict[str, golden.Golden | None]:
        """What was kept, by mapping; None where there is no such file."""
        made: dict[str, golden.Golden | None] = {}
        for file in files:
            path = self._golden(file.mapping)
            inside = Problems(self._shown(path))
            content = self._content(path, inside)
            made[file.mapping] = None if content is None else golden.read(content, inside)
            self.problems += inside.found
        return made

    def beside(self, mapping: str, kept: golden.Golden | None, report: Report) -> list[Result]:
        """The results of a mapping beside those that were kept."""
        file = self._shown(self._golden(mapping))
        return [golden.missing(file=file)] if kept is None else golden.compared(kept, report.of(mapping), file=file)

    def write(self, report: Report) -> None:
        """Write the golden file of each mapping that was run; name those that changed."""
        for covered in report.coverage:
            path = self._golden(covered.mapping)
            content = golden.text(covered.mapping, report.of(covered.mapping))
            if not path.exists() or path.read_text(encoding="utf-8") != content:
                path.write_text(content, encoding="utf-8")
                click.echo(f"wrote {self._shown(path)}", err=True)

    def _golden(self, mapping: str) -> Path:
        return self._folder / f"{mapping}{_GOLDEN}"

    def _content(self, path: Path, problems: Problems) -> str | None:
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            problems.add(1, "unreadable-file", str(error))
            return None

    def _shown(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()
