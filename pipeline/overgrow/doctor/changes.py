"""What has changed between two looks of the doctor. Pure; called by `doctor --watch` and by every worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from overgrow.doctor.finding import Finding


class Changes:
    """Between two looks; figures inside a text move all the time, a level does not."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Finding] = {}

    def since(self, found: Sequence[Finding]) -> Iterator[tuple[str | None, Finding]]:
        """Findings with another level than at the last look, with that level; None for one that is new.

        What is asked of a system that does not answer stays as it was: nobody knows better.
        """
        away = {one.system for one in found if one.unreachable}
        now = {one.key: one for one in found}
        for key, one in now.items():
            was = self._known.get(key)
            if was is None or was.level != one.level:
                yield (None if was is None else was.level), one
        for key, was in list(self._known.items()):
            if key not in now and was.unreachable:
                answers = Finding(
                    check=was.check, system=was.system, subject=was.subject, level="ok", text="it answers"
                )
                yield was.level, answers
        kept = {
            key: one
            for key, one in self._known.items()
            if key not in now and one.system in away and not one.unreachable
        }
        self._known = {**kept, **now}
