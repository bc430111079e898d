# SPDX-License-Identifier: Apache-2.0
"""The probe's clock: it beats every millisecond and notes when the machine stood still.

A busy host takes the guest's only CPU away; what was due meanwhile comes late, through no fault of
the link. Such times are known, for nothing in the guest comes before the probe.
"""

from __future__ import annotations

import time
from typing import List, Tuple

_BEAT_S = 0.001
STALL_S = 0.001
_BACKLOG_S = 0.001
_BACKLOG = 0.5
"""How long after a stall the kernel may still hand over what was due in it, partly as its share."""


class Pulse:
    """The monotonic time of the last beat, and the stalls so far in CLOCK_REALTIME."""

    def __init__(self) -> None:
        self.now_s = time.monotonic()
        self.stalls_ns: List[Tuple[int, int]] = []
        """Begin and end of each, in order of both; a backlog may reach into the next."""

    def beat(self, next_s: float) -> None:
        """Sleep until `next_s`, or for one beat where that is sooner; a late end is a stall."""
        expected_s = max(self.now_s, min(next_s, self.now_s + _BEAT_S))
        time.sleep(max(0.0, expected_s - time.monotonic()))
        self.now_s = time.monotonic()
        late_s = self.now_s - expected_s
        if late_s > STALL_S:
            end_ns = time.time_ns()
            backlog_s = _BACKLOG_S + _BACKLOG * late_s
            self.stalls_ns.append((end_ns - int(late_s * 1e9), end_ns + int(backlog_s * 1e9)))
