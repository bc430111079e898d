# SPDX-License-Identifier: Apache-2.0
"""How late the steps of timelines were: from the moment that they were due to the kernel's word."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Lateness:
    """What was late by how much; a moment counts once, however many ports it was of."""

    moments: int = 0
    ports: int = 0
    last_ms: float = 0.0
    most_ms: float = 0.0

    def add(self, late_ms: float, ports: int) -> None:
        """The steps of so many ports were in the kernel so many milliseconds late."""
        self.moments += 1
        self.ports += ports
        self.last_ms = late_ms
        self.most_ms = max(self.most_ms, late_ms)

    def take(self) -> str:
        """A sentence on what was since the last call; empty where nothing was."""
        if not self.moments:
            return ""
        said = (
            f"{self.moments} steps of timelines, of {self.ports} ports in all, were in the kernel "
            f"at most {self.most_ms:.1f} ms late"
        )
        self.moments, self.ports, self.most_ms = 0, 0, 0.0
        return said
