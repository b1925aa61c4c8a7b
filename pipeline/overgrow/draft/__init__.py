"""`overgrow init`: a live legacy PostgreSQL to the draft of a project.

Reading order: `looking` (what is there), `choosing` (what comes along), `sampling` and `profile` (what is in it),
`structure` and `suspicions` (what to ask), `pages` (the files), `draft` (all of it), `placing` (onto the disk).
Called by the command line only.
"""

from overgrow.draft.draft import ALWAYS, Draft, Sample, check_context, chosen, draft
from overgrow.draft.looking import look, reading
from overgrow.draft.placing import prove, refuse_existing, write
from overgrow.draft.profile import Profile
from overgrow.draft.sampling import profiles

__all__ = [
    "ALWAYS",
    "Draft",
    "Profile",
    "Sample",
    "check_context",
    "chosen",
    "draft",
    "look",
    "profiles",
    "prove",
    "reading",
    "refuse_existing",
    "write",
]
