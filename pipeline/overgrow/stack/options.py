"""What a user may choose about a local stack. Fixed when a stack is made; kept in its plan."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
PARTS = ("kafka", "connect", "legacy", "target")
DATABASES = ("legacy", "target")  # each is a part, a PostgreSQL server and the database in it
USER = "postgres"
# Loopback servers trust every local user; the word is there so that the path of a secret is the one of production.
PASSWORD = "postgres"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Memory bounds, durability of the databases, Kafka's lower bound for session timeouts.

    Without `full_jit` the JVMs use their fast compiler only: half the CPU to start, less throughput when warm.
    """

    fsync: bool = True
    broker_heap_mb: int = 512
    connect_heap_mb: int = 768
    min_session_timeout_ms: int = 6000
    full_jit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a stack answers. `env()` is the same as variables, for shells and for the connector's configuration."""

    kafka: str
    connect: str
    source_dsn: str
    target_dsn: str
    source_port: int
    source_host: str = LOOPBACK
    source_user: str = USER
    source_password: str = PASSWORD
    source_dbname: str = "legacy"

    def env(self) -> dict[str, str]:
        """The variables that overgrow.yaml and connectors/*.json may name."""
        return {
            "OVERGROW_KAFKA": self.kafka,
            "OVERGROW_CONNECT": self.connect,
            "OVERGROW_SOURCE_DSN": self.source_dsn,
            "OVERGROW_TARGET_DSN": self.target_dsn,
            "OVERGROW_SOURCE_HOST": self.source_host,
            "OVERGROW_SOURCE_PORT": str(self.source_port),
            "OVERGROW_SOURCE_USER": self.source_user,
            "OVERGROW_SOURCE_PASSWORD": self.source_password,
            "OVERGROW_SOURCE_DBNAME": self.source_dbname,
        }


def endpoints(ports: dict[str, int]) -> Endpoints:
    """The addresses of the parts that listen on these ports."""

    def dsn(name: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@{LOOPBACK}:{ports[name]}/{name}"

    return Endpoints(
        kafka=f"{LOOPBACK}:{ports['kafka']}",
        connect=f"http://{LOOPBACK}:{ports['connect']}",
        source_dsn=dsn("legacy"),
        target_dsn=dsn("target"),
        source_port=ports["legacy"],
    )
