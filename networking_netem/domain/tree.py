# SPDX-License-Identifier: Apache-2.0
"""The tree of qdiscs that carries one direction, worked out from its impairment.

It has three qdiscs, root first:

* ``Tbf`` paces to the bandwidth and cuts super-packets into frames, so that loss is per frame;
* ``Netem`` loses and delays; it holds the packets that are delayed, not those that queue;
* ``Fifo`` is the queue before the bottleneck, bounded by time at the rate.

A direction with any impairment has all three, so every edit of it is a change in place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from networking_netem.domain import units
from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.jitter import exponential_slot, spread_ns
from networking_netem.domain.loss import Shares, bits, chances
from networking_netem.domain.qdisc import HEADER_BYTES, INT32_MAX, Fifo, Netem, Tbf

LINE_BYTES_PER_S = 12_500_000_000
"""100 Gbit/s stands for "unlimited". It is always netem's rate, because netem with a rate keeps the
order of packets even when the delay is lowered."""

PEAK_BYTES_PER_S = 2 * LINE_BYTES_PER_S
"""TBF wants a peak above the rate. The peak is used only because its bucket limits segments."""

PEAK_BYTES_PER_TICK = PEAK_BYTES_PER_S * units.TICK_NS // units.NS_PER_S

MTU_BYTES = 1500

LINE_BURST_BYTES = 1 << 20

DEFAULT_BURST_NS = 10_000_000
"""Bucket where the rule gives no burst: 10 ms at the rate, at least two segments."""

MAX_BURST_NS = (2**32 - 1) // units.TICK_NS * units.TICK_NS
"""TBF keeps its bucket in 32 bits of nanoseconds: 4.29 s at the rate."""

QUEUE_NS = 100_000_000
"""Queue before the bottleneck: 100 ms at the rate, at least ten segments."""

MIN_FRAME_BYTES = 64
BUSY_PACKETS_PER_S = 125_000
"""The packet rate that netem has room for without a limit: 1 Gbit/s in frames of 1000 bytes. A low
limit needs room for fewer packets, a limit above 1 Gbit/s for more."""

LIMIT_PACKETS_MIN = 1_000
"""Room that every netem gets, so that a short delay or a low rate never drops for lack of it."""
LIMIT_PACKETS_MAX = 1_000_000


LONGEST_WAY_S = 120.0
"""After this no packet is left from before. 60 s of delay with the longest jitter take up to 71 s,
and TBF asks netem for packets every 4.3 s at the least rate."""


@dataclass(frozen=True)
class Tree:
    """The qdiscs of one direction, root first; without sch_netem there is only the root."""

    tbf: Tbf
    netem: Optional[Netem]
    fifo: Optional[Fifo]

    @property
    def without_netem(self) -> Optional[Tree]:
        """What is left of a tree without sch_netem: its rate, and None where that is unlimited."""
        is_limited = self.tbf.rate_bytes_per_s != LINE_BYTES_PER_S
        return Tree(self.tbf, None, None) if is_limited else None

    def limited(self, limit_packets: int) -> Optional[Tree]:
        """This tree with another limit of its netem; 0 is no netem."""
        if self.netem is None or limit_packets == self.netem.limit_packets:
            return self
        if not limit_packets:
            return self.without_netem
        return replace(self, netem=replace(self.netem, limit_packets=limit_packets))


def tree(impairment: Impairment, mtu_bytes: int = MTU_BYTES) -> Tree:
    """The tree of one direction; without impairment it passes everything at once, in order."""
    segment_bytes = _segment_bytes(mtu_bytes)
    rate = installed_bytes_per_s(impairment.rate_kbps, mtu_bytes)
    fifo = Fifo(
        limit_bytes=max(rate * QUEUE_NS // units.NS_PER_S, 10 * segment_bytes)
        if rate
        else INT32_MAX
    )
    return Tree(
        tbf=Tbf(
            rate_bytes_per_s=rate or LINE_BYTES_PER_S,
            burst_ticks=_burst_ticks(rate, impairment.burst_kbit, segment_bytes),
            peak_bytes_per_s=PEAK_BYTES_PER_S,
            peak_ticks=segment_bytes // PEAK_BYTES_PER_TICK,
            limit_bytes=fifo.limit_bytes,
        ),
        netem=_netem(impairment),
        fifo=fifo,
    )


def in_flight_packets(impairment: Impairment) -> int:
    """The packets that can be delayed at one time; netem needs room for them, or it drops some.

    At a low rate they may be the smallest frames, at a high one they are frames of 1000 bytes. Each
    that is doubled counts twice.
    """
    rate = units.bytes_per_s(impairment.rate_kbps)
    packets_per_s = BUSY_PACKETS_PER_S
    if rate:
        packets_per_s = min(rate // MIN_FRAME_BYTES, max(BUSY_PACKETS_PER_S, rate // 1000))
    span_us = impairment.delay_us + 4 * impairment.jitter_us
    packets = packets_per_s * span_us // 1_000_000
    packets += packets * impairment.duplicate_ppm // 1_000_000
    return min(LIMIT_PACKETS_MIN + packets, LIMIT_PACKETS_MAX)


def shares_asked(impairment: Impairment) -> Shares:
    """What is to become of packets by loss and duplication."""
    return Shares(
        impairment.loss_ppm / 1e6,
        impairment.loss_burst_hundredths / 100 if impairment.loses_in_runs else 1.0,
        impairment.duplicate_ppm / 1e6,
    )


def opened(present: Tree) -> Tree:
    """The tree that passes everything at once, in order, and cuts segments of the same size.

    TBF never sends a packet longer than its buckets, and a longer one would block the direction for
    ever. So the size of segments does not change while packets may be queued, nor netem's limit.
    """
    free = tree(NONE)
    return Tree(
        tbf=replace(free.tbf, peak_ticks=present.tbf.peak_ticks),
        netem=replace(free.netem, limit_packets=present.netem.limit_packets)
        if free.netem and present.netem
        else free.netem,
        fifo=free.fifo,
    )


def installed_bytes_per_s(rate_kbps: int, mtu_bytes: int) -> int:
    """The rate that TBF gets; 0 for unlimited.

    The longest bucket must hold a segment, or TBF would drop every full one. So the least rate is
    3 kbit/s at an MTU of 1500 and 18 kbit/s at 9000.
    """
    least = -(-_segment_bytes(mtu_bytes) * units.NS_PER_S // MAX_BURST_NS)
    return max(units.bytes_per_s(rate_kbps), least) if rate_kbps else 0


def _segment_bytes(mtu_bytes: int) -> int:
    """The longest frame, rounded up to what the peak rate passes in whole ticks."""
    return -(-(mtu_bytes + HEADER_BYTES) // PEAK_BYTES_PER_TICK) * PEAK_BYTES_PER_TICK


def _burst_ticks(rate: int, burst_kbit: int, segment_bytes: int) -> int:
    """The bucket; at least one segment, because TBF drops or blocks what is longer."""
    if not rate:
        return units.ticks(units.transmission_ns(LINE_BURST_BYTES, LINE_BYTES_PER_S))
    if burst_kbit:
        burst_bytes = max(burst_kbit * units.BYTES_PER_KBIT, segment_bytes)
    else:
        burst_bytes = max(rate * DEFAULT_BURST_NS // units.NS_PER_S, 2 * segment_bytes)
    return units.ticks(min(units.transmission_ns(burst_bytes, rate), MAX_BURST_NS))


def _netem(impairment: Impairment) -> Netem:
    spread = spread_ns(impairment.delay_us, impairment.jitter_us)
    drawn = chances(shares_asked(impairment))
    # Without a delay, a packet would overtake those that wait for the bandwidth.
    reorder = units.probability(impairment.reorder_ppm) if impairment.delay_us else 0
    return Netem(
        limit_packets=in_flight_packets(impairment),
        latency_ns=impairment.delay_us * units.NS_PER_US - spread,
        loss=0 if drawn.gemodel else bits(drawn.loss),
        gemodel=drawn.gemodel,
        duplicate=bits(drawn.duplicate),
        # A gap of 1 gives each packet the chance; with 0, no packet has one.
        gap=1 if reorder else 0,
        reorder=reorder,
        corrupt=units.probability(impairment.corrupt_ppm),
        rate_bytes_per_s=LINE_BYTES_PER_S,
        slot=exponential_slot(spread),
    )
