"""What the local stack can say went wrong. Raised by everything in this package; the command line exits 1."""

from __future__ import annotations

from overgrow import errors


class StackError(errors.ReplicationError):
    """The local stack cannot do what was asked; the text names the part and the log or the command to look at."""


class MissingProgramError(StackError):
    """A program the stack needs is not on this machine; the text says how to get it."""
