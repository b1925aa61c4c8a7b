"""Kafka, Connect and the connector's jars in a cache of the user, shared by all stacks and clones.

One folder per content of `pom.xml`. It is built aside and renamed, under a file lock: it is whole or it is not there.
Needs Maven only when it is not there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from overgrow.stack import java
from overgrow.stack.failures import StackError

TELL_EVERY = 100  # files


@dataclass(frozen=True, slots=True, kw_only=True)
class Jars:
    """A complete cache folder; `archives` holds class archives for one Java, each of which may be absent."""

    folder: Path
    archives: Path

    @property
    def class_path(self) -> str:
        """Kafka and Connect, as the JVM's wildcard."""
        return str(self.folder / "libs" / "*")

    @property
    def lock(self) -> Path:
        """Held by whoever changes what is in the folder."""
        return self.folder.with_suffix(".lock")

    @property
    def plugins(self) -> Path:
        """Connect's plugin path: one folder per connector."""
        return self.folder / "plugins"

    def archive(self, name: str) -> Path | None:
        """The class archive that makes this JVM start faster, if it was made."""
        path = self.archives / f"{name}.jsa"
        return path if path.exists() else None


def cache_root() -> Path:
    """The user's folder for what can be fetched again."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "overgrow"


def resolve(java_build: str, say: Callable[[str], None]) -> Jars:
    """The cache folder of this version's `pom.xml`, downloaded first if need be."""
    pom = (resources.files("overgrow.stack") / "pom.xml").read_bytes()
    folder = cache_root() / f"stack-{hashlib.sha256(pom).hexdigest()[:16]}"
    jars = Jars(folder=folder, archives=folder / f"archives-{java_build}")
    if not folder.exists():
        with locked(jars.lock):
            if not folder.exists():
                _build(folder, pom, say)
    return jars


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's lock; another process waits for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(folder: Path, pom: bytes, say: Callable[[str], None]) -> None:
    maven = java.find_maven()
    say("jars: first start: Maven downloads Kafka, Connect and Debezium (about 60 MB)")
    for left in folder.parent.glob(f"{folder.name}-building-*"):
        shutil.rmtree(left)  # by a build that was killed; the lock is ours
    work = Path(tempfile.mkdtemp(prefix=f"{folder.name}-building-", dir=folder.parent))
    try:
        (work / "pom.xml").write_bytes(pom)
        _maven(maven, work, say)
        (work / "out").rename(folder)
    finally:
        shutil.rmtree(work)
    say(f"jars: in {folder}")


def _maven(program: str, work: Path, say: Callable[[str], None]) -> None:
    log: list[str] = []
    fetched = 0
    argv = [program, "-B", "-f", str(work / "pom.xml"), "process-resources", f"-Dout={work / 'out'}"]
    with subprocess.Popen(  # noqa: S603  program found by java.find_maven
        argv, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        for line in run.stdout or ():
            log.append(line)
            fetched += " Downloaded from " in line
            if " Downloaded from " in line and fetched % TELL_EVERY == 0:
                say(f"jars: {fetched} files fetched")
    if run.returncode:
        wrong = "".join(line for line in log if "ERROR" in line)[:2000]
        raise StackError(f"Maven could not fetch the jars (exit {run.returncode}):\n{wrong}next: run it again")
