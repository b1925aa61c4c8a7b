"""Real Kafka, Connect and PostgreSQL as local processes, for the demo, tests and benchmarks. Never for production."""

from overgrow.stack.failures import MissingProgramError, StackError
from overgrow.stack.options import Endpoints, Options
from overgrow.stack.stack import Stack

__all__ = ["Endpoints", "MissingProgramError", "Options", "Stack", "StackError"]
