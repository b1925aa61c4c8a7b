"""Free loopback ports, outside the range from which the system takes ports for outgoing connections.

A port from inside that range could be taken by any client while its part is down; then the part could not come back.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path

from overgrow.stack.failures import StackError
from overgrow.stack.options import LOOPBACK

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
FIRST, LAST = 15_000, 32_000
TRIES = 500


def free(names: tuple[str, ...]) -> dict[str, int]:
    """One port for each name, drawn at random so that two stacks made at once do not meet."""
    last = min(LAST, int(EPHEMERAL.read_text().split()[0]) - 1) if EPHEMERAL.exists() else LAST
    candidates = random.SystemRandom().sample(range(FIRST, last), TRIES) if last - FIRST > TRIES else []
    found: dict[str, int] = {}
    for name in names:
        port = next((port for port in candidates if port not in found.values() and _is_free(port)), None)
        if port is None:
            raise StackError(f"no free loopback port between {FIRST} and {last} for {name}; see `ss -ltn`")
        found[name] = port
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
