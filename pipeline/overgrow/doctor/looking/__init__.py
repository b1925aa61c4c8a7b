"""One look at each system; nothing is changed by it, and nothing is judged."""
