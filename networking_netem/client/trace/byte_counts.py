# SPDX-License-Identifier: Apache-2.0
"""Logs of ``bytes ms``: so many bytes arrived in the so many milliseconds before.

The logs of HSDPA in Norway and of 4G in Ghent have a time, a second time and a position before.
"""

from __future__ import annotations

from networking_netem.client.trace.lines import not_too_long, rows, within
from networking_netem.client.trace.trace import Recording, Trace
from networking_netem.client.trace.unreadable import Unreadable
from networking_netem.domain.rule_types import MAX_KBPS

RIGHT = (
    "A line is a number of bytes and in how many milliseconds they arrived, or time, time,"
    " latitude, longitude and these two"
)


def read(text: str) -> Trace:
    """Return the mean rate of each line; a line of 0 ms says nothing."""
    recording = Recording(MAX_KBPS.name)
    for line, numbers in rows(text, RIGHT, (2, 6)):
        size, duration_ms = numbers[-2:]
        if size < 0 or duration_ms < 0:
            raise Unreadable(f"{min(size, duration_ms):g} is less than 0", RIGHT, line)
        if not duration_ms:
            continue
        not_too_long(recording.length_ms + duration_ms, RIGHT, line)
        kbps = within(MAX_KBPS.name, size * 8 / duration_ms, RIGHT, line)
        recording.add(duration_ms, kbps)
    if not recording.length_ms:
        raise Unreadable("there is no line", RIGHT)
    return recording.trace()
