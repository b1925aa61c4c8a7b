"""One thing the doctor has looked at: what was seen, how bad it is, what to do. Frozen, pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["ok", "warn", "fail"]
System = Literal["source", "connect", "kafka", "target", "workers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`check` is a stable name, `subject` what it was looked for on (a table, a slot, a task).

    `next` is the next command, empty where all is well. `unreachable`: the system did not answer, so nothing that is
    asked of it is known.
    """

    check: str
    system: System
    subject: str
    level: Level
    text: str
    next: str = ""
    unreachable: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Which question this answers; the same one later has the same key."""
        return self.check, self.subject

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "check": self.check,
            "system": self.system,
            "subject": self.subject,
            "level": self.level,
            "text": self.text,
            "next": self.next or None,
            "unreachable": self.unreachable,
        }


@dataclass(frozen=True, slots=True)
class On:
    """Makes the findings of one check on one subject."""

    check: str
    system: System
    subject: str

    def ok(self, text: str) -> Finding:
        """As it should be."""
        return Finding(check=self.check, system=self.system, subject=self.subject, level="ok", text=text)

    def warn(self, text: str, then: str) -> Finding:
        """Nothing is lost or wrong yet."""
        return Finding(check=self.check, system=self.system, subject=self.subject, level="warn", text=text, next=then)

    def fail(self, text: str, then: str) -> Finding:
        """Something does not work, or is lost."""
        return Finding(check=self.check, system=self.system, subject=self.subject, level="fail", text=text, next=then)


def unreachable(system: System, text: str) -> Finding:
    """The system did not answer."""
    return Finding(
        check=f"{system}-reachable",
        system=system,
        subject=system,
        level="fail",
        text=text,
        next="start it, or mend its address in the environment; then overgrow doctor",
        unreachable=True,
    )
