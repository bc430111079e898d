# SPDX-License-Identifier: Apache-2.0
"""How late the steps of timelines were: from the moment that they were due to the kernel's word."""

from __future__ import annotations

from typing import List, Tuple

MOST_KEPT = 10_000
"""A step every 100 ms for more than a quarter of an hour; an audit takes them every minute."""


class Lateness:
    """What was late by how much; a moment counts once, however many ports step at it."""

    def __init__(self) -> None:
        self._late_ms: List[float] = []
        self._steps = 0

    def add(self, late_ms: float, ports: int) -> None:
        """The steps of so many ports were in the kernel so many milliseconds late."""
        self._steps += ports
        if len(self._late_ms) < MOST_KEPT:
            self._late_ms.append(late_ms)

    def take(self) -> Tuple[List[float], int]:
        """How late each moment was since the last call, and how many steps of ports there were."""
        taken = (self._late_ms, self._steps)
        self._late_ms, self._steps = [], 0
        return taken
