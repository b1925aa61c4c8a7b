"""Facts in, findings out. Pure: each finding has a test of its own."""
