"""Keys of personal data: a reference in a mapping to the bytes it stands for.

Guarantees: a key is read when the first value needs it, from an environment variable or a file; it is never printed.
Given by the project to its mappings, which do no I/O.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

from overgrow import errors

_REFERENCE = re.compile(r"\$\{(env|file):(.+)\}")


@functools.cache
def resolve(reference: str) -> bytes:
    """The bytes behind `${env:NAME}` or `${file:PATH}`, without blanks and newlines at the ends; ConfigurationError."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise errors.ConfigurationError(
            f"{reference!r} is no reference to a key: write ${{env:NAME}} or ${{file:PATH}}"
        )
    kind, name = match.groups()
    if kind == "env":
        if name not in os.environ:
            raise errors.ConfigurationError(f"the mapping's key {reference}: set the environment variable {name}")
        return os.environ[name].strip().encode()
    try:
        return Path(name).read_bytes().strip()
    except OSError as error:
        raise errors.ConfigurationError(f"the mapping's key {reference}: {error.strerror}") from error
