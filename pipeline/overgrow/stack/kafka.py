"""How the broker (KRaft, one node) and Kafka Connect are configured and started. Starts nothing itself."""

from __future__ import annotations

import base64
import os
import subprocess
import uuid
from pathlib import Path

from overgrow.stack import java
from overgrow.stack.failures import StackError
from overgrow.stack.jars import Jars
from overgrow.stack.options import LOOPBACK, Options, endpoints
from overgrow.stack.plan import Part

BROKER_MAIN, FORMAT_MAIN = "kafka.Kafka", "kafka.tools.StorageTool"
CONNECT_MAIN = "org.apache.kafka.connect.cli.ConnectDistributed"
CONNECT_SESSION_MS = 6000
MAX_MESSAGE_BYTES = 10 * 1024 * 1024


def broker_properties(data: Path, ports: dict[str, int], options: Options) -> dict[str, object]:
    """One node that is broker and controller; every internal topic has one replica."""
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{ports['controller']}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{ports['kafka']},CONTROLLER://{LOOPBACK}:{ports['controller']}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{ports['kafka']}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "auto.create.topics.enable": "false",
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": options.min_session_timeout_ms,
        "log.retention.ms": -1,
        "log.segment.bytes": 256 * 1024 * 1024,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        "message.max.bytes": MAX_MESSAGE_BYTES,
        "replica.fetch.max.bytes": MAX_MESSAGE_BYTES,
        # Without a controlled shutdown a restart waits until the old registration expires (9 s by default).
        "controlled.shutdown.enable": "true",
        "controlled.shutdown.max.retries": 1,
        "broker.session.timeout.ms": 2000,
        "broker.heartbeat.interval.ms": 500,
    }


def connect_properties(plugins: Path, ports: dict[str, int]) -> dict[str, object]:
    """A distributed worker of one. Connectors may read OVERGROW_* variables as ${env:OVERGROW_...}."""
    json_converter = "org.apache.kafka.connect.json.JsonConverter"
    return {
        "bootstrap.servers": f"{LOOPBACK}:{ports['kafka']}",
        "group.id": "connect",
        "listeners": f"http://{LOOPBACK}:{ports['connect']}",
        "rest.advertised.host.name": LOOPBACK,
        "rest.advertised.port": ports["connect"],
        "plugin.path": plugins,
        "plugin.discovery": "service_load",
        "key.converter": json_converter,
        "value.converter": json_converter,
        "key.converter.schemas.enable": "true",
        "value.converter.schemas.enable": "true",
        "config.storage.topic": "_connect_configs",
        "offset.storage.topic": "_connect_offsets",
        "status.storage.topic": "_connect_status",
        "config.storage.replication.factor": 1,
        "offset.storage.replication.factor": 1,
        "status.storage.replication.factor": 1,
        "offset.storage.partitions": 1,
        "status.storage.partitions": 1,
        "offset.flush.interval.ms": 200,
        "connector.client.config.override.policy": "All",
        "exactly.once.source.support": "disabled",
        "topic.creation.enable": "true",
        "scheduled.rebalance.max.delay.ms": 0,
        "session.timeout.ms": CONNECT_SESSION_MS,
        "heartbeat.interval.ms": 1000,
        "producer.max.request.size": MAX_MESSAGE_BYTES,
        "config.providers": "env",
        "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
        "config.providers.env.param.allowlist.pattern": "OVERGROW_.*",
    }


def write_folders(jars: Jars, folder: Path, ports: dict[str, int], options: Options) -> tuple[Path, Path]:
    """Make the broker's and Connect's folder in `folder`, each with its configuration."""
    broker, connect = folder / "kafka", folder / "connect"
    broker.mkdir()
    connect.mkdir()
    write_properties(broker / "broker.properties", broker_properties(broker / "data", ports, options))
    write_properties(connect / "connect.properties", connect_properties(jars.plugins, ports))
    return broker, connect


def write_properties(path: Path, settings: dict[str, object]) -> None:
    """Write a Java properties file; no value here needs escaping."""
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))


def format_storage(program: str, jars: Jars, folder: Path) -> None:
    """Give the broker's storage its cluster id; harmless where it has one."""
    # One id in 64 begins with "-", which the tool would take for an option.
    cluster = "A" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:].rstrip("=")
    properties = folder / "broker.properties"
    argv = [program, *java.flags(128, folder, jars.archive("kafka"))]
    argv += ["-cp", jars.class_path, FORMAT_MAIN, "format", "-t", cluster, "-c", str(properties), "--ignore-formatted"]
    done = subprocess.run(  # noqa: S603  program found by java.find
        argv,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(f"cannot format the broker's storage in {folder}: {(done.stderr or done.stdout)[-1000:]}")


def broker_part(program: str, jars: Jars, folder: Path, log: Path, options: Options) -> Part:
    """How the broker is started; its folder holds its configuration and its data."""
    flags = java.flags(options.broker_heap_mb, folder, jars.archive("kafka"), full_jit=options.full_jit)
    argv = [program, *flags, "-cp", jars.class_path, BROKER_MAIN, str(folder / "broker.properties")]
    return Part(argv=argv, cwd=str(folder), log=str(log), env=dict(os.environ))


def connect_part(program: str, jars: Jars, folder: Path, log: Path, options: Options, ports: dict[str, int]) -> Part:
    """Connect gets the stack's own OVERGROW_* variables: its provider resolves them, no secret enters the topic."""
    flags = java.flags(options.connect_heap_mb, folder, jars.archive("connect"), full_jit=options.full_jit)
    argv = [program, *flags, "-cp", jars.class_path, CONNECT_MAIN, str(folder / "connect.properties")]
    return Part(argv=argv, cwd=str(folder), log=str(log), env={**os.environ, **endpoints(ports).env()})
