"""The draft of a project: every file of it, and every question it leaves open.

Guarantees: what comes out passes `overgrow check` as it is, or nothing does. Never writes into the project. Called by
`init`; `placing` puts the files where they belong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from overgrow import errors
from overgrow.draft import dates, names, structure, suspicions
from overgrow.draft.choosing import Choice, Mapped, choose
from overgrow.draft.facts import Database
from overgrow.draft.pages import decisions as listing
from overgrow.draft.pages import mapping, project, source, target
from overgrow.draft.pages.page import Page
from overgrow.draft.profile import Profile
from overgrow.draft.questions import Decision, Question

LONGEST_CONTEXT = 40
ALWAYS = ("overgrow.yaml", "DECISIONS.md", "README.md")  # files of every draft
_TAKEN = frozenset({"overgrow", "public", "information_schema"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The profiles of the mapped tables, by table and column; `unsampled` says why a table has none."""

    profiles: Mapping[str, Mapping[str, Profile]]
    unsampled: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Files by their paths in the project, and the decisions in DECISIONS.md's order."""

    files: Mapping[str, str]
    decisions: tuple[Decision, ...]
    choice: Choice


def check_context(context: str) -> None:
    """Refuse a name that PostgreSQL, Kafka or Python could not take as it stands."""
    if not names.plain(context) or len(context) > LONGEST_CONTEXT or context in _TAKEN or context.startswith("pg_"):
        msg = (
            f"--context {context}: it names a schema, topics and a Python package: small letters, digits and _, a"
            f" letter first, at most {LONGEST_CONTEXT}, no reserved word of SQL"
        )
        raise errors.ConfigurationError(msg)


def chosen(database: Database) -> Choice:
    """The tables that come along; ConfigurationError if there is none."""
    choice = choose(database)
    if choice.mapped:
        return choice
    why = "; ".join(f"{one.table}: {one.reason}" for one in choice.refused[:5])
    more = f" (and {len(choice.refused) - 5} more)" if len(choice.refused) > 5 else ""  # noqa: PLR2004 - as above
    msg = f"database {database.name} has no table that can be mapped: {why or 'it has no tables'}{more}"
    raise errors.ConfigurationError(f"{msg}. Next: mend the source, or name others with --schema or --table")


def draft(context: str, database: Database, choice: Choice, sample: Sample, *, placeholder: str) -> Draft:
    """Write every page in memory."""
    pages = _pages(context, database, choice, sample, placeholder)
    found = _numbered(list(_questions(database, choice, sample)), pages)
    blocking = sum(one.question.blocking for one in found)
    looked_at = f"Drafted by `overgrow init` from database `{database.name}` (PostgreSQL {database.version})."
    pages += [
        listing.decisions(found, looked_at=looked_at),
        listing.readme(context, tables=len(choice.mapped), refused=len(choice.refused), blocking=blocking),
    ]
    return Draft(files={page.path: page.text for page in pages}, decisions=tuple(found), choice=choice)


def _questions(database: Database, choice: Choice, sample: Sample) -> Iterator[Question]:
    odd = [one for mapped in choice.mapped for one in suspicions.questions(mapped, _profiles(mapped, sample))]
    yield from structure.first(database, choice)
    yield from (one for one in odd if one.blocking)
    yield from structure.rest(choice, sample.unsampled)
    yield from (one for one in odd if not one.blocking)


def _profiles(mapped: Mapped, sample: Sample) -> Mapping[str, Profile]:
    return sample.profiles.get(mapped.table.full_name, {})


def _pages(context: str, database: Database, choice: Choice, sample: Sample, placeholder: str) -> list[Page]:
    settings = project.settings(context, choice)
    settings.spots["settings", "", ""] = 1
    every = [table.full_name for table in database.tables]
    package = f"transforms/{context}_acl"
    pages = [
        settings,
        project.connector(context, choice, database=database.name, placeholder=placeholder, tables=every),
        target.tables(context, choice),
        target.constraints(context, choice),
        _python(f"{package}/__init__.py", f"The anti-corruption layer of {context}: what the legacy words mean in it."),
        _python(
            f"{package}/translators.py",
            "Translations that only this context knows: pure functions over column values, named in the mappings.",
        ),
    ]
    pages += [source.catalogue(mapped) for mapped in choice.mapped]
    pages += [
        mapping.mapping(context, mapped, dates.steps(mapped, _profiles(mapped, sample))) for mapped in choice.mapped
    ]
    identities = source.identities(choice.mapped)
    return pages if identities is None else [*pages, identities]


def _python(path: str, docstring: str) -> Page:
    page = Page(path)
    page.put(f'"""{docstring}"""')
    return page


def _numbered(questions: list[Question], pages: list[Page]) -> list[Decision]:
    lines = {spot: (page.path, line) for page in pages for spot, line in page.spots.items()}
    return [
        Decision(number=number, question=one, places=tuple((*lines[spot], spot[2]) for spot in one.spots))
        for number, one in enumerate(questions, start=1)
    ]
