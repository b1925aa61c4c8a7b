# ruff: noqa: INP001 - scripts of the build, no package
"""Looks for what the local stack needs besides Python; the first that is missing is named, with how to get it."""

from __future__ import annotations

import sys

from overgrow.stack import java, postgres
from overgrow.stack.failures import MissingProgramError

try:
    java.find()
    java.find_maven()
    postgres.find_binaries()
except MissingProgramError as missing:
    sys.exit(str(missing))
