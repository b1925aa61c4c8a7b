"""A driver's error leaves the reconciler with the name of its system and the next command, never as a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from overgrow import errors


@contextmanager
def naming(system: str) -> Iterator[None]:
    """Errors inside belong to this database."""
    try:
        yield
    except psycopg.OperationalError as error:
        text = " ".join(str(error).split())
        raise errors.UnreachableError(f"the {system} database went away: {text}") from error
    except psycopg.ProgrammingError as error:
        raise errors.ConfigurationError(
            f"the {system} database is not what the project needs: {error.diag.message_primary}; next: `overgrow plan`"
        ) from error
