"""The stack's promises on real processes: every test makes stacks of its own and leaves none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest

from overgrow import errors
from overgrow.stack import Stack, StackError, plan, processes
from overgrow.stack.options import PARTS

pytestmark = pytest.mark.stack


def pids(running: Stack) -> set[int]:
    """Every process of the stack: supervisor, main processes, backends."""
    seen = running.status()
    wanted = plan.read_plan(Path(seen.dir))
    assert wanted is not None
    inside = {who.pid for part in wanted.parts.values() for who in processes.in_folder(Path(part.cwd))}
    known = {part.pid for part in seen.parts.values()} | {seen.supervisor} | inside
    return {pid for pid in known if pid is not None}


def living(pids: set[int]) -> set[int]:
    return {pid for pid in pids if processes.identify(pid)}


def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def value(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def overgrow(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from overgrow.cli import main; main()", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_from_nothing_to_nothing_by_the_command_line(stack_folder: Path) -> None:
    started = time.monotonic()
    made = overgrow("stack", "--dir", str(stack_folder), "up")
    sys.stderr.write(f"up took {time.monotonic() - started:.1f} s\n")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("up ")
    assert "connect: ready" in made.stderr

    shown = json.loads(overgrow("stack", "--dir", str(stack_folder), "status", "--json").stdout)
    assert shown["state"] == "up"
    assert {name: part["state"] for name, part in shown["parts"].items()} == dict.fromkeys(PARTS, "running")
    assert httpx.get(shown["parts"]["connect"]["url"], trust_env=False).json()["version"] == "4.3.1"
    assert value(shown["parts"]["legacy"]["dsn"], "SHOW wal_level") == "logical"
    assert value(shown["parts"]["target"]["dsn"], "SHOW track_commit_timestamp") == "on"
    assert value(shown["parts"]["target"]["dsn"], "SHOW fsync") == "on"

    exported = overgrow("stack", "--dir", str(stack_folder), "env").stdout
    assert f"export OVERGROW_KAFKA={shown['parts']['kafka']['bootstrap']}\n" in exported
    assert f"export OVERGROW_TARGET_DSN={shown['parts']['target']['dsn']}\n" in exported

    before = pids(Stack(stack_folder))
    again = overgrow("stack", "--dir", str(stack_folder), "up")
    assert again.returncode == 0, again.stderr
    assert pids(Stack(stack_folder)) >= {part["pid"] for part in shown["parts"].values()}

    assert overgrow("stack", "--dir", str(stack_folder), "down").returncode == 0
    assert living(before) == set()
    assert not stack_folder.exists()
    assert overgrow("stack", "--dir", str(stack_folder), "down").returncode == 0
    assert json.loads(overgrow("stack", "--dir", str(stack_folder), "status", "--json").stdout)["state"] == "down"
    assert overgrow("stack", "--dir", str(stack_folder), "env").returncode == 1


def test_stacks_live_side_by_side(stack: Stack, stack_folder: Path) -> None:
    stack.up()
    others = pids(stack)
    mine = Stack(stack_folder)
    here, there = mine.up(), stack.endpoints()
    assert {here.kafka, here.connect, here.source_dsn, here.target_dsn}.isdisjoint(
        {there.kafka, there.connect, there.source_dsn, there.target_dsn}
    )
    identity = "SELECT system_identifier FROM pg_control_system()"
    assert len({value(dsn, identity) for dsn in (here.source_dsn, here.target_dsn, there.source_dsn)}) == 3
    mine.down()
    assert living(others) >= {part.pid for part in stack.status().parts.values()}
    assert stack.status().state == "up"


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_is_dead_until_it_is_restarted(stack: Stack, part: str) -> None:
    before = stack.up()
    pid = stack.status().parts[part].pid
    stack.kill(part)
    until(lambda: stack.status().parts[part].exit_code == -signal.SIGKILL)
    assert (stack.status().state, stack.status().parts[part].state) == ("degraded", "dead")

    stack.restart(part)
    assert stack.status().state == "up"
    assert stack.status().parts[part].pid != pid
    assert stack.endpoints() == before


def test_a_restart_keeps_the_data(stack: Stack) -> None:
    where = stack.up()
    with psycopg.connect(where.target_dsn, autocommit=True) as target:
        target.execute("CREATE TABLE kept AS SELECT 7 AS n")
    stack.restart("target")
    assert value(where.target_dsn, "SELECT n FROM kept") == 7
    stack.kill("target")
    stack.up()
    assert value(where.target_dsn, "SELECT n FROM kept") == 7
    with psycopg.connect(where.target_dsn, autocommit=True) as target:
        target.execute("DROP TABLE kept")


def test_a_frozen_database_answers_no_session_until_it_goes_on(stack: Stack) -> None:
    where = stack.up()
    with psycopg.connect(where.target_dsn, autocommit=True) as session:
        stack.kill("target", signal.SIGSTOP)
        assert stack.status().parts["target"].state == "paused"
        session.pgconn.send_query(b"SELECT 1")
        session.pgconn.consume_input()
        assert session.pgconn.is_busy()
        stack.kill("target", signal.SIGCONT)
        assert session.pgconn.get_result() is not None
        while session.pgconn.get_result() is not None:
            pass
    assert stack.status().state == "up"


def test_a_part_told_to_leave_is_recorded_with_its_exit(stack: Stack) -> None:
    stack.up()
    stack.kill("target", signal.SIGINT)
    until(lambda: stack.status().parts["target"].exit_code == 0)
    assert stack.status().parts["target"].state == "dead"
    stack.up()
    assert stack.status().state == "up"


def test_what_a_killed_supervisor_left_is_ended(stack_folder: Path) -> None:
    mine = Stack(stack_folder)
    mine.up()
    first = pids(mine)
    supervisor = mine.status().supervisor
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: mine.status().supervisor is None)
    assert mine.status().state == "degraded"
    with pytest.raises(StackError, match="no supervisor; next: `overgrow stack up`"):
        mine.restart("target")

    mine.up()
    assert living(first) == set()
    assert mine.status().state == "up"

    second = pids(mine)
    supervisor = mine.status().supervisor
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    mine.down()
    assert living(second) == set()
    assert not stack_folder.exists()


def test_a_deleted_folder_takes_its_processes_with_it(stack_folder: Path) -> None:
    mine = Stack(stack_folder)
    mine.up()
    left = pids(mine)
    wanted = plan.read_plan(stack_folder)
    assert wanted is not None
    scratch = wanted.scratch
    moved = stack_folder.rename(stack_folder.with_name("elsewhere"))
    until(lambda: living(left) == set())
    until(lambda: scratch is None or not Path(scratch).exists())
    moved.rename(stack_folder)


def test_a_part_that_cannot_start_says_why_and_harms_no_other(stack_folder: Path) -> None:
    mine = Stack(stack_folder)
    mine.up()
    wanted = plan.read_plan(stack_folder)
    assert wanted is not None
    program = str(stack_folder / "no-such-program")
    broken = wanted.parts | {"target": replace(wanted.parts["target"], argv=[program])}
    plan.write(stack_folder, replace(wanted, parts=broken))
    with pytest.raises(StackError, match=r"(?s)target ended with 127.*no-such-program"):
        mine.restart("target")
    assert [name for name, part in mine.status().parts.items() if part.state == "running"] == [
        "kafka",
        "connect",
        "legacy",
    ]


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for command in (Stack(tmp_path).up, Stack(tmp_path).down):
        with pytest.raises(errors.ConfigurationError, match="holds no stack"):
            command()
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_unknown_part_is_refused(stack: Stack) -> None:
    with pytest.raises(StackError, match="the parts are kafka, connect, legacy, target"):
        stack.kill("zookeeper")
