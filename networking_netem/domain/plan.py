# SPDX-License-Identifier: Apache-2.0
"""What the kernel must hold for one device, worked out from its link.

One direction is a tree of three qdiscs, root first:

* ``Tbf`` paces to the bandwidth and cuts super-packets into frames, so that loss is per frame;
* ``Netem`` loses and delays; it holds what is in flight, not what queues;
* ``Fifo`` is the queue before the bottleneck, bounded by time at the rate.

The shape never changes while the direction is impaired at all, so every edit is a change in place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from networking_netem.domain import units
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.jitter import exponential_slot, spread_ns
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.qdisc import INT32_MAX, Fifo, Netem, Tbf

LINE_BYTES_PER_S = 12_500_000_000
"""100 Gbit/s stands for "unlimited". netem always gets it as its rate, because with a rate no
packet overtakes its predecessor, whatever the delay is changed to."""

PEAK_BYTES_PER_S = 2 * LINE_BYTES_PER_S
"""TBF wants a peak above the rate; its only use here is that its bucket sets the segment size."""

MTU_BYTES = 1500

HEADER_BYTES = 14 + 2 * 4
"""What a qdisc counts beyond the MTU: Ethernet without FCS, and up to two VLAN tags."""

LINE_BURST_BYTES = 1 << 20

DEFAULT_BURST_NS = 10_000_000
"""Bucket when the rule names none: 10 ms at the rate, at least two segments."""

MAX_BURST_TICKS = (2**32 - 1) // units.TICK_NS
"""TBF keeps its bucket in 32 bits of nanoseconds: 4.29 s at the rate."""

QUEUE_NS = 100_000_000
"""Queue before the bottleneck: 100 ms at the rate, at least ten segments."""

LIMIT_PACKETS = 100_000
"""netem drops above it. It never changes, for a lower limit loses what is above it; memory is
bounded by what is on the way: a packet costs 0.7 to 2.3 KB, so 230 MB at worst."""


@dataclass(frozen=True)
class Tree:
    """The qdiscs of one direction, root first."""

    tbf: Tbf
    netem: Netem
    fifo: Fifo


@dataclass(frozen=True)
class Plan:
    """The trees one device must have, as the instance sees the directions; None for none."""

    egress: Optional[Tree] = None
    ingress: Optional[Tree] = None

    def __getitem__(self, direction: Direction) -> Optional[Tree]:
        return self.egress if direction is Direction.EGRESS else self.ingress


def plan(link: Link, mtu_bytes: int = MTU_BYTES) -> Plan:
    """What the kernel must hold for a link on a device with this MTU."""
    return Plan(
        egress=None if link.egress.is_none else tree(link.egress, mtu_bytes),
        ingress=None if link.ingress.is_none else tree(link.ingress, mtu_bytes),
    )


def tree(impairment: Impairment, mtu_bytes: int = MTU_BYTES) -> Tree:
    """The qdiscs of one direction; without impairment they pass everything at once, in order."""
    rate = units.bytes_per_s(impairment.rate_kbps)
    peak_ticks = units.ticks(units.transmission_ns(mtu_bytes + HEADER_BYTES, PEAK_BYTES_PER_S))
    segment_bytes = peak_ticks * units.TICK_NS * PEAK_BYTES_PER_S // units.NS_PER_S
    return Tree(
        tbf=Tbf(
            rate_bytes_per_s=rate or LINE_BYTES_PER_S,
            burst_ticks=_burst_ticks(rate, impairment.burst_kbit, segment_bytes),
            peak_bytes_per_s=PEAK_BYTES_PER_S,
            peak_ticks=peak_ticks,
        ),
        netem=_netem(impairment),
        fifo=Fifo(
            limit_bytes=max(rate * QUEUE_NS // units.NS_PER_S, 10 * segment_bytes)
            if rate
            else INT32_MAX
        ),
    )


def opened(present: Tree) -> Tree:
    """The tree that passes everything at once, in order, and still cuts segments of the same size.

    TBF never sends a packet longer than its buckets: it would block the way for ever. So the size
    of segments stays while packets may be on their way.
    """
    free = tree(Impairment())
    return replace(free, tbf=replace(free.tbf, peak_ticks=present.tbf.peak_ticks))


def _burst_ticks(rate: int, burst_kbit: int, segment_bytes: int) -> int:
    """The bucket; never below one segment, or TBF would stop for good."""
    if not rate:
        return units.ticks(units.transmission_ns(LINE_BURST_BYTES, LINE_BYTES_PER_S))
    if burst_kbit:
        burst_bytes = max(burst_kbit * units.BYTES_PER_KBIT, segment_bytes)
    else:
        burst_bytes = max(rate * DEFAULT_BURST_NS // units.NS_PER_S, 2 * segment_bytes)
    return min(units.ticks(units.transmission_ns(burst_bytes, rate)), MAX_BURST_TICKS)


def _netem(impairment: Impairment) -> Netem:
    spread = spread_ns(impairment.delay_us, impairment.jitter_us)
    return Netem(
        limit_packets=LIMIT_PACKETS,
        latency_ns=impairment.delay_us * units.NS_PER_US - spread,
        loss=units.probability(impairment.loss_ppm),
        rate_bytes_per_s=LINE_BYTES_PER_S,
        slot=exponential_slot(spread),
    )
