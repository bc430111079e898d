# SPDX-License-Identifier: Apache-2.0
"""Trace files of TheaterQ: how long, and what then holds, in a line of whole numbers.

Simple: keep (us), latency (ns), rate (bit/s), loss (of 2³² - 1), limit. Extended: keep, latency,
jitter, rate, loss, limit, duplicates, their delay, and in later versions route. Queue limits, the
delay of duplicates and routes are passed over. A rate of 0 is no limit; a step cannot lift one, so
all lines have a rate or none has.
"""

from __future__ import annotations

import math
from typing import Dict, List, Sequence

from networking_netem.client.trace.lines import not_too_long, within, word_rows
from networking_netem.client.trace.trace import Recording, Trace
from networking_netem.client.trace.unreadable import Unreadable, shown
from networking_netem.domain.rule_types import (
    DELAY_CORRELATION_MS,
    DELAY_MS,
    DUPLICATE_PCT,
    LOSS_PCT,
    MAX_KBPS,
)

RIGHT = (
    "A line of TheaterQ is keep,latency,rate,loss,limit or"
    " keep,latency,jitter,rate,loss,limit,duplicates,delay[,route], in whole numbers"
)

SIMPLE = (MAX_KBPS.name, DELAY_MS.name, LOSS_PCT.name)
EXTENDED = (*SIMPLE, DELAY_CORRELATION_MS.name, DUPLICATE_PCT.name)
_WHOLE = 2**32 - 1
_MOST_DIGITS = 20


def read(text: str) -> Trace:
    """Return what the lines say. TheaterQ passes over lines that do not begin with a digit."""
    recording = Recording()
    count, is_limited = 0, False
    for line, words in word_rows(text, RIGHT, ","):
        if not words[0][:1].isdigit():
            continue
        numbers = _whole(words, line)
        if count and len(numbers) != count:
            raise Unreadable(f"{len(numbers)} numbers after lines of {count}", RIGHT, line)
        if not count:
            count, is_limited = len(numbers), bool(_rate(numbers))
            names = SIMPLE if count == 5 else EXTENDED
            recording = Recording(*(names if is_limited else names[1:]))
        if bool(_rate(numbers)) != is_limited:
            raise Unreadable("lines with a rate and lines without any limit, rate 0", RIGHT, line)
        if not numbers[0]:
            raise Unreadable("the line holds for 0 us", RIGHT, line)
        not_too_long(recording.length_ms + numbers[0] / 1000, RIGHT, line)
        values = _values(numbers)
        if not is_limited:
            del values[MAX_KBPS.name]
        recording.add(
            numbers[0] / 1000, *(within(each, values[each], RIGHT, line) for each in values)
        )
    if not count:
        raise Unreadable("there is no line that begins with a digit", RIGHT)
    return recording.trace()


def _whole(words: Sequence[str], line: int) -> List[int]:
    if len(words) not in (5, 8, 9):
        raise Unreadable(f"{len(words)} numbers in place of 5, 8 or 9", RIGHT, line)
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS):
            raise Unreadable(f"{shown(word)} is no whole number", RIGHT, line)
    return [int(word) for word in words]


def _rate(numbers: Sequence[int]) -> int:
    return numbers[2 if len(numbers) == 5 else 3]


def _values(numbers: Sequence[int]) -> Dict[str, float]:
    """The values of a line; its jitter is a standard deviation, ours is √3 of them."""
    loss = numbers[3 if len(numbers) == 5 else 4]
    values = {
        MAX_KBPS.name: _rate(numbers) / 1000,
        DELAY_MS.name: numbers[1] / 1e6,
        LOSS_PCT.name: 100 * loss / _WHOLE,
    }
    if len(numbers) > 5:
        values[DELAY_CORRELATION_MS.name] = math.sqrt(3) * numbers[2] / 1e6
        values[DUPLICATE_PCT.name] = 100 * numbers[6] / _WHOLE
    return values
