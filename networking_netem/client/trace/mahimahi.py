# SPDX-License-Identifier: Apache-2.0
"""Packet-delivery traces of Mahimahi: a line is the millisecond at which 1500 bytes may leave."""

from __future__ import annotations

from typing import Dict

from networking_netem.client.trace.lines import not_too_long, rows, within
from networking_netem.client.trace.trace import Recording, Trace
from networking_netem.client.trace.unreadable import Unreadable
from networking_netem.domain.rule_types import MAX_KBPS

RIGHT = (
    "A line of a Mahimahi trace is a time in whole milliseconds, not less than the one before,"
    " for each 1500 bytes that may pass"
)

BIN_MS = 100
_OPPORTUNITY_KBIT_MS = 12_000
"""1500 bytes in one millisecond are so many kbit/s."""


def read(text: str, bin_ms: int = BIN_MS) -> Trace:
    """Return the rate of a trace over bins; an opportunity at t is one of the millisecond up to t.

    Mahimahi plays a trace again and again, and its last time is its length.
    """
    counts: Dict[int, int] = {}
    last_ms = 0
    for line, (at_ms,) in rows(text, RIGHT, (1,)):
        if at_ms != int(at_ms) or at_ms < last_ms:
            wrong = "is no whole number" if at_ms != int(at_ms) else f"comes after {last_ms}"
            raise Unreadable(f"{at_ms:g} {wrong}", RIGHT, line)
        not_too_long(at_ms, RIGHT, line)
        last_ms = int(at_ms)
        index = max(0, last_ms - 1) // bin_ms
        counts[index] = counts.get(index, 0) + 1
    if not last_ms:
        raise Unreadable("there is no time after 0", RIGHT)
    return _binned(counts, last_ms, bin_ms)


def _binned(counts: Dict[int, int], length_ms: int, bin_ms: int) -> Trace:
    """The rates of the bins; the last is as long as what is left, and at least half a bin."""
    bins = max(1, (length_ms + bin_ms // 2) // bin_ms)
    last = counts.pop(bins, 0)
    counts[bins - 1] = counts.get(bins - 1, 0) + last
    recording = Recording(MAX_KBPS.name)
    at_bin = 0
    for index in sorted(counts):
        recording.add((index - at_bin) * bin_ms, MAX_KBPS.minimum)
        end_ms = (index + 1) * bin_ms if index + 1 < bins else length_ms
        duration_ms = end_ms - index * bin_ms
        kbps = counts[index] * _OPPORTUNITY_KBIT_MS / duration_ms
        recording.add(duration_ms, within(MAX_KBPS.name, kbps, RIGHT, None))
        at_bin = index + 1
    return recording.trace()
