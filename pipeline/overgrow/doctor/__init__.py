"""The doctor: is everything as the project needs it, before a pipeline starts and while it runs?

`looking` sees, `judging` weighs, `examine.py` is the order.
"""

from overgrow.doctor.changes import Changes
from overgrow.doctor.examine import examine, running
from overgrow.doctor.finding import Finding

__all__ = ["Changes", "Finding", "examine", "running"]
