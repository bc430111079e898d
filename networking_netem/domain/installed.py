# SPDX-License-Identifier: Apache-2.0
"""What a tree in the kernel does to packets, as an impairment: the inverse of ``tree``."""

from __future__ import annotations

from typing import Optional

from networking_netem.domain import units
from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.jitter import SQRT3, exponential_slot
from networking_netem.domain.loss import Chances, shares
from networking_netem.domain.observed import ObservedTree
from networking_netem.domain.qdisc import INT32_MAX, Netem, Slot
from networking_netem.domain.tree import LINE_BYTES_PER_S


def installed(found: ObservedTree) -> Optional[Impairment]:
    """The impairment that a tree imposes; None where there is no tree.

    A jitter is the one that the installed spread comes from. A burst is not told.
    """
    if found.tbf is None:
        return None
    rate = found.tbf.rate_bytes_per_s
    rate_kbps = 0 if rate == LINE_BYTES_PER_S else rate // units.BYTES_PER_KBIT
    if found.netem is None:
        return Impairment(rate_kbps=rate_kbps)
    spread_ns = _spread_ns(found.netem.slot)
    becomes = shares(_chances(found.netem))
    return Impairment(
        delay_us=round((found.netem.latency_ns + spread_ns) / units.NS_PER_US),
        jitter_us=round(spread_ns * SQRT3 / units.NS_PER_US),
        loss_ppm=round(becomes.loss * 1_000_000),
        rate_kbps=rate_kbps,
        loss_burst_hundredths=min(
            round(becomes.burst_packets * 100), MAXIMA["loss_burst_hundredths"]
        ),
        duplicate_ppm=round(becomes.duplicate * 1_000_000),
        corrupt_ppm=_ppm(found.netem.corrupt),
        reorder_ppm=_ppm(found.netem.reorder) if found.netem.gap else 0,
    )


def _chances(netem: Netem) -> Chances:
    """What a netem draws by, of the model that we install."""
    duplicate, model = netem.duplicate / units.PROBABILITY_MAX, netem.gemodel
    if model is None:
        return Chances(duplicate, netem.loss / units.PROBABILITY_MAX)
    return Chances(duplicate, *(each / units.PROBABILITY_MAX for each in (model.p, model.r)))


def _ppm(bits: int) -> int:
    return round(bits * 1_000_000 / units.PROBABILITY_MAX)


def _spread_ns(slot: Optional[Slot]) -> int:
    if slot is None or not slot.sigma_ns:
        return 0
    if slot.sigma_ns < INT32_MAX:
        return slot.sigma_ns // 2
    # The constant part of the slots grows with the spread, where sigma no longer does.
    low, high = slot.sigma_ns // 2, 60 * units.NS_PER_S
    while high - low > units.NS_PER_US:
        middle = (low + high) // 2
        made = exponential_slot(middle)
        assert made
        low, high = (middle, high) if made.mean_ns <= slot.mean_ns else (low, middle)
    return low
