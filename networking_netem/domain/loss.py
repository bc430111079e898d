# SPDX-License-Identifier: Apache-2.0
"""Loss and duplication together: the chances to install, so that the shares asked come about.

netem draws for duplication, then for loss. Of a packet that is doubled and lost, one is left; of
one that is only doubled, the copy is drawn for loss once more (netem_enqueue, Linux 6.1). So each
undoes a part of the other, and the chances are not the shares.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple, Optional

from networking_netem.domain import units
from networking_netem.domain.qdisc import GilbertElliott


class Shares(NamedTuple):
    """What becomes of packets: the share that is lost, the mean run of those, and the share that
    arrives twice, of those that arrive. A run of 1 is each packet lost by itself."""

    loss: float
    burst_packets: float = 1.0
    duplicate: float = 0.0


class Chances(NamedTuple):
    """What netem draws by: the chance to double, and to lose.

    Where ``to_good`` is set, loss is a Gilbert model (E. N. Gilbert, 1960): all packets are lost in
    the bad state, which ``loss`` leads to and ``to_good`` ends.
    """

    duplicate: float
    loss: float
    to_good: Optional[float] = None

    @property
    def gemodel(self) -> Optional[GilbertElliott]:
        """The model for netem; None where each packet is lost by itself."""
        if self.to_good is None:
            return None
        return GilbertElliott(p=bits(self.loss), r=bits(self.to_good))


def least_burst_packets(loss: float) -> float:
    """The shortest mean run that this share of loss can have as a model: L/(1-L), at least 1.

    ``loss`` is below 1. With shorter runs, less than one packet would arrive between two of them.
    """
    return max(1.0, loss / (1 - loss))


@functools.lru_cache(maxsize=4096)
def chances(asked: Shares) -> Chances:
    """The chances that make the shares asked.

    The loss is exact. A run that is too short for it becomes the least. Of doubles there may be
    fewer beside a loss; `shares` of the result says how many.
    """
    loss, burst = asked.loss, asked.burst_packets
    if loss >= 1:
        return Chances(0.0, 1.0)
    burst = max(burst, least_burst_packets(loss)) if burst > 1 and loss else 1.0
    high = _double_most(loss, burst) if asked.duplicate else 0.0
    if _doubles(loss, burst, high) > asked.duplicate:
        low = 0.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if _doubles(loss, burst, middle) > asked.duplicate:
                high = middle
            else:
                low = middle
    made = _beside(loss, burst, high)
    assert made
    return made


_STEPS = 60
"""Halvings until a chance is exact in netem's 32 bits."""


def _double_most(loss: float, burst_packets: float) -> float:
    """The chance to double that makes the most doubles: beyond, fewer copies outlive the loss.

    Doubling also ends runs. Up to 1/2B, a state that loses lasts no longer than two runs.
    """
    low, high = 0.0, 1 - loss if burst_packets == 1 else 1 / (2 * burst_packets)
    if not loss:
        return high
    for _ in range(2 * _STEPS):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if _doubles(loss, burst_packets, left) < _doubles(loss, burst_packets, right):
            low = left
        else:
            high = right
    return low


def _doubles(loss: float, burst_packets: float, double: float) -> float:
    """The share of doubles by this chance to double; below 0 where the loss cannot be had."""
    made = _beside(loss, burst_packets, double)
    return shares(made).duplicate if made else -1.0


def _beside(loss: float, burst_packets: float, double: float) -> Optional[Chances]:
    """The chances that lose this share in these runs beside one to double; None for none."""
    bad = loss / (1 - double) if loss else 0.0
    if burst_packets == 1:
        return Chances(double, bad)
    # A run goes on where the state stays bad, and the packet is not doubled.
    to_good = 1 - (1 - 1 / burst_packets) / (1 - double)
    leaving = to_good * bad / (1 - bad)
    # A doubled packet in the good state is drawn for twice: p (1 + d (1 - p - r)) = leaving.
    linear = 1 + double * (1 - to_good)
    square = linear**2 - 4 * double * leaving
    to_bad = 2 * leaving / (linear + math.sqrt(square)) if square >= 0 else 2.0
    return Chances(double, min(to_bad, 1.0), to_good) if to_bad <= 1 + 1e-9 else None


def shares(drawn: Chances) -> Shares:
    """What becomes of packets by these chances."""
    double, loss, to_good = drawn
    if to_good is None:
        lost = loss * (1 - double)
        arriving = 1 - lost
        return Shares(lost, 1.0, double * (1 - loss) ** 2 / arriving if arriving else 0.0)
    leaving = loss * (1 + double * (1 - loss - to_good))
    bad = leaving / (leaving + to_good) if leaving else 0.0
    lost = bad * (1 - double)
    run = 1 / (1 - (1 - to_good) * (1 - double)) if to_good or double else math.inf
    return Shares(lost, run, (1 - bad) * double * (1 - loss) / (1 - lost) if lost < 1 else 0.0)


def bits(chance: float) -> int:
    """A chance of 0 to 1 as netem's 32-bit probability, rounded to nearest."""
    return round(chance * units.PROBABILITY_MAX)
