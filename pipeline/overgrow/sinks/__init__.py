"""Target stores. Every sink passes the same scenarios (tests/sinks)."""
