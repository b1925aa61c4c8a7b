"""Public test kit: a toy topic for tests of hosts and sinks without a mapping, and a log of applied ranges.

Nothing in the product imports it.
"""
