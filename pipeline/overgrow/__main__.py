"""`python -m overgrow`."""

from overgrow.cli import main

main()
