"""Hosts: they fetch chunks and feed the engine. No rules live here.

`faust_consumer.py` makes Faust deliver one message per fetched chunk, `faust_app.py` is the agent around
`Engine.feed`, `confluent_host.py` does without Faust, `watchdog.py` ends a worker that no longer works.
"""
