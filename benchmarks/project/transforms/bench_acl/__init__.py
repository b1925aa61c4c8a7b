"""The benchmark's context: no translators of its own."""
