"""`overgrow test`: the project's own example rows through its mappings, and its translators there and back."""

from __future__ import annotations

import importlib
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from overgrow.cli.example_files import FOLDER, ExampleFolder
from overgrow.cli.example_tables import show
from overgrow.cli.wording import count
from overgrow.mapping import Problem, TablePlan, Translator
from overgrow.mapping import examples as example_rows
from overgrow.mapping.examples import ExampleFile, Report, Result, Trial, trips
from overgrow.project import Project

EXIT_INVALID, EXIT_DIFFERENT = 2, 3


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
    folder = ExampleFolder(project)
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
        show(report, seen.failed, seen.trials, seen.places)
    _say(seen)
    ctx.exit(EXIT_DIFFERENT if failed else 0)


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
    click.echo(f"{count(len(ordered), 'problem')} in {count(len({one.file for one in ordered}), 'file')}", err=True)


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


def _say(seen: _Seen) -> None:
    for name in seen.without:
        click.echo(f"no examples: {name} (write {FOLDER}/{name}.yaml beside the mapping)", err=True)
    for one in seen.report.coverage:
        if one.unexpected:
            click.echo(f"no example of {one.mapping} expects: {', '.join(one.unexpected)}", err=True)
    total, failed = len(seen.report.results), len(seen.report.failed)
    kept = sum(not one.passed for one in seen.kept)
    words = [f"{failed} of {count(total, 'example')} failed"] if failed else []
    words += [f"{count(kept, 'result')} not as in the golden files"] if kept else []
    words += [f"{count(len(seen.broken), 'translator')} not held"] if seen.broken else []
    if not words:
        mappings = count(len(seen.report.coverage), "mapping")
        words = [f"ok: {count(total, 'example')} of {mappings}, {count(len(seen.trials), 'translator')}"]
    click.echo(", ".join(words), err=True)
