# SPDX-License-Identifier: Apache-2.0
"""What else than the link may cause a verdict that is not good, and how often to measure then."""

from __future__ import annotations

import enum

STALLED_SHARE = 0.05
"""A bad verdict on delay, jitter or rate is in doubt if a larger share was stalled."""

MOST_STALLED_SHARE = 0.5
"""Delay and jitter are unsure if a larger share of the packets was left out for stalls."""


class Doubt(enum.Enum):
    """What else than the link may cause a verdict that is not good; a good one has no doubt."""

    NONE = "none"
    RANDOM = "random"
    """The figure is random: a right link fails 1 time in 60 or less."""
    STALLED = "stalled"
    """The machine was stalled during a measurement that depends on time."""

    @property
    def tries(self) -> int:
        """How often the link is measured at most, the first time included."""
        return {Doubt.NONE: 1, Doubt.RANDOM: 2, Doubt.STALLED: 3}[self]


def stalled_or(otherwise: Doubt, stalled_share: float) -> Doubt:
    """Return `STALLED` for more than `STALLED_SHARE`, else `otherwise`."""
    return Doubt.STALLED if stalled_share > STALLED_SHARE else otherwise
