"""Hosts: they fetch chunks and feed the engine. No rules live here.

`faust_consumer.py` makes Faust deliver one message per fetched chunk, `faust_app.py` is the agent around
`Engine.feed`, `assembly.py` puts a project's parts together, `watchdog.py` ends a worker that no longer works.
"""
