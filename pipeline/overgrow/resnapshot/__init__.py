"""A new snapshot of a running pipeline, counted as a generation of its own, and what it did not show swept away."""

from overgrow.resnapshot.adopt import Adoption
from overgrow.resnapshot.flow import Resnapshot

__all__ = ["Adoption", "Resnapshot"]
