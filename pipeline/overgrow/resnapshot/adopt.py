"""`overgrow adopt`: accept that topics or the source are not the ones the checkpoints were made for.

All differences are named at once, then one epoch begins for the whole pipeline: new checkpoints at the topics' ends,
every claim void, and a new snapshot with a sweep, because nobody knows what was lost. Blocking.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import psycopg

from overgrow import errors
from overgrow.deployment import Deployment
from overgrow.kafka import control
from overgrow.kafka.admin import Topics
from overgrow.kafka.connect import Connect
from overgrow.model import Part
from overgrow.provision import changes
from overgrow.reconcile import checkpoints
from overgrow.reconcile.checkpoints import Checkpoint
from overgrow.resnapshot.flow import Resnapshot
from overgrow.sinks.postgres import generations, install
from overgrow.sinks.postgres.generations import Swept
from overgrow.sources.postgres import Identity, connected, session


class Adoption:
    """One look at the differences, and what is done about them."""

    def __init__(self, deployment: Deployment, say: Callable[[str], None]) -> None:
        self._deployment, self._say = deployment, say
        self._topics = Topics(deployment.bootstrap)
        self._application = f"overgrow:{deployment.pipeline}:adopt"

    def differences(self) -> list[str]:
        """Everything that is not what the checkpoints were made for."""
        with session(self._deployment.target_dsn, what="target", application=self._application) as target:
            return [*self._source_differs(target), *self._topics_differ(target), *self._is_older_copy(target)]

    def run(self, *, allow: int | None) -> dict[str, Swept]:
        """Begin the epoch, then take its snapshot; returns what was swept, by target table."""
        deployment = self._deployment
        with closing(Connect(deployment.connect_url)) as connect:
            if connect.status(deployment.connector.name) is None:
                raise errors.ConfigurationError(
                    f"there is no connector {deployment.connector.name}; next: `overgrow apply --only connect`"
                )
            self._say("stopping the connector")
            connect.stop(deployment.connector.name)
        for change in changes(deployment, ("source", "topics")):
            change.make()
        resnapshot = Resnapshot(deployment, self._say, allow=allow)
        with session(deployment.target_dsn, what="target", application=self._application) as target:
            live = self._topics.describe(deployment.tables)
            source = self._identity()
            epoch = generations.new_epoch(
                target,
                deployment.tables.values(),
                {name: (one.topic_id, one.partitions) for name, one in live.items()},
                self._topics.ends(deployment.tables),
                (source.system_identifier, source.timeline),
                after=self._newest_epoch(),
            )
            resnapshot.publish(target)
        self._say(f"epoch {epoch} has begun at the topics' ends")
        return resnapshot.run()

    def _identity(self) -> Identity:
        with connected(self._deployment.source_dsn, application=self._application) as source:
            return source.identity()

    def _source_differs(self, target: psycopg.Connection[tuple[object, ...]]) -> list[str]:
        known, live = install.pipeline_source(target, self._deployment.pipeline), self._identity()
        if known is None:
            raise errors.ConfigurationError("the target knows no such pipeline; next: `overgrow apply`")
        if known == (live.system_identifier, live.timeline):
            return []
        now = f"system {live.system_identifier}, timeline {live.timeline}"
        return [f"source: system {known[0]}, timeline {known[1]} is now {now}: positions do not compare"]

    def _newest_epoch(self) -> int:
        told = control.read(self._deployment.bootstrap, self._deployment.pipeline)
        return max((one.epoch for one in told), default=0)

    def _is_older_copy(self, target: psycopg.Connection[tuple[object, ...]]) -> list[str]:
        at = max((one.epoch for one in self._checkpoints(target).values()), default=0)
        newest = self._newest_epoch()
        return (
            [f"target: it stands at epoch {at}, the control topic knows {newest}: an older copy"] if newest > at else []
        )

    def _topics_differ(self, target: psycopg.Connection[tuple[object, ...]]) -> list[str]:
        live = self._topics.describe(self._deployment.tables)
        found = []
        for topic, table in self._deployment.tables.items():
            for was, count in sorted(set(install.checkpoints(target, table.pipeline, topic).values())):
                one = live.get(topic)
                if one is None:
                    found.append(f"topic {topic} is gone: it is made anew")
                elif one.topic_id != was:
                    found.append(f"topic {topic}: id {was} is now {one.topic_id}: it was recreated")
                elif one.partitions != count:
                    found.append(f"topic {topic}: {count} partitions are now {one.partitions}: keys have moved")
        return found or [line for topic in self._deployment.tables for line in self._log_begins_behind(target, topic)]

    def _log_begins_behind(self, target: psycopg.Connection[tuple[object, ...]], topic: str) -> list[str]:
        begins = self._topics.begin_offsets(topic)
        at = {part.partition: one.next_offset for part, one in self._checkpoints(target).items() if part.topic == topic}
        return [
            f"topic {topic}[{number}] begins at {begins[number]}, behind its checkpoint {next_offset}: records are lost"
            for number, next_offset in sorted(at.items())
            if begins[number] > next_offset
        ]

    def _checkpoints(self, target: psycopg.Connection[tuple[object, ...]]) -> dict[Part, Checkpoint]:
        return checkpoints.read(target, self._deployment.pipeline)
