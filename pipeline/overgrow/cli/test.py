"""`overgrow test`: the project's own example rows through its mappings, and its translators there and back."""

from __future__ import annotations

import importlib
import json
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import rich.console
import rich.markup
import rich.table

from overgrow.mapping import Problem, TablePlan, Translator
from overgrow.mapping import examples as example_rows
from overgrow.mapping.examples import ExampleFile, Report, Result, Trial, golden, trips
from overgrow.mapping.examples.report import side_by_side
from overgrow.mapping.problems import Problems, suggestion
from overgrow.project import Project

EXIT_INVALID, EXIT_DIFFERENT = 2, 3
_FOLDER, _GOLDEN = "examples", ".golden.json"
_WIDTH_OFF_TERMINAL = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """All that was tried."""

    report: Report
    kept: tuple[Result, ...]  # beside the golden files
    trials: tuple[Trial, ...]
    without: tuple[str, ...]  # mappings without examples
    places: Mapping[str, str]  # file and line of each translator

    @property
    def failed(self) -> tuple[Result, ...]:
        """What is to be shown."""
        return (*self.report.failed, *(one for one in self.kept if not one.passed))

    @property
    def broken(self) -> tuple[Trial, ...]:
        """Translators that do not hold what they declare."""
        return tuple(one for one in self.trials if one.broken)


@click.command("test")
@click.argument("mappings", nargs=-1, metavar="[MAPPING]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--golden", "with_golden", is_flag=True, help="Compare all results with the golden files beside them.")
@click.option("--update", is_flag=True, help="With --golden: write the golden files instead.")
@click.option("--strict", is_flag=True, help="A mapping without examples, or a field that no example expects, fails.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the values that translators are tried with.")
@click.pass_context
def test(
    ctx: click.Context,
    mappings: tuple[str, ...],
    *,
    as_json: bool,
    with_golden: bool,
    update: bool,
    strict: bool,
    seed: int,
) -> None:
    """Run the example rows of transforms/<context>/examples/<mapping>.yaml, and the translators there and back.

    Exit codes: 0 all is as expected; 3 a difference; 2 an invalid project or example file. Connects to nothing.
    """
    if update and not with_golden:
        raise click.UsageError("--update writes golden files: say --golden --update")
    project = Project.require(ctx.obj)
    plans = [project.plan(name) for name in dict.fromkeys(mappings)] or list(project.plans)
    folder = _Folder(project)
    files = folder.files(plans, whole=not mappings)
    kept_before = folder.kept(files) if with_golden and not update else {}
    if folder.problems:
        _invalid(folder.problems, as_json=as_json)
        ctx.exit(EXIT_INVALID)
    report = example_rows.run([project.codec(plan) for plan in plans], files)
    if update:
        folder.write(report)
    known = _translators_of(project, plans, declared=not mappings)
    seen = _Seen(
        report=report,
        kept=tuple(one for name, kept in kept_before.items() for one in folder.beside(name, kept, report)),
        trials=_trials(known, plans, files, seed),
        places={name: _place(project, one) for name, one in known.items()},
        without=tuple(plan.mapping for plan in plans if plan.mapping not in {file.mapping for file in files}),
    )
    gaps = bool(seen.without) or any(one.unexpected for one in report.coverage)
    failed = bool(seen.failed or seen.broken or (strict and gaps))
    if as_json:
        click.echo(json.dumps(_document(seen, ok=not failed), ensure_ascii=False, indent=2))
    else:
        _print(seen)
    _say(seen)
    ctx.exit(EXIT_DIFFERENT if failed else 0)


class _Folder:
    """The example files of a project, read and written."""

    def __init__(self, project: Project) -> None:
        self._root = project.root
        self._folder = project.context / _FOLDER
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


def _translators_of(project: Project, plans: Sequence[TablePlan], *, declared: bool) -> dict[str, Translator]:
    """The translators that the mappings use, and with `declared` also those that none uses yet."""
    used = trips.translators(plans)
    if not declared or not (project.context / "translators.py").is_file():
        return used
    module = importlib.import_module(f"{project.context.name}.translators")
    return {one.name: one for one in vars(module).values() if isinstance(one, Translator)} | used


def _trials(
    known: Mapping[str, Translator], plans: Sequence[TablePlan], files: Sequence[ExampleFile], seed: int
) -> tuple[Trial, ...]:
    met = trips.inputs(plans, files)
    return tuple(
        trips.attempt(one, met.get(name, ()), random.Random(seed).randrange)  # noqa: S311 - values to try, no secret
        for name, one in known.items()
    )


def _place(project: Project, one: Translator) -> str:
    code = getattr(one.function, "__code__", None)
    file = Path(code.co_filename) if code else project.context / "translators.py"
    shown = file.relative_to(project.root).as_posix() if file.is_relative_to(project.root) else file.name
    return f"{shown}:{code.co_firstlineno if code else 1}"


