"""overgrow moves a live system off its legacy database while both keep running.

The main path, in reading order: `envelope` (bytes to typed rows), `mapping` (YAML to a compiled plan),
`apply` (the engine: a chunk of one partition becomes one target transaction), `sinks` (that transaction),
`workers` (the Kafka hosts that feed it).
"""

__version__ = "0.1.0"
