# SPDX-License-Identifier: Apache-2.0
"""The conversions from the API's units to the kernel's, each with its rounding."""

from __future__ import annotations

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
NS_PER_US = 1_000

TICK_NS = 64
"""The packet scheduler's tick: PSCHED_SHIFT is 6 in include/net/pkt_sched.h (Linux 2.6.31 on)."""

PROBABILITY_MAX = 2**32 - 1
"""netem draws a 32-bit random number and compares: 2^32-1 is always, 0 is never."""


def probability(ppm: int) -> int:
    """Parts per million as netem's 32-bit probability, rounded to nearest."""
    return (ppm * PROBABILITY_MAX + 500_000) // 1_000_000


BYTES_PER_KBIT = 125


def bytes_per_s(kbps: int) -> int:
    """Decimal kilobits per second (Neutron's unit) as bytes per second; exact."""
    return kbps * BYTES_PER_KBIT


def transmission_ns(size_bytes: int, rate_bytes_per_s: int) -> int:
    """Nanoseconds that a frame occupies a line of the given rate, rounded up."""
    return -(-size_bytes * NS_PER_S // rate_bytes_per_s)


def ticks(duration_ns: int) -> int:
    """Nanoseconds as packet scheduler ticks, rounded up."""
    return -(-duration_ns // TICK_NS)
