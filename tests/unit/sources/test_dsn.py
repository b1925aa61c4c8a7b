"""A connection string that cannot be read is refused without being shown: it holds a password."""

from __future__ import annotations

import pytest

from overgrow import errors
from overgrow.sources.postgres import checked


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://app:s3cr/et@db.example:5432/shop",
        "postgresql://app:s3cr@et@db.example:5432/shop",
        "postgresql://app:s3cr%zzet@db.example/shop",
        "postgresql://app:s3cret@db.example:54x2/shop",
        "host=db password='s3cret",
        "s3cret",
    ],
)
def test_a_malformed_one_is_refused_by_key_and_kept_secret(dsn: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=r"source\.dsn is not a connection string") as refused:
        checked(dsn, "source.dsn")
    assert "s3cr" not in str(refused.value)
    assert "et@" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://app:s3%2Fcret@db.example:5432/shop?sslmode=require",
        "postgresql://app@one:5432,two:5433/shop",
        "host=/var/run/postgresql dbname=shop",
        "postgresql://app@[::1]:5432/shop",
    ],
)
def test_a_good_one_is_given_back(dsn: str) -> None:
    assert checked(dsn, "source.dsn") == dsn
