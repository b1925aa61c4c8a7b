"""Every code that overgrow prints, with its cause and what to do; a test holds the list equal to the source.

Guarantees: a code has one entry in the table of who prints it. Codes are stable: scripts may rely on them, messages may
change. Called by the page of codes.
"""

from overgrow.mapping.reference.codes.code import Code
from overgrow.mapping.reference.codes.doctor import DOCTOR
from overgrow.mapping.reference.codes.examples import EXAMPLES
from overgrow.mapping.reference.codes.letters import LETTERS
from overgrow.mapping.reference.codes.project import PROJECT
from overgrow.mapping.reference.codes.stops import STOPS

__all__ = ["DOCTOR", "EXAMPLES", "LETTERS", "PROJECT", "STOPS", "Code"]
