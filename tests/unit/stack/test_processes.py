from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from overgrow.stack import plan, ports, processes
from overgrow.stack.options import Options, endpoints

STUBBORN = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A child that ignores SIGTERM and works in the test's folder."""
    child = subprocess.Popen([sys.executable, "-c", STUBBORN], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        yield child
        child.kill()


def test_a_process_is_known_by_its_start_not_by_its_pid(stubborn: subprocess.Popen[str]) -> None:
    who = processes.identify(stubborn.pid)
    assert who is not None
    assert processes.alive(who)
    earlier = processes.Identity(pid=who.pid, started="0")
    assert not processes.alive(earlier)
    assert not processes.send(earlier, signal.SIGKILL)
    assert stubborn.poll() is None


def test_end_asks_then_kills_and_a_zombie_counts_as_ended(stubborn: subprocess.Popen[str]) -> None:
    who = processes.identify(stubborn.pid)
    assert who is not None
    assert processes.end([who], signal.SIGTERM, grace_seconds=0.2) == []
    assert processes.identify(stubborn.pid) is None
    assert stubborn.wait() == -signal.SIGKILL


def test_a_frozen_process_is_alive_and_ends_when_asked(stubborn: subprocess.Popen[str]) -> None:
    who = processes.identify(stubborn.pid)
    assert who is not None
    processes.send(who, signal.SIGSTOP)
    limit = time.monotonic() + 10
    while not processes.stopped(who):
        assert time.monotonic() < limit
    assert processes.alive(who)
    assert processes.end([who], signal.SIGINT, grace_seconds=10) == []


def test_processes_are_found_by_their_folder(stubborn: subprocess.Popen[str], tmp_path: Path) -> None:
    assert [who.pid for who in processes.in_folder(tmp_path)] == [stubborn.pid]
    assert processes.in_folder(tmp_path / "elsewhere") == []


def test_ports_are_distinct_and_not_in_use() -> None:
    taken = ports.free(("a", "b", "c"))
    assert len(set(taken.values())) == 3
    assert all(ports.FIRST <= port < ports.LAST for port in taken.values())


def test_plan_and_state_survive_the_file_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    assert plan.read_plan(tmp_path) is None
    part = plan.Part(argv=["x"], cwd="/", log="/log", env={"SECRET": "s"}, user="nobody", round=3)
    wanted = plan.Plan(options=Options(fsync=False), ports={"kafka": 1}, postgres_bin="/bin", parts={"kafka": part})
    who = processes.Identity(pid=1, started="2")
    state = plan.State(supervisor=who, parts={"kafka": plan.Run(process=who, round=3, exit_code=-9)})
    plan.write(tmp_path, wanted)
    plan.write(tmp_path, state)
    assert (plan.read_plan(tmp_path), plan.read_state(tmp_path)) == (wanted, state)
    assert {entry.name: entry.stat().st_mode & 0o777 for entry in tmp_path.iterdir()} == {
        plan.PLAN: 0o600,
        plan.STATE: 0o600,
    }


def test_the_environment_names_what_connectors_refer_to() -> None:
    env = endpoints({"kafka": 1, "connect": 2, "legacy": 3, "target": 4}).env()
    assert env["OVERGROW_KAFKA"] == "127.0.0.1:1"
    assert env["OVERGROW_CONNECT"] == "http://127.0.0.1:2"
    assert env["OVERGROW_SOURCE_DSN"].endswith("@127.0.0.1:3/legacy")
    assert env["OVERGROW_TARGET_DSN"].endswith("@127.0.0.1:4/target")
    assert (env["OVERGROW_SOURCE_HOST"], env["OVERGROW_SOURCE_PORT"]) == ("127.0.0.1", "3")
