"""What makes the absence of a rule show: each brings one stream to misbehave and says what the checks then found.

A provocation is played twice, with one rule weakened and with none: what catches a mutant must not be the provocation
itself. An empty list is a clean end. Called by `mutations.py`.
"""

from __future__ import annotations

import json
import random
import signal
from collections import defaultdict

from confluent_kafka import Message, Producer

from legacy_shop.data import UNKNOWN
from overgrow.model import Part
from overgrow.testing import rangelog
from overgrow.testing.faults import Plant
from overgrow.testing.topics import read
from tests.faults.acts.log import send_again, topic_recreated, whole_partition
from tests.faults.judge import inspect
from tests.faults.scene import NAMES, Scene
from tests.faults.waiting import until

BATCHES = 200
STOOD_STILL = "it stands still: "  # is no proof of anything
LATE_SECONDS = 8.0  # heartbeats go on: the partitions stay where they are
MANY = "1000000"  # rows that a sweep may remove: the breaker is not what is tested here


def judged(scene: Scene) -> list[str]:
    """End the writes; what the judge finds."""
    scene.stop_writing()
    try:
        return inspect(scene.pipeline).problems + fenced(scene)
    except AssertionError as stood:
        return [ended_by(scene) or f"{STOOD_STILL}{str(stood).splitlines()[0]}"]


def ended_by(scene: Scene) -> str:
    """What the workers' own checks ended them by."""
    said = [
        event for worker in scene.pipeline.workers for name in ("crashed", "refused") for event in worker.events(name)
    ]
    found = sorted({str(event.get("error") or event.get("code")) for event in said})
    return f"ended by its own check: {'; '.join(found)}" if found else ""


def fenced(scene: Scene) -> list[str]:
    """Ranges that a worker committed although the checkpoint was claimed by another."""
    with scene.pipeline.target() as target:
        owners = {(str(Part(one.topic, one.partition)), one.start): one.owner for one in rangelog.ranges(target)}
    by_owner = defaultdict[str, dict[str, int]](dict)
    for number, worker in enumerate(scene.pipeline.workers):
        for event in worker.events("committed"):
            if owner := owners.get((event["part"], event["start"])):
                by_owner[owner][f"{number}-{worker.name}"] = event["start"]
    return [f"claim owner {owner} was used by {sorted(used)}" for owner, used in by_owner.items() if len(used) > 1]


def live(scene: Scene) -> list[str]:
    """Live writes."""
    scene.pipeline.more_commits(BATCHES)
    return judged(scene)


def again(scene: Scene) -> list[str]:
    """Every change that was applied comes again, behind newer ones."""
    scene.pipeline.more_commits(BATCHES)
    for topic in scene.pipeline.deployment.plans:
        for number in range(scene.pipeline.deployment.partitions):
            send_again(scene.pipeline, Part(topic, number))
    return judged(scene)


def killed(scene: Scene) -> list[str]:
    """Workers die with everything written and nothing committed."""
    for number in range(4):
        victim = scene.victim(random.Random(number))  # noqa: S311 - the same every time
        worker = scene.order(victim, Plant(point="before_commit", do="kill", hit=5))
        assert worker.ended() == -signal.SIGKILL, worker.tail()
        scene.start(victim)
        scene.whole()
    return judged(scene)


def zombie(scene: Scene) -> list[str]:
    """A frozen worker goes on after another has claimed its partitions, and before that has applied anything."""
    scene.workers["w2"].kill()
    first = scene.workers["w1"]
    until(lambda: scene.owners() == 1, "one worker has everything", scene.pipeline.state)
    scene.order("w1", Plant(point="after_stage", do="pause"))
    first.frozen()
    heir = scene.start("w2", Plant(point="after_claim", do="delay", seconds=6))
    until(lambda: heir.events("planted"), "the heir has claimed everything", scene.pipeline.state)
    first.signal(signal.SIGCONT)
    until(lambda: heir.events("claimed"), "the heir goes on", scene.pipeline.state)
    scene.whole()
    return judged(scene)


def letters(scene: Scene) -> list[str]:
    """A change that does not translate; then what its key was before comes again."""
    _new_customer(scene)
    with scene.pipeline.source() as source:
        source.execute("UPDATE public.cust_master SET bal_amt = 1 WHERE cust_id = -1")
        scene.pipeline.drained()
        source.execute("UPDATE public.cust_master SET stat_cd = %s WHERE cust_id = -1", [UNKNOWN])
    scene.pipeline.more_commits(BATCHES)
    for number in range(scene.pipeline.deployment.partitions):
        send_again(scene.pipeline, Part(_customers(scene), number))
    scene.stop_writing()
    scene.pipeline.drained()
    return _balance_and_letters(scene)  # the bad change itself has come again, and is set aside again


