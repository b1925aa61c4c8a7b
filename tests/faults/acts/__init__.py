"""How each class of fault is done. An act plants it, waits until the pipeline works again, and says how long that took.

An act's answer are the seconds from the moment in which the other side is whole again (or, where a worker died or
froze, from that moment on) until every partition has moved; it raises when that does not come.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from tests.faults.acts import log, members, network, points, systems, target
from tests.faults.matrix import Fault
from tests.faults.scene import Scene

Act = Callable[[Scene, Fault, random.Random], float]
ACTS: Mapping[str, Act] = {**points.ACTS, **members.ACTS, **systems.ACTS, **network.ACTS, **target.ACTS, **log.ACTS}
