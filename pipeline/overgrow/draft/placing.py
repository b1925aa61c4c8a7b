"""Puts a draft's files into the project: all of them or none, and none over an existing one.

Guarantees: `prove` lets only a draft pass that `overgrow check` passes; after a failure nothing of the draft is left.
Called by `init`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from overgrow import errors
from overgrow.project import Project


def refuse_existing(folder: Path, files: Iterable[str]) -> None:
    """Raise ConfigurationError naming every file that is there already."""
    there = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        msg = f"these files exist and are not overwritten: {', '.join(there)}. Next: run init in an empty folder"
        raise errors.ConfigurationError(f"{msg}, and take over what you need")


def prove(files: Mapping[str, str]) -> None:
    """Load the draft as a project; a draft with problems is a bug of `init`, named with all of them."""
    with tempfile.TemporaryDirectory(prefix="overgrow-init-") as name, _imports_forgotten():
        write(Path(name), files)
        _, problems = Project.load(Path(name))
    if problems:
        listed = "\n  ".join(str(problem) for problem in problems)
        msg = "the draft does not pass `overgrow check`, nothing was written; please report this mistake of init"
        raise errors.ReplicationError(f"{msg}:\n  {listed}")


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write every file; whatever goes wrong, what was written is taken away again."""
    made: list[Path] = []
    try:
        for name, text in files.items():
            path = folder / name
            _folders(path.parent, made)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                made.append(path)
                file.write(text)
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise


def _folders(folder: Path, made: list[Path]) -> None:
    for one in [*reversed(folder.parents), folder]:
        if not one.exists():
            one.mkdir()
            made.append(one)


@contextmanager
def _imports_forgotten() -> Iterator[None]:
    """A project's folder is put on the path when it is loaded; the temporary one must not stay there."""
    path, modules = sys.path[:], set(sys.modules)
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            del sys.modules[name]
