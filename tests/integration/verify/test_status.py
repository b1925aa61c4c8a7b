"""`overgrow status` on the real stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from overgrow.reconcile import StandsStill
from tests.integration.verify.pipeline import Pipeline

pytestmark = pytest.mark.stack


def partitions(document: dict[str, Any], mapping: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = next(one for one in document["mappings"] if one["mapping"] == mapping)["partitions"]
    return found


def test_a_drained_pipeline_has_no_lag_and_balanced_books(pipeline: Pipeline) -> None:
    assert pipeline.verify().differences == ()
    done = pipeline.run("status", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    for mapping in ("customers", "order_lines"):
        for one in partitions(document, mapping):
            assert (one["behind"], one["lag_seconds"], one["balanced"]) == (0, 0, True)
            assert one["end"] == one["next_offset"] == one["received"]
            assert one["owner"]
    assert document["connector"]["tasks"] == [{"id": 0, "state": "RUNNING"}]
    assert (document["slot"]["active"], document["slot"]["wal_status"]) == (True, "reserved")
    assert document["problems"] == {}


def test_a_partition_that_waits_shows_how_far_and_how_long(pipeline: Pipeline) -> None:
    assert pipeline.verify().differences == ()
    with pipeline.frozen_worker():
        pipeline.source("UPDATE public.ord_line SET qty = qty + 1 WHERE (ord_no, line_no) = ('W1', 1)")
        with pytest.raises(StandsStill):
            pipeline.verify(patience=1.0)
        document = json.loads(pipeline.run("status", "--json").stdout)
    waiting = [one for one in partitions(document, "order_lines") if one["behind"]]
    assert [one["behind"] for one in waiting] == [1]
    assert waiting[0]["lag_seconds"] == waiting[0]["idle_seconds"] > 0
    assert all(one["behind"] == 0 for one in partitions(document, "customers"))
    assert pipeline.verify().differences == ()


def test_letters_that_the_dlq_topic_does_not_have_are_counted(pipeline: Pipeline) -> None:
    """Made by hand while the worker, and its relay with it, stands still."""
    with pipeline.frozen_worker():
        pipeline.target(
            'INSERT INTO overgrow.dead_letter (pipeline, mapping, topic, partition, epoch, "offset", _og_off, kind,'
            " cause, state, mapping_version) SELECT pipeline, 'countries', topic, 0, 1, 9, 9, 'data', '', 'open', 1"
            " FROM overgrow.checkpoint LIMIT 1"
        )
        document = json.loads(pipeline.run("status", "--json").stdout)
        shown = pipeline.run("status").stdout
        pipeline.target("DELETE FROM overgrow.dead_letter WHERE mapping = 'countries'")
    (countries,) = (one for one in document["mappings"] if one["mapping"] == "countries")
    assert (countries["open_letters"], countries["unrelayed_letters"]) == ({"data": 1}, 1)
    assert "open letters countries: 1 data (1 letters not relayed yet)" in shown


def test_what_does_not_answer_is_named_and_the_rest_is_shown(pipeline: Pipeline) -> None:
    nowhere = {
        "OVERGROW_CONNECT": "http://127.0.0.1:1",
        "OVERGROW_SOURCE_DSN": "postgresql://someone:hush-hush@127.0.0.1:1/shop",
    }
    done = pipeline.run("status", **nowhere)
    assert done.returncode == 5
    assert "customers" in done.stdout
    assert "balanced" in done.stdout
    assert "overgrow: source: the source database at 127.0.0.1:1/shop does not answer" in done.stderr
    assert "overgrow: connect: " in done.stderr
    assert "hush-hush" not in done.stdout + done.stderr
