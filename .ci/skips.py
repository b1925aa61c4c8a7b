# ruff: noqa: INP001 - scripts of the build, no package
"""Counts the skipped tests of a run (its JUnit file) and fails if one has no explanation.

A skip is explained when its reason starts with `explained:`. Called by `make test`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def skips(report: Path) -> list[tuple[str, str]]:
    """(test, reason) of every test that did not run."""
    tree = ET.parse(report)  # noqa: S314 - written by our own test run
    return [
        (f"{case.get('classname')}.{case.get('name')}", skipped.get("message", ""))
        for case in tree.iter("testcase")
        for skipped in case.iter("skipped")
        if skipped.get("type") == "pytest.skip"
    ]


def main(report: Path) -> int:
    """Print the count and what is unexplained; 1 if anything is."""
    found = skips(report)
    unexplained = [(test, reason) for test, reason in found if not reason.startswith("explained:")]
    sys.stdout.write(f"skipped tests: {len(found)}, unexplained: {len(unexplained)}\n")
    for test, reason in unexplained:
        sys.stdout.write(f"{test}: {reason or 'no reason'}; say why with pytest.skip('explained: ...') or run it\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
