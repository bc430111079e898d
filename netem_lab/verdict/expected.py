# SPDX-License-Identifier: Apache-2.0
"""What the probe is to see of a link, where one field changes the figure of another.

A corrupt packet seldom reaches the probe: its checksum is wrong, or its address. So it counts as
lost, unless the bit is one of those that nobody looks at. Such a figure is a range.
"""

from __future__ import annotations

from typing import NamedTuple

from netem_lab.probe.flow import WIRE_OVERHEAD_BYTES, Datagrams
from networking_netem.domain.impairment import Impairment

_UNSEEN_SHARE = 0.12
"""Of a frame of 60 bytes, 6 are the sender's address, and 1 bit makes the receiver's a group's."""

OVERTAKING_SURE = 0.99
"""Order tells who skipped the delay if so large a share of them overtakes a packet."""


class Range(NamedTuple):
    """A share, or a number of packets, from the least to the most."""

    low: float
    high: float

    def meets(self, low: float, high: float) -> bool:
        """Whether an interval has a value of the range."""
        return low <= self.high and high >= self.low


def dropped(asked: Impairment) -> Range:
    """The share of the small packets with a checksum that is dropped for a corrupt bit."""
    corrupt = asked.corrupt_ppm / 1e6
    return Range(corrupt * (1 - _UNSEEN_SHARE), corrupt)


def lost(asked: Impairment) -> Range:
    """The share of the packets of which no copy arrives."""
    arriving, twice = 1 - asked.loss_ppm / 1e6, asked.duplicate_ppm / 1e6
    low, high = (1 - arriving * (1 - q) * (1 + twice * q) for q in dropped(asked))
    return Range(low, high)


def doubled(asked: Impairment) -> Range:
    """The share that arrives twice, of the packets that arrive."""
    twice = asked.duplicate_ppm / 1e6
    high, low = (twice * (1 - q) / (1 + twice * q) for q in dropped(asked))
    return Range(low, high)


def run_packets(asked: Impairment) -> Range:
    """The mean run of lost packets: a run begins where one that arrives comes before a loss."""
    loss, burst = asked.loss_ppm / 1e6, asked.loss_burst_hundredths / 100
    means = []
    for q in dropped(asked):
        arriving, two_arriving = (1 - loss) * (1 - q), (1 - loss - loss / burst) * (1 - q) ** 2
        means.append((1 - arriving) / (arriving - two_arriving))
    return Range(min(means), max(means))


def overtaking(asked: Impairment) -> Range:
    """The share that overtakes others, of the packets that arrive; either copy may."""
    skipping = asked.reorder_ppm / 1e6 if asked.delay_us else 0.0
    low, high = (skipping * (1 + twice * (1 - skipping)) for twice in doubled(asked))
    return Range(low, high)


def overtaking_share(asked: Impairment, pps: float) -> float:
    """The share of those that skip the delay that has a packet before it to overtake."""
    before = asked.delay_us / 1e6 * pps
    skipping, loss = asked.reorder_ppm / 1e6, lost(asked).high
    return 1.0 - (skipping + (1 - skipping) * loss) ** before


def corrupt(asked: Impairment, flow: Datagrams) -> Range:
    """The share of the large packets without a checksum that arrives with another payload."""
    share = asked.corrupt_ppm / 1e6
    headers = 8 * WIRE_OVERHEAD_BYTES / flow.frame_bits
    return Range(share * (1 - headers), share * (1 - headers) / (1 - share * headers))
