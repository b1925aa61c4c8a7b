"""All differences, in the order in which they must be made: source, topics, target, connector.

The connector comes last: when its first record arrives, the checkpoint already names the topic by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from overgrow.deployment import Deployment
from overgrow.provision import connector, source, target, topics
from overgrow.provision.change import Change, System

_STAGES = (
    ("source", source.changes),
    ("topics", topics.changes),
    ("target", target.changes),
    ("connect", connector.changes),
)


def changes(deployment: Deployment, only: Iterable[System] = ()) -> Iterator[Change]:
    """Yield what is missing, one at a time: a change may look at what the one before it made.

    Raises Refused where a live system contradicts the project: nothing is dropped, retyped or taken over.
    """
    chosen = set(only)
    for name, stage in _STAGES:
        if not chosen or name in chosen:
            yield from stage(deployment)
