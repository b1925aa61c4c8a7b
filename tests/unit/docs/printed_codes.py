"""The codes that the source can print, read from the source itself.

A call that passes a code this reader cannot follow is an error: nothing is left out silently.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_CODE = re.compile(r"[a-z]+(-[a-z]+)*")
_KEBAB = re.compile(r"[a-z]+(-[a-z]+)+")
# Name of a call to the place of its code among the arguments. `add` also belongs to sets: those have one argument.
_CALLS = {"add": 1, "problem": 0, "_Refused": 1}
_ARGUMENTS = frozenset({"code", "repeated"})
_OTHERS = frozenset({"event"})  # what a log event calls code is an exit code, or a code that was printed already


def of_files(*paths: Path) -> set[str]:
    """Every code that a call, an argument or an error class of these files names."""
    return {code for path in sorted(paths) for code in _of_tree(ast.parse(path.read_text()), path)}


def of_findings(*paths: Path) -> set[str]:
    """Every check of the doctor: the first argument of `On`; those made of a system's name are added by the test."""
    found = set()
    for path in paths:
        tree = ast.parse(path.read_text())
        for call in _calls(tree, "On"):
            first = call.args[0]
            if isinstance(first, ast.Constant):
                found.add(str(first.value))
            elif isinstance(first, ast.Name):
                found |= _kebabs(_function(tree, call))
            else:
                assert isinstance(first, ast.JoinedStr), f"{path}:{call.lineno}: a check nobody can follow"
    return found


def _of_tree(tree: ast.Module, path: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                yield from _of_call(node, tree, path)
            case ast.ClassDef():
                for line in node.body:
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
                        assert isinstance(line.value, ast.Constant), f"{path}:{line.lineno}"
                        yield str(line.value.value)


def _of_call(call: ast.Call, tree: ast.Module, path: Path) -> Iterator[str]:
    place = _CALLS.get(_name(call))
    if _name(call) in _OTHERS:
        return
    given = [word.value for word in call.keywords if word.arg in _ARGUMENTS]
    if place is not None and len(call.args) > place and (_name(call) != "add" or len(call.args) > 1):
        given.append(call.args[place])
    for one in given:
        match one:
            case ast.Constant(value=str(code)) if _CODE.fullmatch(code):
                yield code
            case ast.Name():  # a parameter, or chosen above: whatever stands in the function
                yield from _kebabs(_function(tree, call))
            case ast.Attribute(attr="code"):
                pass  # of a value that was made with a code
            case _:
                raise AssertionError(f"{path}:{call.lineno}: a code nobody can follow: {ast.unparse(one)}")


def _calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) == name)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _function(tree: ast.Module, inside: ast.Call) -> ast.AST:
    """The innermost function around a call."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and inside in set(ast.walk(node))
    ]
    return around[-1]


def _kebabs(node: ast.AST) -> set[str]:
    return {
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and _KEBAB.fullmatch(one.value)
    }
