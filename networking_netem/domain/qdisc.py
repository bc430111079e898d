# SPDX-License-Identifier: Apache-2.0
"""The qdiscs that make up one direction of a link, in the kernel's own units."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import ClassVar, Optional, Tuple, Union

from networking_netem.domain.units import NS_PER_S, TICK_NS

INT32_MAX = 2**31 - 1

DISTRIBUTION_SCALE = 8192
"""A table entry of one sigma (NETEM_DIST_SCALE). Entries have 16 bits, so they span ±4 sigma."""

HEADER_BYTES = 14 + 2 * 4
"""What a qdisc counts beyond the MTU: Ethernet without FCS, and up to two VLAN tags."""


@dataclass(frozen=True)
class Tbf:
    """Token bucket: paces to the rate and cuts super-packets down to frames.

    Root of the tree. With a ``peak_bytes_per_s``, a super-packet longer than ``peak_ticks`` at that
    rate is segmented before anything below sees it (tbf_enqueue, Linux 4.0 on), so that one drop is
    one frame. ``burst_ticks`` is the bucket as time at the rate. ``limit_bytes`` bounds the queue
    where TBF has no child of ours.
    """

    kind: ClassVar[str] = "tbf"
    rate_bytes_per_s: int
    burst_ticks: int
    peak_bytes_per_s: int = 0
    peak_ticks: int = 0
    limit_bytes: int = INT32_MAX

    @property
    def segment_bytes(self) -> int:
        """The longest packet that passes uncut."""
        return self.peak_ticks * TICK_NS * self.peak_bytes_per_s // NS_PER_S


@dataclass(frozen=True)
class Slot:
    """netem's slots: packets are released in batches, at intervals drawn from a table.

    An interval is ``mean_ns`` + ``sigma_ns`` · t / 8192, with t an entry of ``table`` drawn at
    random. The kernel does not report the table, so comparisons leave it out.
    """

    mean_ns: int
    sigma_ns: int
    table: Tuple[int, ...] = field(default=(), compare=False, repr=False)
    min_ns: int = 0
    max_ns: int = 0
    max_packets: int = 0
    max_bytes: int = 0

    @property
    def deviation_ns(self) -> float:
        """The standard deviation of the intervals that the table gives."""
        return statistics.pstdev(self.table) * self.sigma_ns / DISTRIBUTION_SCALE


@dataclass(frozen=True)
class GilbertElliott:
    """Bursty loss by a good and a bad state; probabilities of 32 bits (loss_gilb_ell, Linux 6.1).

    ``p`` is the probability to go from good to bad, ``r`` to go back, ``h`` that a packet passes in
    the bad state, and ``k1`` that one is lost in the good state.
    """

    p: int
    r: int
    h: int = 0
    k1: int = 0


@dataclass(frozen=True)
class Netem:
    """Every setting of sch_netem; probabilities and correlations have 32 bits.

    ``distribution`` is the table of ``jitter_ns``. The kernel keeps an old table where a message
    has none, and does not report it: a jitter needs its own table. ``seed`` None lets the kernel
    choose (Linux knows seeds from 6.6 on).
    """

    kind: ClassVar[str] = "netem"
    limit_packets: int
    latency_ns: int = 0
    jitter_ns: int = 0
    delay_correlation: int = 0
    loss: int = 0
    loss_correlation: int = 0
    gemodel: Optional[GilbertElliott] = None
    duplicate: int = 0
    duplicate_correlation: int = 0
    gap: int = 0
    reorder: int = 0
    reorder_correlation: int = 0
    corrupt: int = 0
    corrupt_correlation: int = 0
    rate_bytes_per_s: int = 0
    packet_overhead_bytes: int = 0
    cell_size_bytes: int = 0
    cell_overhead_bytes: int = 0
    ecn: bool = False
    slot: Optional[Slot] = None
    distribution: Tuple[int, ...] = field(default=(), compare=False, repr=False)
    seed: Optional[int] = field(default=None, compare=False)


@dataclass(frozen=True)
class Fifo:
    """Leaf of the tree: the queue before the bottleneck, bounded in bytes."""

    kind: ClassVar[str] = "bfifo"
    limit_bytes: int


Qdisc = Union[Tbf, Netem, Fifo]
