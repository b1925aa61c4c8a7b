"""The PostgreSQL target: one batch is one transaction under the checkpoint's row lock.

`sink.py` is the order of statements, `write.sql` the statements, `own/` overgrow's own tables, version by version.
"""

from overgrow.sinks.postgres.sink import PostgresSink
from overgrow.sinks.postgres.table import Table

__all__ = ["PostgresSink", "Table"]
