"""The reconciler: does the target hold what the mapping gives for the source, and how is that known?

`drain.py` waits, `compare.py` finds, `judge.py` names, `verify.py` is the order. `status.py` only looks.
"""

from overgrow.reconcile.drain import StandsStill
from overgrow.reconcile.verdict import KINDS, Comparison, Difference, Report
from overgrow.reconcile.verify import Settings, Verify

__all__ = ["KINDS", "Comparison", "Difference", "Report", "Settings", "StandsStill", "Verify"]
