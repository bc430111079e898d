# SPDX-License-Identifier: Apache-2.0
"""A round of a timeline, drawn in a terminal: rate, delay and loss over time, and where it is."""

from __future__ import annotations

import bisect
from typing import Any, Iterator, List, Mapping, Optional, Sequence

from networking_netem.client import duration

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#@"
"""Marks from nothing to the most."""

QUANTITIES = (
    ("max_kbps", "rate", "kbit/s"),
    ("delay_ms", "delay", "ms"),
    ("delay_correlation_ms", "jitter", "ms"),
    ("loss_pct", "loss", "%"),
    ("duplicate_pct", "copies", "%"),
    ("corrupt_pct", "corrupt", "%"),
    ("reorder_pct", "reorder", "%"),
)
"""What is drawn: attribute, word, unit."""

Step = Mapping[str, Any]


def plot(
    steps: Sequence[Step],
    length_ms: int,
    at_ms: Optional[float] = None,
    width: int = 60,
    is_ascii: bool = False,
) -> str:
    """Return a line for each quantity that a step names, an axis, and a mark at ``at_ms``.

    A column shows, of the values within it, that which is furthest from the one before, so that no
    short outage is missed. Where a step does not name a quantity, a dot stands for what the other
    rules say.
    """
    width = max(width, 10)
    lines = []
    for name, word, unit in QUANTITIES:
        if any(name in step for step in steps):
            columns = list(_columns(steps, name, length_ms, width))
            known = [step[name] for step in steps if name in step]
            lines.append(_line(columns, known, word, unit, is_ascii))

    lines.append(_axis(length_ms, width, is_ascii))
    if at_ms is not None:
        column = min(width - 1, int(at_ms * width / length_ms))
        lines.append(f"{'now':>8} {' ' * column}^")
    return "\n".join(lines)


def can_show(encoding: Optional[str]) -> bool:
    """Return whether a terminal of that encoding has the blocks."""
    try:
        (BLOCKS + "·└─┘").encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _line(
    columns: List[Optional[float]], known: List[float], word: str, unit: str, is_ascii: bool
) -> str:
    marks = ASCII if is_ascii else BLOCKS
    most, least = max(known), min(known)
    drawn = "".join(_mark(value, most, marks, is_ascii) for value in columns)
    span = f"{most:g} {unit}" if most == least else f"{least:g} to {most:g} {unit}"
    return f"{word:>8} {drawn} {span}"


def _mark(value: Optional[float], most: float, marks: str, is_ascii: bool) -> str:
    if value is None:
        return "_" if is_ascii else "·"
    if not value:
        return marks[0]
    return marks[max(1, round(value / most * (len(marks) - 1)))]


def _columns(
    steps: Sequence[Step], name: str, length_ms: int, width: int
) -> Iterator[Optional[float]]:
    """The value that stands for each column; None where no step says one."""
    offsets = [step["at_ms"] for step in steps]
    before = _at(steps, name, -1, offsets[-1], length_ms)
    for column in range(width):
        begin_ms, end_ms = column * length_ms / width, (column + 1) * length_ms / width
        first, last = bisect.bisect_right(offsets, begin_ms), bisect.bisect_left(offsets, end_ms)
        values = [_at(steps, name, first - 1, begin_ms, length_ms)]
        values += (_at(steps, name, each, offsets[each], length_ms) for each in range(first, last))
        yield _furthest(before, values)
        before = values[-1]


def _at(
    steps: Sequence[Step], name: str, index: int, at_ms: float, length_ms: int
) -> Optional[float]:
    step = steps[index]
    value: Optional[float] = step.get(name)
    after = steps[(index + 1) % len(steps)]
    if value is None or not step.get("ramp") or after.get(name) is None:
        return value
    end_ms = after["at_ms"] or length_ms
    share = (at_ms - step["at_ms"]) / (end_ms - step["at_ms"])
    return value + (after[name] - value) * share


def _furthest(before: Optional[float], values: List[Optional[float]]) -> Optional[float]:
    """The value that differs most from the one before; one that is not said differs least."""
    said = [value for value in values if value is not None]
    if not said:
        return None
    return max(said, key=lambda value: abs(value - (before or 0)))


def _axis(length_ms: int, width: int, is_ascii: bool) -> str:
    left, line, right = ("+", "-", "+") if is_ascii else ("└", "─", "┘")
    return f"{'':8} {left}{line * (width - 2)}{right} {duration.written(length_ms)}"
