"""Every error overgrow raises, grouped by what the caller must do about it.

    ReplicationError
    |-- ConfigurationError   refuse to start: the project or the systems do not fit (exit 2)
    |-- PoisonEvent          set this one record aside with its cause, go on
    |-- TransientError       back off and retry in place
    |-- Refused              a named stop: the situation needs an operator's decision (exit 4)
    `-- UnreachableError     a system does not answer (exit 5)

Anything else that escapes is a bug: the worker exits non-zero and commits nothing.
"""

from __future__ import annotations


class ReplicationError(Exception):
    """Base of all errors that overgrow names."""


class ConfigurationError(ReplicationError):
    """The project or a live system does not fit; nothing was started."""


class PoisonEvent(ReplicationError):
    """A record that cannot be applied as it is; its key is set aside, everything else flows.

    `kind` is the stable error class stored with the dead letter, e.g. `decode`, `translate`.
    """

    kind = "poison"


class DecodeError(PoisonEvent):
    """The bytes are not the Debezium message the topic's schema promises."""

    kind = "decode"


class TranslationError(PoisonEvent):
    """A value does not fit the mapping: unknown code, too long, not an instant, ..."""

    kind = "translate"

    def __init__(self, field: str, column: str, cause: str) -> None:
        super().__init__(f"field {field} from {column}: {cause}")
        self.field = field
        self.column = column
        self.cause = cause


class TransientError(ReplicationError):
    """The other side is away or asks to try again; retry in place."""


class UnreachableError(ReplicationError):
    """A system the command needs does not answer."""


class Refused(ReplicationError):
    """A named stop. `code` is stable; the text says what was seen and what to do next."""

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class SchemaDrift(Refused):
    """The source's schema is not the one the mapping was checked against."""

    code = "schema-drift"


class NotBuiltYet(Refused):
    """The contract knows this situation, this version does not handle it: it stops instead of guessing."""

    code = "not-built-yet"


class IdentityChanged(Refused):
    """The topic or the source is not the one the checkpoint belongs to."""

    code = "identity-changed"
