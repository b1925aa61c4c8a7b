"""Plain random mutation of texts and bytes; the same dice give the same result."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.fuzz.dictionary import BYTES, CHAINS, LINE, PLAIN, TOKEN, TOKENS, WORD

_MOST = 400_000  # characters that a mutation may add
_MANY = 20_000  # lines
_DO = re.compile(r"do: (.*)\}$", re.MULTILINE)
_WILD_SHARE = 0.4  # the rest stays YAML more often than not, so that the compiler sees it


def text(dice: random.Random, original: str, others: list[str], *, at_least: int = 1) -> str:
    """The text after a few mutations; `others`: documents it may take pieces from."""
    changed = original
    kinds = _WILD if dice.random() < _WILD_SHARE else _GENTLE
    for _ in range(at_least + min(int(dice.expovariate(0.7)), 12)):
        changed = dice.choice(kinds)(dice, changed, others)
    return changed


def raw(dice: random.Random, original: bytes) -> bytes:
    """The bytes after one to four mutations, most of them behind the schema."""
    changed = bytearray(original)
    for _ in range(dice.randint(1, 4)):
        low = changed.rfind(b'"payload":') if dice.random() < 0.8 else 0
        at = dice.randint(max(low, 0), len(changed))
        match dice.randrange(7):
            case 0 if at < len(changed):
                changed[at] ^= 1 << dice.randrange(8)
            case 1:
                del changed[at : at + dice.randint(1, 9)]
            case 2:
                del changed[at:]
            case 3:
                changed[at:at] = changed[at : at + dice.randint(1, 60)]
            case 4:
                changed[at : at + dice.randint(0, 3)] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 3)))
            case _:
                changed[at : at + dice.randint(0, 6)] = dice.choice(BYTES)
    return bytes(changed)


def _tokens(dice: random.Random, changed: str) -> tuple[list[str], int]:
    tokens = TOKEN.findall(changed) or [""]
    return tokens, dice.randrange(len(tokens))


def _replace_word(dice: random.Random, changed: str, _: list[str]) -> str:
    found = list(WORD.finditer(changed))
    if not found:
        return changed
    one = dice.choice(found)
    return changed[: one.start()] + dice.choice(PLAIN) + changed[one.end() :]


def _swap_words(dice: random.Random, changed: str, _: list[str]) -> str:
    found = list(WORD.finditer(changed))
    if len(found) < 2:
        return changed
    one, two = sorted(dice.sample(found, 2), key=lambda match: match.start())
    pieces = changed[: one.start()], two.group(), changed[one.end() : two.start()], one.group(), changed[two.end() :]
    return "".join(pieces)


def _other_steps(dice: random.Random, changed: str, _: list[str]) -> str:
    found = list(_DO.finditer(changed))
    if not found:
        return changed
    one, steps = dice.choice(found), dice.choices(CHAINS, k=dice.randint(1, 3))
    chosen = (
        steps[0] if len(steps) == 1 else f"[{', '.join(step.removeprefix('[').removesuffix(']') for step in steps)}]"
    )
    return changed[: one.start(1)] + chosen + changed[one.end(1) :]


def _replace_token(dice: random.Random, changed: str, _: list[str]) -> str:
    tokens, at = _tokens(dice, changed)
    tokens[at] = dice.choice(TOKENS)
    return "".join(tokens)


def _insert_token(dice: random.Random, changed: str, _: list[str]) -> str:
    tokens, at = _tokens(dice, changed)
    tokens.insert(at, dice.choice(TOKENS))
    return "".join(tokens)


def _swap_tokens(dice: random.Random, changed: str, _: list[str]) -> str:
    tokens, at = _tokens(dice, changed)
    other = dice.randrange(len(tokens))
    tokens[at], tokens[other] = tokens[other], tokens[at]
    return "".join(tokens)


def _nest_token(dice: random.Random, changed: str, _: list[str]) -> str:
    tokens, at = _tokens(dice, changed)
    opening, closing = dice.choice([("[", "]"), ("{a: ", "}"), ("(", ")"), ("- ", ""), ('{"a":', "}"), ("not ", "")])
    depth = dice.choice([1, 3, 25, 400, 30_000])
    tokens[at] = opening * depth + tokens[at] + closing * depth
    return "".join(tokens)


def _change_character(dice: random.Random, changed: str, _: list[str]) -> str:
    at = dice.randint(0, len(changed))
    new = chr(dice.choice([dice.randrange(32, 127), dice.randrange(0x300), dice.randrange(0xD7FF)]))
    return changed[:at] + dice.choice(["", new, new]) + changed[at + dice.randint(0, 2) :]


def _lines(dice: random.Random, changed: str, others: list[str]) -> str:
    lines = LINE.findall(changed) or [""]
    at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    match dice.randrange(7):
        case 0:
            del lines[at]
        case 1:
            lines.insert(other, lines[at])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = " " * dice.randint(1, 4) + lines[at]
        case 4:
            lines[at] = lines[at].lstrip(" ")
        case 5:
            lines[at:other] = []
        case _:
            lines.insert(at, dice.choice(LINE.findall(dice.choice(others)) or [""]))
    return "".join(lines)


def _huge(dice: random.Random, changed: str, _: list[str]) -> str:
    if dice.random() < 0.9:
        return changed  # a rare one: it costs as much as a hundred others
    tokens, at = _tokens(dice, changed)
    if dice.random() < 0.5:
        tokens[at] = dice.choice([*"9xa [{(-", "\u0301", "a.b", "%s,"]) * dice.choice([5000, 5000, 60_000, _MOST])
        return "".join(tokens)
    lines = LINE.findall(changed) or [""]
    chosen, many = dice.randrange(len(lines)), dice.choice([dice.randint(2, 2000), dice.randint(2, 2000), _MANY])
    name, colon, rest = lines[chosen].partition(":")
    copies = [f"{name}{n}{colon}{rest}" for n in range(many)] if dice.random() < 0.5 else [lines[chosen]] * many
    if len(lines[chosen]) * many < _MOST:
        lines[chosen:chosen] = copies
    return "".join(lines)


def _truncate(dice: random.Random, changed: str, _: list[str]) -> str:
    return changed[: dice.randint(0, len(changed))] if dice.random() < 0.2 else changed


_Mutation = Callable[[random.Random, str, list[str]], str]
_WILD: list[_Mutation] = [
    *[_replace_token] * 6,
    *[_insert_token] * 2,
    *[_swap_tokens] * 3,
    *[_lines] * 4,
    *[_change_character] * 2,
    _nest_token,
    _huge,
    _truncate,
]
_GENTLE: list[_Mutation] = [*[_replace_word] * 4, *[_swap_words] * 3, *[_other_steps] * 5, *[_lines] * 2, _insert_token]
