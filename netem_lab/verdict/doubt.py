# SPDX-License-Identifier: Apache-2.0
"""Why a verdict that is not good may be no fault of the link's, and how often it is then tried."""

from __future__ import annotations

import enum

STALLED_SHARE = 0.05
"""A bad verdict on time is in doubt if the machine was stalled for a larger share."""

MOST_STALLED_SHARE = 0.5
"""Delay and jitter cannot be judged if a larger share of the packets met a stalled machine."""


class Doubt(enum.Enum):
    """What a verdict that is not good may come from instead of the link; a good one has none."""

    NONE = "none"
    RANDOM = "random"
    """The figure is random, and a right link shows it 1 time in 60 or less."""
    STALLED = "stalled"
    """The machine was stalled while time was measured."""

    @property
    def tries(self) -> int:
        """How often the link is measured, at most, until the verdict is final."""
        return {Doubt.NONE: 1, Doubt.RANDOM: 2, Doubt.STALLED: 3}[self]


def stalled_or(otherwise: Doubt, stalled_share: float) -> Doubt:
    """Return the doubt in a bad verdict on time, `otherwise` where the machine was not stalled."""
    return Doubt.STALLED if stalled_share > STALLED_SHARE else otherwise
