"""How a broken engine is made: a registry of mutants. Called by the modules of mutants, for test_engine.py.

A mutant returns what makes a twin that drives it; what it patches, it patches through `monkeypatch`. `only` names the
kind of schedule in which it matters ("": any).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pytest

from overgrow.apply import fold
from overgrow.sinks import memory
from overgrow.sinks.memory import MemorySink
from tests.model.twin import Twin


class Mutant(NamedTuple):
    """A broken engine."""

    only: str
    build: Callable[[pytest.MonkeyPatch], Callable[..., Twin]]


class Mutants(dict[str, Mutant]):
    """By name, which is the docstring of what is broken."""

    def sink(self, kind: type[MemorySink]) -> type[MemorySink]:
        """Register a sink."""
        return self.sink_in("")(kind)

    def sink_in(self, only: str) -> Callable[[type[MemorySink]], type[MemorySink]]:
        """Register a sink whose rule matters in some schedules."""

        def register(kind: type[MemorySink]) -> type[MemorySink]:
            self[kind.__doc__ or ""] = Mutant(only, lambda _: partial(Twin, sink=kind))
            return kind

        return register

    def fold(self, kind: type[fold._Fold]) -> type[fold._Fold]:
        """Register a fold."""

        def patched(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Twin]:
            monkeypatch.setattr(fold, "_Fold", kind)
            return Twin

        self[kind.__doc__ or ""] = Mutant("", patched)
        return kind

    def guard(self, name: str, rule: Callable[..., bool]) -> None:
        """Register a rule in place of `may_write`."""

        def patched(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Twin]:
            monkeypatch.setattr(memory, "may_write", rule)
            return Twin

        self[name] = Mutant("", patched)
