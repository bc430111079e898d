# SPDX-License-Identifier: Apache-2.0
"""The probe's clock: it wakes every millisecond and notes when the machine was stalled.

A busy host takes the guest's only CPU away. What is due meanwhile is late, and the link is not the
cause. No other process of the guest runs before the probe, so a late wake-up means a stall.
"""

from __future__ import annotations

import time
from typing import List, Tuple

BEAT_S = 0.001
STALL_S = 0.001
"""A wake-up that is later than this is a stall."""
_BACKLOG_S = 0.001
_BACKLOG = 0.5
"""After a stall, the kernel takes 1 ms and half the stall's length to deliver what was due."""


class Pulse:
    """The monotonic time of the last wake-up, and all stalls so far."""

    def __init__(self) -> None:
        self.now_s = time.monotonic()
        self.stalled_s = 0.0
        """The length of all stalls, without what the kernel needed after them."""
        self.stalls_ns: List[Tuple[int, int]] = []
        """Begin and end of each stall in CLOCK_REALTIME, with what the kernel needed after it.

        Begins and ends ascend; a stall may begin before the one before it ends.
        """

    def beat(self, next_s: float) -> None:
        """Sleep until `next_s`, but for no longer than 1 ms."""
        expected_s = max(self.now_s, min(next_s, self.now_s + BEAT_S))
        time.sleep(max(0.0, expected_s - time.monotonic()))
        self.woke(expected_s)

    def woke(self, expected_s: float) -> None:
        """Note a wake-up that was due at `expected_s`."""
        self.now_s = time.monotonic()
        late_s = self.now_s - expected_s
        if late_s > STALL_S:
            self.stalled_s += late_s
            end_ns = time.time_ns()
            backlog_s = _BACKLOG_S + _BACKLOG * late_s
            self.stalls_ns.append((end_ns - int(late_s * 1e9), end_ns + int(backlog_s * 1e9)))