def _invalid(problems: Iterable[Problem], *, as_json: bool) -> None:
    ordered = sorted(problems)
    if as_json:
        click.echo(json.dumps({"schema_version": 1, "ok": False, "problems": [asdict(one) for one in ordered]}))
    else:
        for one in ordered:
            click.echo(str(one))
    click.echo(f"{_count(len(ordered), 'problem')} in {_count(len({one.file for one in ordered}), 'file')}", err=True)


def _document(seen: _Seen, *, ok: bool) -> dict[str, Any]:
    report = seen.report
    return {
        "schema_version": 1,
        "ok": ok,
        "problems": [],
        "mappings": [
            {
                "mapping": one.mapping,
                "file": one.file,
                "examples": len(report.of(one.mapping)),
                "passed": sum(result.passed for result in report.of(one.mapping)),
                "fields_expected": list(one.expected),
                "fields_not_expected": list(one.unexpected),
            }
            for one in report.coverage
        ],
        "without_examples": list(seen.without),
        "failures": [one.describe() for one in report.failed],
        "golden_failures": [one.describe() for one in seen.kept if not one.passed],
        "translators": [one.describe() for one in seen.trials],
    }


def _print(seen: _Seen) -> None:
    console = rich.console.Console(width=None if sys.stdout.isatty() else _WIDTH_OFF_TERMINAL, highlight=False)
    for one in seen.failed:
        _print_failure(console, one)
    for trial in seen.broken:
        _print_trial(console, trial, seen.places[trial.translator])
    if seen.report.coverage:
        console.print(_mappings(seen.report))
    if seen.trials:
        console.print()
        console.print(_translators(seen.trials))


def _print_failure(console: rich.console.Console, one: Result) -> None:
    console.print(f"[bold red]FAIL[/] {rich.markup.escape(f'{one.file}:{one.line}: {one.name}')}", soft_wrap=True)
    for fault in one.faults:
        console.print(f"       {rich.markup.escape(fault)}", soft_wrap=True)
    if not all(line.same for line in one.fields):
        table = _table(("     ", "field", "expected", "found"))
        for line in one.fields:
            shown = side_by_side(line.expected, line.found)
            style = None if line.same else "red"
            table.add_row("" if line.same else "    !", *map(rich.markup.escape, (line.field, *shown)), style=style)
        console.print(table)
    console.print()


def _print_trial(console: rich.console.Console, one: Trial, place: str) -> None:
    head = f"{place}: translator {one.translator}: {one.broken:,} of {_count(one.tried, 'input')} not held"
    console.print(f"[bold red]FAIL[/] {rich.markup.escape(head)}, the shortest:", soft_wrap=True)
    table = _table(("     ", "code", "input", "output", "came"))
    for trip in one.trips:
        table.add_row("    !", *map(rich.markup.escape, trip.describe().values()))
    console.print(table)
    console.print()


def _mappings(report: Report) -> rich.table.Table:
    table = _table(("mapping",))
    for heading in ("examples", "passed", "failed", "fields expected"):
        table.add_column(heading, justify="right")
    for one in report.coverage:
        results = report.of(one.mapping)
        failed = sum(not result.passed for result in results)
        fields = f"{len(one.expected)} of {len(one.expected) + len(one.unexpected)}"
        bad = f"[red]{failed}[/]" if failed else "0"
        table.add_row(rich.markup.escape(one.mapping), str(len(results)), str(len(results) - failed), bad, fields)
    return table


def _translators(trials: Iterable[Trial]) -> rich.table.Table:
    table = _table(("translator",))
    for heading in ("inputs", "refused", "not held"):
        table.add_column(heading, justify="right")
    table.add_column("way back")
    for one in trials:
        broken = f"[red]{one.broken:,}[/]" if one.broken else "0"
        back = "tried" if one.inverse else "none declared"
        table.add_row(rich.markup.escape(one.translator), f"{one.tried:,}", f"{one.refused:,}", broken, back)
    return table


def _table(headings: Sequence[str]) -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _say(seen: _Seen) -> None:
    for name in seen.without:
        click.echo(f"no examples: {name} (write {_FOLDER}/{name}.yaml beside the mapping)", err=True)
    for one in seen.report.coverage:
        if one.unexpected:
            click.echo(f"no example of {one.mapping} expects: {', '.join(one.unexpected)}", err=True)
    total, failed = len(seen.report.results), len(seen.report.failed)
    kept = sum(not one.passed for one in seen.kept)
    words = [f"{failed} of {_count(total, 'example')} failed"] if failed else []
    words += [f"{_count(kept, 'result')} not as in the golden files"] if kept else []
    words += [f"{_count(len(seen.broken), 'translator')} not held"] if seen.broken else []
    if not words:
        mappings = _count(len(seen.report.coverage), "mapping")
        words = [f"ok: {_count(total, 'example')} of {mappings}, {_count(len(seen.trials), 'translator')}"]
    click.echo(", ".join(words), err=True)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
