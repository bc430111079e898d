# SPDX-License-Identifier: Apache-2.0
"""The lines of a recording as numbers, with what is wrong where they are none."""

from __future__ import annotations

import re
from typing import Iterator, List, Optional, Sequence, Tuple

from networking_netem.client.trace.trace import QUANTITIES
from networking_netem.client.trace.unreadable import Unreadable, shown
from networking_netem.domain.steps import LONGEST_MS

MOST_CHARACTERS = 1000
"""The longest line that is read: the longest of the formats has nine numbers."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3})?", re.ASCII)


def rows(
    text: str, right: str, counts: Sequence[int], separator: Optional[str] = None
) -> Iterator[Tuple[int, List[float]]]:
    """Yield the number of each line that is no comment and not empty, and the numbers in it.

    A line has one of ``counts`` numbers. Raises ``Unreadable``; ``right`` says what the format is.
    """
    for line, words in word_rows(text, right, separator):
        if len(words) not in counts:
            expected = " or ".join(map(str, counts))
            raise Unreadable(f"{len(words)} numbers in place of {expected}", right, line)
        try:
            yield line, [float(word) for word in words if _NUMBER.fullmatch(word) or _no(word)]
        except ValueError:
            bad = next(word for word in words if not _NUMBER.fullmatch(word))
            raise Unreadable(f"{shown(bad)} is no number", right, line) from None


def word_rows(
    text: str, right: str, separator: Optional[str] = None
) -> Iterator[Tuple[int, List[str]]]:
    """Yield the number of each line that is no comment and not empty, and its words."""
    for line, content in enumerate(text.split("\n"), 1):
        if len(content) > MOST_CHARACTERS:
            raise Unreadable(f"the line has {len(content)} characters", right, line)
        content = content.strip()
        if content and not content.startswith("#"):
            yield line, [word.strip() for word in content.split(separator)]


def within(name: str, value: float, right: str, line: Optional[int]) -> float:
    """Return a value that a step may have, else raise ``Unreadable``.

    No bandwidth at all is the least that there is: packets wait, and are not lost.
    """
    number = QUANTITIES[name]
    if 0 <= value < number.minimum:
        return number.minimum
    if not value <= number.maximum or value < 0:
        raise Unreadable(
            f"{name} is {value:g}, and can be {number.minimum} to {number.maximum} {number.unit}",
            right,
            line,
        )
    return value


def not_too_long(length_ms: float, right: str, line: Optional[int]) -> None:
    """Raise ``Unreadable`` where a recording is longer than a timeline can be."""
    if not length_ms <= LONGEST_MS:
        hours = LONGEST_MS // 3_600_000
        raise Unreadable(
            f"the recording goes on after {hours} hours, the most that a timeline can have",
            right,
            line,
        )


def _no(word: str) -> bool:
    raise ValueError(word)
