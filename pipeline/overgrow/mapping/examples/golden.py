"""A golden file: the results of all examples of a mapping, kept to be compared with later ones.

Guarantees: `text` is the same for the same results; every difference is named by example and field, also an example
that only one side has. Never reads or writes a file. Called by `overgrow test --golden`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from overgrow.mapping.examples.expectation import qualified
from overgrow.mapping.examples.report import Difference, Outcome, Refusal, Result
from overgrow.mapping.interpret import OUTSIDE
from overgrow.mapping.problems import Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was found for one example: by field, or by the words of `_flat`."""

    line: int
    fields: Mapping[str, str | None]


Golden = Mapping[str, Kept]  # by example
_REMADE = "make it anew with: overgrow test --golden --update"
_MISSING = "there is no golden file; write it with: overgrow test --golden --update"
_NEXT = "if that is right: overgrow test --golden --update"


def text(mapping: str, results: Iterable[Result]) -> str:
    """The file of a mapping."""
    shown = {"mapping": mapping, "examples": {one.name: _document(one) for one in results}}
    return json.dumps(shown, ensure_ascii=False, indent=2) + "\n"


def read(content: str, problems: Problems) -> Golden | None:
    """Read such a file; None with the problem noted."""
    try:
        found = json.loads(content)
        made = {name: Kept(line=_line(content, name), fields=_flat(one)) for name, one in found["examples"].items()}
    except json.JSONDecodeError as error:
        problems.add(error.lineno, "bad-golden", f"not JSON: {error.msg}; {_REMADE}")
        return None
    except (RecursionError, ValueError, TypeError, KeyError, AttributeError):
        problems.add(1, "bad-golden", f"not the results of examples; {_REMADE}")
        return None
    return made


def compared(golden: Golden, results: Iterable[Result], *, file: str) -> list[Result]:
    """Each example beside its kept result; `faults` of the given results are not repeated."""
    found = {one.name: one for one in results}
    made = []
    for name, one in found.items():
        kept = golden.get(name)
        if kept is None:
            made.append(replace(one, fields=(), faults=(f"not in {file}; {_NEXT}",)))
        else:
            fields = _fields(kept.fields, _flat(_document(one)))
            made.append(replace(one, file=file, line=kept.line, fields=fields, faults=()))
    gone = (f"no longer an example; {_NEXT}",)
    made += [
        Result(mapping="", name=name, file=file, line=kept.line, outcome=OUTSIDE, faults=gone)
        for name, kept in golden.items()
        if name not in found
    ]
    return made


def missing(*, file: str) -> Result:
    """What stands for all examples when there is no golden file."""
    return Result(mapping="", name="all examples", file=file, line=1, outcome=OUTSIDE, faults=(_MISSING,))


def _line(content: str, name: str) -> int:
    before, found, _ = content.partition(f"    {json.dumps(name, ensure_ascii=False)}: {{\n")
    return before.count("\n") + 1 if found else 1


def _fields(kept: Mapping[str, str | None], found: Mapping[str, str | None]) -> tuple[Difference, ...]:
    names = dict.fromkeys([*kept, *found])
    absent = "(absent)"
    return tuple(
        Difference(
            field=name,
            expected=kept.get(name, absent),
            found=found.get(name, absent),
            same=name in kept and name in found and kept[name] == found[name],
        )
        for name in names
    )


def _document(result: Result) -> dict[str, Any]:
    """One outcome, and those of further targets beside it."""
    also = {label: _outcome(one) for label, one in result.also.items()}
    return {**_outcome(result.outcome), **({"also": also} if also else {})}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if outcome is OUTSIDE:
        return {"outside": True}
    if isinstance(outcome, Refusal):
        return {"error": {"field": outcome.field, "column": outcome.column, "cause": outcome.cause}}
    return {"row": dict(outcome)}


def _flat(document: Mapping[str, Any], label: str = "") -> dict[str, str | None]:
    """One level, as it is compared and shown; ValueError or the like for another shape."""
    also = {} if label else document.get("also", {})
    ((kind, value),) = ((kind, value) for kind, value in document.items() if kind != "also" or label)
    match kind:
        case "outside":
            made: dict[str, str | None] = {"(where)": "outside"}
        case "error":
            made = {f"(error) {name}": str(value[name]) for name in ("field", "column", "cause")}
        case "row":
            made = {str(name): None if one is None else str(one) for name, one in value.items()}
        case _:
            raise ValueError(kind)
    flat = {qualified(label, name): one for name, one in made.items()}
    for name, one in also.items():
        flat |= _flat(one, str(name))
    return flat