def fallback(scene: Scene) -> list[str]:
    """A change that does not translate, in one chunk with the changes of its key before it."""
    scene.stop_writing()
    _new_customer(scene)
    scene.pipeline.drained()
    _kill(scene)
    with scene.pipeline.source() as source:
        source.execute("UPDATE public.cust_master SET bal_amt = 1 WHERE cust_id = -1")
        source.execute("UPDATE public.cust_master SET stat_cd = %s WHERE cust_id = -1", [UNKNOWN])
    _sent(scene)
    _start(scene)
    scene.pipeline.drained()
    return _balance_and_letters(scene)


def again_at_once(scene: Scene) -> list[str]:
    """An old change comes again in one chunk with a newer one of its key that was never applied."""
    scene.stop_writing()
    _new_customer(scene)
    with scene.pipeline.source() as source:
        source.execute("UPDATE public.cust_master SET bal_amt = 1 WHERE cust_id = -1")
        scene.pipeline.drained()
        _kill(scene)
        source.execute("UPDATE public.cust_master SET bal_amt = 2 WHERE cust_id = -1")
    _sent(scene)
    old = [one for one in _messages(scene) if (row := read(one).after) and row["bal_amt"] == "1.00"]
    assert len(old) == 1, f"the change is there {len(old)} times"
    producer = Producer({"bootstrap.servers": scene.pipeline.kafka})
    producer.produce(old[0].topic(), value=old[0].value(), key=old[0].key(), partition=old[0].partition())
    assert producer.flush(30) == 0
    _start(scene)
    return judged(scene)


def rewound(scene: Scene) -> list[str]:
    """Every checkpoint is set back to the beginning, as a replay would: no row may go back in time on the way."""
    scene.stop_writing()
    scene.pipeline.drained()
    _kill(scene)
    with scene.pipeline.target() as target:
        target.execute(WATCH)
        target.execute("UPDATE overgrow.checkpoint SET next_offset = 0, source_position = NULL")
    _start(scene)
    scene.pipeline.drained()
    with scene.pipeline.target() as target:
        back = target.execute("SELECT count(*), min(was), min(became) FROM overgrow_test.went_back").fetchone()
    assert back is not None
    return [f"{back[0]} times a row went back in time, first from stamp {back[1]} to {back[2]}"] if back[0] else []


WATCH = """
CREATE TABLE overgrow_test.went_back (was bigint, became bigint);
CREATE FUNCTION overgrow_test.watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO overgrow_test.went_back VALUES (old._og_off, new._og_off);
    RETURN NULL;
END $$;
CREATE TRIGGER went_back AFTER UPDATE ON crm.customers
    FOR EACH ROW WHEN (new._og_off <= old._og_off) EXECUTE FUNCTION overgrow_test.watch();
"""


def in_flight(scene: Scene) -> list[str]:
    """A change is written to the log before a snapshot is read, and committed after it: it has the older position."""
    scene.stop_writing()
    with scene.pipeline.source() as source, source.transaction():
        source.execute("UPDATE public.cust_master SET city = 'in flight' WHERE cust_id % 7 = 0")
        scene.pipeline.command("resnapshot", "--yes", "--allow", MANY)
    return judged(scene)


def generation(scene: Scene) -> list[str]:
    """A new snapshot under live writes, and the sweep behind it."""
    swept = scene.pipeline.run("resnapshot", "--yes", "--allow", MANY)
    if swept.returncode:
        return [f"resnapshot ended with {swept.returncode}: {swept.stderr.splitlines()[-1]}"]
    scene.pipeline.more_commits()
    return judged(scene)


def old_behind_reads(scene: Scene) -> list[str]:
    """A new snapshot; then changes from before it come again."""
    scene.pipeline.more_commits(BATCHES)
    scene.stop_writing()
    scene.pipeline.command("resnapshot", "--yes", "--allow", MANY)
    scene.pipeline.drained()
    for number in range(scene.pipeline.deployment.partitions):
        send_again(scene.pipeline, Part(_customers(scene), number))
    return judged(scene)


def adopted(scene: Scene) -> list[str]:
    """A topic is made anew and adopted: its offsets begin again at 0."""
    scene.stop_writing()
    scene.pipeline.drained()
    topic_recreated(scene)
    scene.workers.pop("late")  # it was refused
    with scene.pipeline.source() as source:
        source.execute("UPDATE public.cust_master SET bal_amt = bal_amt + 1")
    adopting = scene.pipeline.begin("adopt", "--yes", "--allow", MANY)
    until(lambda: "takes a snapshot" in adopting.told(), "the epoch has begun", adopting.told)
    _start(scene)
    code = adopting.ended()
    verified = scene.pipeline.run("verify")
    return [] if (code, verified.returncode) == (0, 0) else [adopting.told()[-200:], verified.stdout[-200:]]


