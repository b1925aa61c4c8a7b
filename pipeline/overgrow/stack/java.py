"""Finds Java and Maven and says how to get them; the flags every JVM of the stack starts with."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from overgrow.stack.failures import MissingProgramError

OLDEST = 17
GET = """{what}. Get it with one of
  Debian/Ubuntu  apt-get install openjdk-17-jdk-headless maven
  Fedora         dnf install java-21-openjdk-headless maven
  macOS          brew install openjdk maven
next: `overgrow stack up`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """A usable Java. `build` tells builds apart: a class archive fits only the one that made it."""

    program: str
    build: str


def find() -> Java:
    """The Java to use; JAVA_HOME before PATH, as Maven does it."""
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=f"{home}/bin") if home else None
    program = program or shutil.which("java")
    if program is None:
        raise MissingProgramError(GET.format(what=f"Java (>= {OLDEST}) is not on this machine"))
    shown = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r'version "(\d+)', shown.stderr)
    if found is None or int(found.group(1)) < OLDEST:
        first = (shown.stderr or shown.stdout).strip().splitlines()[:1]
        raise MissingProgramError(GET.format(what=f"Java >= {OLDEST} is needed, {program} says {first}"))
    build = hashlib.sha256(f"{Path(program).resolve()} {shown.stderr}".encode()).hexdigest()[:8]
    return Java(program=program, build=f"java{found.group(1)}-{build}")


def find_maven() -> str:
    """The program; needed only when the jars are not in the cache."""
    program = shutil.which("mvn")
    if program is None:
        raise MissingProgramError(GET.format(what="Maven (mvn) is not on this machine, the first start needs it"))
    return program


def flags(heap_mb: int, scratch: Path, archive: Path | None, *, full_jit: bool = False) -> list[str]:
    """Bounded heap, no file outside the part's folder; a class archive that does not fit is ignored by the JVM."""
    compiler = [] if full_jit else ["-XX:TieredStopAtLevel=1"]
    shared = [f"-XX:SharedArchiveFile={archive}"] if archive else []
    return [
        "-Xms64m",
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-Xshare:auto",
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        *compiler,
        *shared,
        f"-Djava.io.tmpdir={scratch}",
        f"-Dlog4j2.configurationFile={resources.files('overgrow.stack') / 'log4j2.properties'}",
    ]
