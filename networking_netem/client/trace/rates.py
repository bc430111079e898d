# SPDX-License-Identifier: Apache-2.0
"""Logs of ``seconds Mbit/s``: from that time on, that rate."""

from __future__ import annotations

from typing import List

from networking_netem.client.trace.lines import not_too_long, rows, within
from networking_netem.client.trace.trace import Recording, Trace
from networking_netem.client.trace.unreadable import Unreadable
from networking_netem.domain.rule_types import MAX_KBPS

RIGHT = (
    "A line is the time in seconds, more than that of the line before, and the rate in Mbit/s"
    " from then on"
)


def read(text: str) -> Trace:
    """Return the rates; the first line is the beginning, and the last holds as long as that before.

    A recording of one line holds for a second.
    """
    seconds: List[float] = []
    kbps: List[float] = []
    for line, (at_s, mbps) in rows(text, RIGHT, (2,)):
        if seconds and at_s <= seconds[-1]:
            raise Unreadable(f"{at_s:g} s comes after {seconds[-1]:g} s", RIGHT, line)
        seconds.append(at_s)
        not_too_long((at_s - seconds[0]) * 1000, RIGHT, line)
        kbps.append(within(MAX_KBPS.name, mbps * 1000, RIGHT, line))
    if not seconds:
        raise Unreadable("there is no line", RIGHT)
    lasts_s = [later - earlier for earlier, later in zip(seconds, seconds[1:])]
    recording = Recording(MAX_KBPS.name)
    for duration_s, value in zip([*lasts_s, lasts_s[-1] if lasts_s else 1], kbps):
        recording.add(duration_s * 1000, value)
    return recording.trace()
