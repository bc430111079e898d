# SPDX-License-Identifier: Apache-2.0
"""Bursty loss in the terms people think in: how much, and how many packets in a row."""

from __future__ import annotations

from networking_netem.domain import units
from networking_netem.domain.qdisc import GilbertElliott


def bursty(loss_ppm: int, burst_packets: int) -> GilbertElliott:
    """Loss with a mean of L = ``loss_ppm`` in runs with a mean of B = ``burst_packets``.

    This is a Gilbert model (E. N. Gilbert, 1960): all packets are lost in the bad state. r = 1/B
    ends a run. p = L·r/(1-L) makes the share of the bad state, p/(p+r), equal to L. Raises
    ``ValueError`` where p would exceed 1: L needs runs of at least L/(1-L) packets.
    """
    share = loss_ppm / 1_000_000
    if not 0 <= share < 1 or burst_packets < 1 or share > (1 - share) * burst_packets:
        raise ValueError(
            f"a mean loss of {loss_ppm} ppm in runs of {burst_packets} packets cannot be: the loss "
            f"must be below 1000000 ppm and the runs at least 1 and loss/(1-loss) packets"
        )
    r = 1 / burst_packets
    return GilbertElliott(
        p=round(share * r / (1 - share) * units.PROBABILITY_MAX),
        r=round(r * units.PROBABILITY_MAX),
    )
