# ruff: noqa: INP001 - scripts of the build, no package
"""Looks for what the local stack needs besides Python; all that is missing is named, with how to get it."""

from __future__ import annotations

import sys

from overgrow.stack import java, postgres
from overgrow.stack.failures import MissingProgramError

missing = []
for find in (java.find, java.find_maven, postgres.find_binaries):
    try:
        find()
    except MissingProgramError as error:
        missing.append(str(error))
if missing:
    sys.exit("\n\n".join(missing))
