"""Named stops: the situation needs a decision. Exit code 4; the worker's event `refused` carries the code."""

from __future__ import annotations

from overgrow.mapping.reference.codes.code import Code

STOPS = (
    Code("refused", "A stop without a code of its own.", "The message says what was seen and what comes next."),
    Code(
        "schema-drift",
        "The source's table, or its messages, are not what the catalogue records.",
        "Compare `schemas/source/<table>.yaml` with the table; record the change, and map or drop what is new.",
    ),
    Code(
        "identity-changed",
        "Topic, partition count or source are not those of the checkpoints; or the target is an older copy.",
        "If it is meant: `overgrow adopt --dry-run`, then `overgrow adopt`. If not, find out who did it.",
    ),
    Code("not-built-yet", "The contract knows this situation, this version does not.", "The message names the way on."),
    Code(
        "mapping-version",
        "Another version or text of the mapping is in force in the target.",
        "`overgrow plan` with the newer project; raise `version` with every change.",
    ),
    Code(
        "own-tables-version",
        "overgrow's own tables in the target have another version.",
        "Older: `overgrow apply`. Newer: run the newer overgrow.",
    ),
    Code(
        "no-checkpoint",
        "The target has no checkpoint of the partition; it is never taken as offset 0.",
        "A new target: `overgrow apply`. Else it is the wrong one or an old backup: find out.",
    ),
    Code(
        "no-generation",
        "No generation reaches back to the checkpoint: overgrow's own tables are damaged.",
        "Do not go on. `overgrow adopt`, or `overgrow apply --start-over`, once the cause is known.",
    ),
    Code(
        "offset-out-of-range",
        "The log does not hold the checkpoint any more: records were deleted before they were applied.",
        "`overgrow verify` names what is missing; `overgrow adopt` takes a new snapshot behind the gap.",
    ),
    Code(
        "truncate", "TRUNCATE at the source, and the mapping says stop.", "`on: {truncate: apply}`, a higher version."
    ),
    Code("message", "A logical message in a table's topic.", "See which connector or transform writes there."),
    Code(
        "second-snapshot",
        "A read of a snapshot that overgrow did not ask for.",
        "`overgrow resnapshot` takes one that is counted, and sweeps.",
    ),
    Code(
        "constraint",
        "The target refuses a batch again and again for a unique or foreign key.",
        "Drop the constraint; such constraints come at the end: `overgrow apply --constraints`.",
    ),
    Code(
        "control-record",
        "The control topic holds a record that is none of this version.",
        "Run the newer overgrow, or find out who writes there.",
    ),
    Code(
        "source-history",
        "The transaction topic was written by an earlier source.",
        "`overgrow books --last RECORDS`, so few that they are of this one.",
    ),
    Code("connector-failed", "A task of the connector has failed.", "Its cause is shown; mend it, `overgrow apply`."),
    Code("slot-in-use", "`--start-over`: another session reads the replication slot.", "End it, then say it again."),
    Code(
        "unstamped-rows",
        "The target table holds rows that overgrow did not write.",
        "Empty it, or give the mapping another table.",
    ),
    Code(
        "leftovers",
        "The target table holds rows of an earlier run, whose stamps would refuse new ones.",
        "`overgrow apply --start-over`",
    ),
    Code("workers-running", "`apply --constraints` while workers run.", "Stop them, then say it again."),
    Code(
        "not-drained",
        "`apply --constraints` while records wait, or the connector has not sent all.",
        "End the writes, let the workers apply the rest until `overgrow verify` says equal, stop them.",
    ),
    Code(
        "constraint-violated",
        "A constraint does not hold; the rows that break it are named. It was not left behind.",
        "Mend the rows at the source (workers on), or the constraint.",
    ),
    Code("table-in-use", "Another session holds the target table.", "End it, then say it again."),
    Code(
        "sweep-breaker",
        "A new snapshot did not show more rows than may go without a word.",
        "`overgrow verify`: are they gone at the source? Then `overgrow resnapshot --allow ROWS`.",
    ),
    Code(
        "no-snapshot",
        "The source has rows, and the new snapshot wrote none.",
        "`overgrow resnapshot --again`",
    ),
    Code(
        "unreadable-letter",
        "A dead letter of the new snapshot has a key that cannot be read: any row may be what it stands for.",
        "Settle the letter; nothing is swept before.",
    ),
)
