"""Mutated mapping files, and every other file of a project.

Of each: a plan or problems with their places, nothing else. A mapping that compiles in spite of all is used: its
generated code must say what the interpreter says of odd rows, and everything it prints must be printable.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from overgrow import errors
from overgrow.envelope import WireColumn
from overgrow.mapping import OUTSIDE, Problem, RowCodec, TablePlan, copy_line, dictionary, examples, interpret
from overgrow.mapping.problems import Problems
from overgrow.project import Project
from tests.fuzz import ground, mappings, mutate
from tests.fuzz.broken import Broken
from tests.property.rows import CORNERS
from tests.property.test_inverse import assert_comes_back
from tests.unit.mapping import examples_sample, sample

_ROWS = 4
_DECIMAL = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{1,2})?")  # a numeric(12,2)
_IN_PROJECT = 0.12  # the part of inputs that go through the files of a project
_SQL_BYTES = 40_000  # the parser reads about so much in a second, and a model may have more: its time is linear
_EXAMPLES = 0.05  # the part of inputs that are files of example rows
_CODES_FILE = "transforms/shop_acl/codes/status.csv"
_EXAMPLE_FILE = "".join(
    [
        examples_sample.DEFAULTS,
        examples_sample.WHOLE,
        examples_sample.example("{saldo: -0.05, notiz: 'a\\tb'}", "{balance_cents: -5}", name="two"),
        examples_sample.example("{status: '?'}", "{error: {field: status, says: unknown code}}", name="three"),
        examples_sample.example("{status: X}", "outside", name="four"),
    ]
)
_LATE = """\
ALTER TABLE crm.customers ADD CONSTRAINT fk FOREIGN KEY (note) REFERENCES crm.firms (id);
CREATE UNIQUE INDEX customers_external ON crm.customers (external) WHERE active;
"""
OTHER = ("kunde", "firma"), ("customers", "firms")


def _other(text: str) -> str:
    for old, new in OTHER:
        text = text.replace(old, new)
    return text


PROJECT_FILES = {
    **sample.FILES,
    _CODES_FILE: ground.CODES,
    "overgrow.yaml": sample.changed(sample.PROJECT, ("crm.sql]", "crm.sql], constraints: [schemas/target/late.sql]")),
    "schemas/target/late.sql": _LATE,
    "schemas/source/public.firma.yaml": _other(sample.CATALOGUE),
    "schemas/target/crm.sql": f"{sample.DDL}{_other(sample.DDL)}",
    "transforms/shop_acl/firms.yaml": _other(
        sample.changed(
            sample.MAPPING,
            ("{codes: {A: active, G: blocked}}", f"[{{codes: {{file: {_CODES_FILE}}}}}, {{default: x}}]"),
        )
    ),
}
_MUTATED = [name for name in PROJECT_FILES if not name.endswith(".py")]


class Files:
    """Runs one input after the other; `shown` is the latest."""

    def __init__(self, folder: Path) -> None:
        self.root = sample.write(folder, PROJECT_FILES)
        _, problems = Project.load(self.root)
        if problems:
            raise ValueError(f"the project to be mutated is not valid: {problems[0]}")
        self.shown = ""
        self.codec = RowCodec(sample.plan(), placeholder=sample.OWN_PLACEHOLDER)
        mappings.fitting()

    def one(self, dice: random.Random) -> Counter[str]:
        """One mutated file; what became of it."""
        chosen = dice.random()
        if chosen < _IN_PROJECT:
            return self._in_project(dice)
        if chosen < _IN_PROJECT + _EXAMPLES:
            return self._example_rows(dice)
        valid = mappings.mapping(dice)
        untouched = dice.random() < 0.02  # the ground itself must hold
        self.shown = valid.text if untouched else mutate.text(dice, valid.text, mappings.corpus())
        plan, problems = ground.build(self.shown, valid.ddl)
        if untouched and problems:
            raise Broken(f"a valid mapping is refused: {problems[0]}")
        _placed(plan, problems, self.shown)
        if plan is None:
            return Counter({"refused": 1, **{f"code {code}": 1 for code in {one.code for one in problems}}})
        return Counter({"untouched": 1} if untouched else {"compiled": 1}) + _used(plan, self.shown, dice)

    def _example_rows(self, dice: random.Random) -> Counter[str]:
        self.shown = mutate.text(dice, _EXAMPLE_FILE, [*mappings.corpus(), _EXAMPLE_FILE])
        problems = Problems("examples.yaml")
        made = examples.read(self.shown, problems, self.codec.plan)
        _placed(made, problems.found, self.shown)
        if made is None:
            return Counter({"examples refused": 1})
        report = examples.run([self.codec], [made])
        faults = [fault for result in report.results for fault in result.faults]
        if faults:
            raise Broken(faults[0])
        return Counter({"examples run": 1})

    def _in_project(self, dice: random.Random) -> Counter[str]:
        name = dice.choice(_MUTATED)
        original = PROJECT_FILES[name]
        changed = mutate.text(dice, original, [*PROJECT_FILES.values(), *mappings.corpus()])
        content = changed.encode("utf-8", "surrogatepass")
        if dice.random() < 0.2:  # bytes that may be no text
            content = mutate.raw(dice, content)
        if name.endswith(".sql"):
            content = content[:_SQL_BYTES]
        self.shown = f"{name}: {content.decode('utf-8', 'backslashreplace')}"
        path = self.root / name
        path.write_bytes(content)
        try:
            project, problems = Project.load(self.root)
        finally:
            path.write_text(original, encoding="utf-8")
        _placed(project, problems, None)
        result = "project loaded" if project is not None else "project refused"
        return Counter({result: 1, **{f"code {code}": 1 for code in {one.code for one in problems}}})


def _placed(made: object | None, problems: list[Problem], text: str | None) -> None:
    """Either a result or problems, each with a place that exists and a text that can be printed."""
    if (made is None) is not bool(problems):
        raise Broken(f"{'nothing' if made is None else 'a result'} with {len(problems)} problems")
    lines = None if text is None else len(text.splitlines()) + text.count("\r") + 1
    for one in problems:
        str(one).encode()
        if not (one.code and one.message and one.line >= 1) or (lines is not None and one.line > lines):
            raise Broken(f"a problem without a place: {one}")


def _used(plan: TablePlan, text: str, dice: random.Random) -> Counter[str]:
    """Print the plan, translate some rows of corner values, and take back what can be taken back."""
    plan.to_json().encode()
    codec = RowCodec(plan, placeholder=sample.OWN_PLACEHOLDER)
    outcomes: Counter[str] = Counter()
    rows = [{column.name: _value(column, dice) for column in plan.used} for _ in range(_ROWS)]
    for row in rows:
        after = codec.row_type(*row.values())
        for one in (codec, *codec.also):
            outcomes[found := compared(one, after, row)] += 1
            if found == "row translated" and _can_be_stored(row):
                assert_comes_back(one.plan, {name: _zero(value) for name, value in row.items()})
    told = dictionary.describe(plan, topic="leg.public.kunde", text=text)
    samples = dictionary.translated(plan, [dictionary.Row(name="one", values=rows[0])])
    dictionary.page([told], samples).encode()
    json.dumps(dictionary.plain(plan, told, samples), ensure_ascii=False).encode()
    return outcomes


def _can_be_stored(row: Mapping[str, Any]) -> bool:
    """Whether the source can hold it: only then there is a way back."""
    nul = any(isinstance(value, str) and "\0" in value for value in row.values())
    return not nul and _DECIMAL.fullmatch(row.get("saldo") or "0") is not None


def _zero(value: Any) -> Any:
    """The two zeros of floats are equal, and not equal as text."""
    return 0.0 if isinstance(value, float) and not value else value


def _value(column: WireColumn, dice: random.Random) -> Any:
    """A value that can travel: the decoder lets no other through."""
    if column.nullable and dice.random() < 0.15:
        return None
    kind, size = column.type.wire.kind, column.type.size
    value = dice.choice(CORNERS[kind] if dice.random() < 0.1 else ground.USUAL[kind])
    if kind in {"text", "char"} and size is not None:
        return value[:size]
    return ground.narrowed(column.name, value)


def compared(codec: RowCodec, after: Any, row: Mapping[str, Any]) -> str:
    """Hold the generated code to the interpreter on one row, and the line to what COPY takes."""
    try:
        meant = interpret(codec.plan, row)
        wanted = None if meant is OUTSIDE else copy_line([meant.get(name) for name in codec.target_columns])
    except errors.TranslationError as error:
        str(error)
        try:
            line = codec.line(after)
        except Exception:  # noqa: BLE001 - generated code raises whatever the value provokes; explain names it
            return "row set aside"
        raise Broken(f"the generated code gives {line!r} where the interpreter says {error}") from None
    line = codec.line(after)
    if line != wanted:
        raise Broken(f"the generated code gives {line!r}, the interpreter {wanted!r}")
    if line is None:
        return "row filtered"
    copyable(line, len(codec.target_columns))
    return "row translated"


def copyable(line: str, columns: int) -> None:
    """Hold a line to what COPY takes as one row."""
    line.encode()
    if line.count("\t") != columns - 1 or any(one in line for one in "\n\r\0"):
        raise Broken(f"no line of COPY with {columns} columns: {line!r}")