def truncated(scene: Scene) -> list[str]:
    """A worker is late while a table changes, is truncated and fills again: its partitions come after the truncate."""
    scene.stop_writing()
    scene.pipeline.drained()
    mapping = scene.pipeline.folder / "transforms" / "shop_acl" / "order_lines.yaml"
    mapping.write_text(
        mapping.read_text().replace("truncate: stop", "truncate: apply").replace("version: 1", "version: 2")
    )
    _kill(scene)
    scene.pipeline.reload()
    scene.pipeline.command("apply")
    _start(scene)
    for name in NAMES:  # one of them does not have the partition that the truncate comes in
        scene.order(name, Plant(point="after_fetch", do="delay", seconds=LATE_SECONDS))
        with scene.pipeline.source() as source:
            source.execute("UPDATE public.ord_line SET qty = qty + 1")
            source.execute("CREATE TEMP TABLE kept AS TABLE public.ord_line")
            source.execute("TRUNCATE public.ord_line")
            source.execute("INSERT INTO public.ord_line SELECT * FROM kept WHERE line_no % 2 = 0")
        if found := judged(scene):  # a truncate more would remove what shows it
            return found
    return []


def collided(scene: Scene) -> list[str]:
    """A product whose article number differs in its case alone from one that is there."""
    scene.stop_writing()
    with scene.pipeline.source() as source:
        for sku, title in (("x-1", "first"), ("X-1", "second")):
            source.execute(
                "INSERT INTO public.prod_master"
                " SELECT (jsonb_populate_record(p, %s)).* FROM public.prod_master p LIMIT 1",
                [json.dumps({"sku": sku, "prod_nm": title, "del_flag": "N"})],
            )
            scene.pipeline.drained()
    with scene.pipeline.target() as target:
        rows = target.execute("SELECT title FROM crm.products WHERE sku = 'X-1'").fetchall()
        letters = target.execute("SELECT source_key, kind, state FROM overgrow.dead_letter").fetchall()
    if (rows, letters) == ([("first",)], [('["X-1"]', "key-collision", "open")]):
        return []
    return [f"two source keys on one target key left {rows}, letters {letters}"]


def newer_mapping(scene: Scene) -> list[str]:
    """A newer text of a mapping comes into force; a worker with the older one is started."""
    scene.stop_writing()
    scene.pipeline.drained()
    _kill(scene)
    mapping = scene.pipeline.folder / "transforms" / "shop_acl" / "customers.yaml"
    old = mapping.read_text()
    mapping.write_text(old.replace("version: 1", "version: 2").replace("const: retail", "const: newer"))
    scene.pipeline.command("apply")
    mapping.write_text(old)
    late = scene.start("w1")
    until(lambda: late.code is not None or late.events("claimed"), "it refuses or claims", scene.pipeline.state)
    return [] if late.code == REFUSED else ["a worker with an older mapping was not refused"]


REFUSED = 4


def _customers(scene: Scene) -> str:
    return f"{scene.pipeline.name}.public.cust_master"


def _new_customer(scene: Scene) -> None:
    """Customer -1, valid."""
    with scene.pipeline.source() as source:
        source.execute(
            'INSERT INTO public.cust_master SELECT (jsonb_populate_record(c, \'{"cust_id": -1, "stat_cd": "A"}\')).*'
            " FROM public.cust_master c LIMIT 1"
        )


def _balance_and_letters(scene: Scene) -> list[str]:
    """Customer -1: the newest valid change stands, the bad one waits."""
    with scene.pipeline.target() as target:
        states = target.execute("SELECT state FROM overgrow.dead_letter WHERE source_key = '[-1]'").fetchall()
        row = target.execute("SELECT balance_cents FROM crm.customers WHERE customer_id = -1").fetchall()
    if set(states) == {("open",)} and row == [(100,)]:
        return []
    return [f"the letters of [-1] are {states} instead of open, its row has {row} instead of 100 cents"]


def _messages(scene: Scene) -> list[Message]:
    """Everything that tells of customer -1."""
    parts = [Part(_customers(scene), number) for number in range(scene.pipeline.deployment.partitions)]
    return [one for part in parts for one in whole_partition(scene.pipeline, part) if read(one).key == {"cust_id": -1}]


def _kill(scene: Scene) -> None:
    for name in NAMES:
        scene.workers[name].kill()


def _start(scene: Scene) -> None:
    for name in NAMES:
        scene.start(name)
    scene.whole()


def _sent(scene: Scene) -> None:
    """Wait until the topics hold everything that the source shows."""
    with scene.pipeline.source() as source:
        row = source.execute("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint").fetchone()
        source.execute("SELECT pg_logical_emit_message(false, 'faults', '')")
    assert row is not None
    until(lambda: scene.pipeline.sent() >= row[0], f"Connect commits position {row[0]}", scene.pipeline.state)


def recreated(scene: Scene) -> list[str]:
    """The topic is deleted and made anew."""
    scene.stop_writing()
    scene.pipeline.drained()
    try:
        topic_recreated(scene)
    except AssertionError as error:
        return [f"not refused: {str(error).splitlines()[0]}"]
    return []
