"""The difference between a project and its live systems, as a list of changes that can be printed and made."""

from overgrow.provision.change import Change
from overgrow.provision.plan import changes

__all__ = ["Change", "changes"]
