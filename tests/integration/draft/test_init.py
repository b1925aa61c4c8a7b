"""`overgrow init` against random legacy databases: the draft runs to `verify` = equal, only what it asks answered."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from overgrow.stack import Endpoints
from tests.integration.draft.run import Run

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_database_is_drafted_applied_and_equal(seed: int, endpoints: Endpoints, tmp_path: Path) -> None:
    found = Run(endpoints, tmp_path / "project", f"draft_{uuid.uuid4().hex[:8]}", seed).run()
    assert (found.failed, found.told) == ("", "")
    assert found.tables
    assert found.refused >= 5
