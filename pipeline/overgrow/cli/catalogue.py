"""The parts of `overgrow check` that look at the databases: `--live` and `--record`. Both only read them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from overgrow import errors
from overgrow.mapping import Problem, live, recording, settings, tree
from overgrow.mapping.problems import Problems
from overgrow.project import Project, resolved
from overgrow.sources import catalogue

APPLICATION = "overgrow:check"
_CATALOGUE = "source.catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What differs, and the target tables that are not there yet, which `apply` makes."""

    problems: list[Problem]
    not_made: list[str]


def seen(project: Project) -> Seen:
    """Hold the recorded catalogue against the source, the DDL against the target."""
    with catalogue.reading(project.source_dsn, what="source", application=APPLICATION) as connection:
        sources = catalogue.tables(connection, project.sources)
    with catalogue.reading(project.target_dsn, what="target", application=APPLICATION) as connection:
        targets = catalogue.tables(connection, project.targets)
    found = [one for name, kept in project.sources.items() for one in live.source_differences(kept, sources.get(name))]
    for name, declared in project.targets.items():
        found += live.target_differences(declared, targets[name]) if name in targets else []
    return Seen(problems=sorted(found), not_made=[name for name in project.targets if name not in targets])


def record(folder: Path, names: Sequence[str], *, ask: bool, make: bool, as_json: bool) -> None:
    """Write the catalogue files of the named tables, of all recorded ones without names; all of them or none."""
    dsn, place = _source(folder)
    wanted = list(dict.fromkeys(names)) or sorted(path.stem for path in (folder / place).glob("*.yaml"))
    if not wanted:
        msg = f"{place} holds no catalogue yet; next: overgrow check --record SCHEMA.TABLE"
        raise errors.ConfigurationError(msg)
    with catalogue.reading(dsn, what="source", application=APPLICATION) as connection:
        found = catalogue.tables(connection, wanted)
    _refuse(wanted, found)
    texts = {f"{place}/{name}.yaml": (found[name], _text(folder / place / f"{name}.yaml")) for name in wanted}
    made = {file: (before, recording.recorded(table, before)) for file, (table, before) in texts.items()}
    changed = {file: pair for file, pair in made.items() if pair[0] != pair[1]}
    shown = {file: _difference(file, *pair) for file, pair in changed.items()}
    if not as_json:
        click.echo("".join(shown.values()), nl=False)
    if changed and make:
        if ask:
            click.confirm(f"Write {len(changed)} of {len(made)} files?", abort=True, err=True)
        (folder / place).mkdir(parents=True, exist_ok=True)
        for file, (_, text) in changed.items():
            (folder / file).write_text(text, encoding="utf-8")
    if as_json:
        listed = [{"file": file, "new": pair[0] is None, "difference": shown[file]} for file, pair in changed.items()]
        document = {"tables": wanted, "files": listed, "written": bool(changed) and make}
        click.echo(json.dumps(document, ensure_ascii=False))
    _sum_up(len(changed), len(made), make=make)


def _sum_up(changed: int, tables: int, *, make: bool) -> None:
    if not changed:
        click.echo(f"as recorded: {tables} of {tables} tables", err=True)
    elif make:
        click.echo(f"wrote {changed} of {tables} files; next: overgrow check", err=True)
    else:
        click.echo(f"{changed} of {tables} files would be written", err=True)


def _source(folder: Path) -> tuple[str, str]:
    """The source's DSN and the catalogue's folder; the rest of the project may be invalid."""
    place = Problems(settings.FILE)
    try:
        text = (folder / settings.FILE).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise errors.ConfigurationError(f"{settings.FILE}: {error}; run `overgrow check`") from error
    top = tree.load(text, place)
    found = None if top is None else settings.read(top, place)
    if found is None or not found.text(_CATALOGUE) or not found.text("source.dsn"):
        first = place.found[0] if place.found else f"{settings.FILE}: source.dsn and {_CATALOGUE} are needed"
        raise errors.ConfigurationError(f"{first}; run `overgrow check`")
    inside = found.text(_CATALOGUE)
    if Path(inside).is_absolute() or ".." in Path(inside).parts:
        raise errors.ConfigurationError(f"{settings.FILE}: {_CATALOGUE}: {inside} is not inside the project")
    return resolved(found.text("source.dsn"), "source.dsn"), inside


def _refuse(wanted: Sequence[str], found: dict[str, live.LiveTable]) -> None:
    """All or nothing: a file that is not written would be taken for one that is true."""
    reasons = [
        f"{name}: {why}"
        for name in wanted
        if (why := recording.refusal(found[name]) if name in found and "/" not in name else _absent(name))
    ]
    if reasons:
        raise errors.ConfigurationError(f"nothing was written. {'; '.join(reasons)}")


def _absent(name: str) -> str:
    if "." not in name or "/" in name:
        return "a table is named as schema.table"
    return "the source has no such table; if it is gone for good, remove its file and its mapping"


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise errors.ConfigurationError(f"{path.name}: {error}") from error


def _difference(file: str, before: str | None, after: str) -> str:
    lines = difflib.unified_diff(
        (before or "").splitlines(keepends=True), after.splitlines(keepends=True), file if before else "/dev/null", file
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
