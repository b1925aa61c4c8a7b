"""Public test kit: a toy topic for tests of hosts and sinks without a mapping, an independent fold of real topics, a
log of applied ranges.

In the product only the demo imports it, to prove its own outcome; nothing on an event's way does.
"""
