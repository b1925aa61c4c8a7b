"""Finds Java and Maven and says how to get them; the flags every JVM of the stack starts with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path

from overgrow.stack.failures import MissingProgramError

OLDEST = 17
GET = """{what}. Get it with one of
  Debian/Ubuntu  apt-get install openjdk-17-jdk-headless maven
  Fedora         dnf install java-21-openjdk-headless maven
  macOS          brew install openjdk maven
next: `overgrow stack up`"""


def find() -> tuple[str, int]:
    """(program, major version); JAVA_HOME before PATH, as Maven does it."""
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
    return program, int(found.group(1))


def find_maven() -> str:
    """The program; needed only when the jars are not in the cache."""
    program = shutil.which("mvn")
    if program is None:
        raise MissingProgramError(GET.format(what="Maven (mvn) is not on this machine, the first start needs it"))
    return program


def flags(heap_mb: int, scratch: Path, archive: Path | None) -> list[str]:
    """Bounded heap, no file outside the part's folder; a class archive that does not fit is ignored by the JVM."""
    shared = [f"-XX:SharedArchiveFile={archive}"] if archive else []
    return [
        "-Xms64m",
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-Xshare:auto",
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        *shared,
        f"-Djava.io.tmpdir={scratch}",
        f"-Dlog4j2.configurationFile={resources.files('overgrow.stack') / 'log4j2.properties'}",
    ]
