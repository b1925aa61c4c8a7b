"""The winners of a chunk for one target: COPY lines, in steps in the order of their layers. Pure; the hot path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from overgrow import errors
from overgrow.apply.batch import Row, Step
from overgrow.apply.ports import Codec
from overgrow.model import LetterKind


class Slot:
    """The current candidate of one key. Mutable, one per key and batch."""

    __slots__ = ("absent", "event", "floor", "index", "key", "layer", "struct")

    def __init__(self, key: str, struct: Any, event: Any, index: int, floor: int | None, layer: int) -> None:  # noqa: ANN401
        self.key = key
        self.struct = struct  # the key struct: deletes know their row by it
        self.event = event
        self.index = index
        self.floor = floor
        self.layer = layer
        self.absent: frozenset[str] | None = None


def translated(
    codec: Codec, slots: Iterable[Slot], offsets: Sequence[int], target: int, poison: dict[int, Any]
) -> list[Step]:
    """The winners' steps for one target; what does not translate is noted in `poison`."""
    layers: dict[int, dict[str, list[Row]]] = {}
    patches: dict[int, dict[tuple[str, ...], list[Row]]] = {}
    line_of = codec.line
    for slot in slots:
        after, index = slot.event.after, slot.index
        kind = "upsert"
        line: str | None
        try:
            if after is None:
                kind, line = "delete", codec.target_key(slot.struct)
            elif slot.absent:
                line = codec.partial_line(after, slot.absent)
            else:
                line = line_of(after)
            if line is None:
                kind, line = "filter", codec.target_key(slot.struct)
        except Exception as error:  # noqa: BLE001 - generated code raises whatever the value provokes; explain names it
            poison[offsets[index]] = explained(_cause(codec, after, error), slot.key)
            continue
        xid = None if slot.event.op == "r" else slot.event.source.txId
        row = (slot.key, offsets[index], slot.floor, xid, index, line)
        if slot.absent and kind == "upsert":
            by_columns = patches.setdefault(slot.layer, {})
            by_columns.setdefault(codec.present(slot.absent), []).append(row)
        else:
            by_kind = layers.get(slot.layer)
            if by_kind is None:
                by_kind = layers[slot.layer] = {"delete": [], "filter": [], "upsert": []}
            by_kind[kind].append(row)
    return _ordered(layers, patches, target)


def _ordered(
    layers: dict[int, dict[str, list[Row]]], patches: dict[int, dict[tuple[str, ...], list[Row]]], target: int
) -> list[Step]:
    """Layer by layer: deletes, what left the filter, whole rows, patches."""
    steps = []
    for layer in sorted({*layers, *patches}):
        for kind, rows in layers.get(layer, {}).items():
            if rows:
                steps.append(Step(kind=kind, rows=rows, target=target))  # type: ignore[arg-type]
        for columns, rows in patches.get(layer, {}).items():
            steps.append(Step(kind="patch", rows=rows, columns=columns, target=target))
    return steps


def _cause(codec: Codec, after: Any, error: Exception) -> errors.TranslationError:  # noqa: ANN401 - a row struct
    if after is None:  # only a key to translate
        return errors.TranslationError("the target key", "the source key", str(error))
    return codec.explain(after)


def explained(error: errors.TranslationError, key: str) -> tuple[LetterKind, str, str | None, str]:
    """A poison entry of a winner: kind, cause, field, and the key whose older events are now translated one by one."""
    return "translate", f"{error.column}: {error.cause}", error.field, key
