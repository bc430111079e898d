# SPDX-License-Identifier: Apache-2.0
"""Jitter that keeps order, mean and spread at every packet rate: exponential slots.

netem releases packets in slots. A packet that arrives alone waits a whole slot. A packet in a dense
flow waits for the rest of the running slot. Exponential intervals are memoryless, so both waits
have the same mean and the same deviation. Slots release packets in the order of their arrival.
"""

from __future__ import annotations

import functools
import math
from typing import Optional, Tuple

from networking_netem.domain.qdisc import DISTRIBUTION_SCALE, INT32_MAX, Slot

TABLE_SIZE = 4096
"""Entries of the table; netem takes up to 16384 (NETEM_DIST_MAX)."""

ENTRY_MAX = 32767
"""The largest entry of the table: netem's are signed 16-bit integers."""

SQRT3 = math.sqrt(3)


def spread_ns(delay_us: int, jitter_us: int) -> int:
    """The standard deviation to install: J/√3, or the whole delay where that is less."""
    return min(round(jitter_us * 1000 / SQRT3), delay_us * 1000)


def exponential_slot(spread_ns: int) -> Optional[Slot]:
    """Slots of exponentially distributed length with this mean and standard deviation; None for 0.

    ``sigma_ns`` is twice the spread. The table then reaches 9 times the spread instead of 5, and
    mean and deviation are exact to 0.1 %. The kernel keeps sigma in 31 bits. Above a spread of
    1.07 s the tail is therefore shorter: the mean is still exact, the deviation is too small.
    """
    if not spread_ns:
        return None
    sigma_ns = min(2 * spread_ns, INT32_MAX)
    table, mean_entry = _table(spread_ns / sigma_ns)
    # The cut tail lowers the mean of the table. The constant part makes up for it.
    mean_ns = spread_ns - round(sigma_ns * mean_entry / DISTRIBUTION_SCALE)
    return Slot(mean_ns=mean_ns, sigma_ns=sigma_ns, table=table)


@functools.lru_cache(maxsize=64)
def _table(unit: float) -> Tuple[Tuple[int, ...], float]:
    """Quantiles of (x - 1) · unit, x exponential with mean 1, and the mean of the entries."""
    entries = tuple(
        max(-ENTRY_MAX, min(round((x - 1) * unit * DISTRIBUTION_SCALE), ENTRY_MAX))
        for x in _quantile_means(TABLE_SIZE)
    )
    return entries, sum(entries) / len(entries)


def _quantile_means(count: int) -> Tuple[float, ...]:
    """The mean of the exponential distribution within each of ``count`` equally likely intervals.

    From a to b the integral of x·e^-x is (a+1)e^-a - (b+1)e^-b; the tail's is (a+1)e^-a.
    """
    means = []
    for i in range(count):
        tail_a, tail_b = 1 - i / count, 1 - (i + 1) / count
        a = -math.log(tail_a)
        upper = (1 - math.log(tail_b)) * tail_b if tail_b else 0.0
        means.append(((a + 1) * tail_a - upper) * count)
    return tuple(means)
