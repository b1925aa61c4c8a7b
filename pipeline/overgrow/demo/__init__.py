"""The whole story on a local stack, measured: `story.py` is the order of events, the rest are its parts.

Nothing here names a table: what is special to a project comes from `demo:` in its overgrow.yaml.
"""
