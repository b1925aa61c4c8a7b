"""What a word of the mapping language is, and the place where one is used.

Guarantees: everything that is said about a word (what it takes, what it does, its way back, its arguments) is said
once, in its `Word`: the compiler, the reference page and the JSON Schema read it there. A wrong argument is a problem
at its line. Never looks at a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from overgrow import errors
from overgrow.envelope import SqlType
from overgrow.mapping import literals, reading
from overgrow.mapping.document import StepDocument
from overgrow.mapping.problems import Problems
from overgrow.mapping.tree import Map, Node, Scalar
from overgrow.mapping.words.step import Step

TEXTS = frozenset({"text", "char"})
Build = Callable[["Place"], Step | None]
NOTHING: Mapping[str, Any] = {}


def no_file(name: str) -> str:
    """For mappings that are compiled without a project."""
    raise FileNotFoundError(name)


def no_secret(reference: str) -> bytes:
    """Likewise."""
    raise errors.ConfigurationError(f"the mapping's key {reference}: nobody was asked for it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a word may need from outside the mapping: the text of a project file, a secret when the first row comes."""

    read: Callable[[str], str] = no_file
    secret: Callable[[str], bytes] = no_secret
    files: dict[str, str] = field(default_factory=dict)  # what was read, by name: part of the mapping's digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of `do`. `takes`: the families of types it takes; `several`: it takes all columns of `from`.

    `schema`: the JSON Schema of its argument, None where it takes none; `optional`: it may also stand alone.
    """

    name: str
    takes: frozenset[str]
    gives: str
    does: str
    back: str
    example: str
    build: Build
    schema: Mapping[str, Any] | None = None
    optional: bool = False
    several: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a step stands: its document and the type that reaches it (`all_arriving`: of every column of `from`)."""

    step: StepDocument
    arriving: SqlType
    problems: Problems
    all_arriving: tuple[SqlType, ...] = ()
    outside: Outside = field(default_factory=Outside)

    @property
    def argument(self) -> Node | None:
        """What the step is given."""
        return self.step.argument

    @property
    def word(self) -> str:
        """The step's word."""
        return self.step.word.text

    @property
    def line(self) -> int:
        """Where it stands."""
        return self.step.word.line

    def problem(self, code: str, message: str, line: int | None = None) -> None:
        """Note a problem, at the step unless another line is given."""
        self.problems.add(line or self.line, code, message)

    def literal(self, node: Scalar, of: SqlType | None = None) -> Any:  # noqa: ANN401 - one Python type per SQL type
        """A literal of the arriving type (or another); None with the problem noted."""
        try:
            return literals.parse(node.text, of or self.arriving)
        except ValueError as error:
            self.problem("bad-literal", f"{self.word}: {error}", node.line)
            return None

    def options(self, names: Iterable[str], *, needs: Iterable[str] = ()) -> dict[str, Node] | None:
        """The argument as a map of options by name; None with the problems noted."""
        before = len(self.problems.found)
        if self.argument is None:
            self.problem("bad-argument", f"{self.word} needs the options {', '.join(needs)}")
            return None
        found = reading.entries(self.argument, self.problems, what=self.word)
        if not found and not isinstance(self.argument, Map):
            return None
        reading.known(found, names, self.problems, what=self.word)
        for name in needs:
            reading.required(found, name, self.problems, line=self.line, what=self.word)
        if len(self.problems.found) > before:
            return None
        return {name: node for name, (_, node) in found.items()}

    def number(self, node: Node | None, *, low: int, high: int, what: str = "") -> int | None:
        """A whole number within bounds."""
        if node is None:
            self.problem("bad-argument", f"{self.word} needs a number, as in {{{self.word}: {max(low, 2)}}}")
            return None
        return reading.whole_number(node, self.problems, what=what or self.word, low=low, high=high)

    def text(self, node: Node | None, *, what: str) -> str | None:
        """A single text that is not empty."""
        found = reading.scalar(node, self.problems, what=f"{self.word}: {what}")
        if found is not None and not found.text:
            self.problem("bad-argument", f"{self.word}: {what} cannot be empty", found.line)
            return None
        return None if found is None else found.text

    def choice(self, node: Node | None, options: tuple[str, ...], *, what: str, otherwise: str) -> str:
        """One of a few words; `otherwise` where nothing is said (or something wrong, which is then noted)."""
        return reading.choice(node, options, self.problems, what=f"{self.word}: {what}") or otherwise

    def no_argument(self) -> None:
        """Note an argument where there is none to be given."""
        if self.argument is not None:
            self.problem("bad-argument", f"{self.word} takes no argument")


def simple(made: Callable[[Place], Step]) -> Build:
    """Build a step that takes no argument."""

    def build(place: Place) -> Step | None:
        place.no_argument()
        return made(place)

    return build


def options_schema(needs: Mapping[str, Any], also: Mapping[str, Any] = NOTHING) -> Mapping[str, Any]:
    """The JSON Schema of an argument that is a map of options."""
    return {
        "type": "object",
        "properties": {**needs, **also},
        "required": list(needs),
        "additionalProperties": False,
    }


SCALAR: Mapping[str, Any] = {"type": ["string", "number", "boolean", "null"]}
TEXT_ARGUMENT: Mapping[str, Any] = {"type": "string", "minLength": 1}


def whole(low: int, high: int) -> Mapping[str, Any]:
    """The JSON Schema of a whole number within bounds."""
    return {"type": "integer", "minimum": low, "maximum": high}
