# SPDX-License-Identifier: Apache-2.0
"""The token buckets of filters: for protected traffic, and for a bandwidth limit without a tree."""

from __future__ import annotations

from networking_netem.domain import units
from networking_netem.domain.filters import Police
from networking_netem.domain.impairment import Impairment

PROTECTED_KBPS = 64
"""How much protected traffic passes for as long as it likes."""
PROTECTED_SHARE = 20
"""Of a bandwidth limit, one in so many parts at most passes as protected traffic on top of it."""
PROTECTED_BURST_BYTES = 32 * 1024
"""How much protected traffic passes at once: a lease, or an answer of the metadata service."""

_STOCK_BURST = 4, 5
"""Neutron polices with a bucket of 80 % of a second at the rate where a rule gives no burst."""
_LEAST_BURST_BYTES = 10_000
"""A packet longer than the bucket is never let through, and frames have up to 9022 bytes."""


def protected_police(rate_kbps: int) -> Police:
    """How much protected traffic passes in a direction of this bandwidth limit, 0 for none."""
    allowed_bytes_per_s = units.bytes_per_s(PROTECTED_KBPS)
    if rate_kbps:
        share = units.bytes_per_s(rate_kbps) // PROTECTED_SHARE
        allowed_bytes_per_s = max(min(allowed_bytes_per_s, share), 1)
    return _police(allowed_bytes_per_s, PROTECTED_BURST_BYTES)


def bandwidth_police(impairment: Impairment) -> Police:
    """A bandwidth limit as stock Neutron polices it."""
    burst_kbit = impairment.burst_kbit or impairment.rate_kbps * _STOCK_BURST[0] // _STOCK_BURST[1]
    burst_bytes = max(burst_kbit * units.BYTES_PER_KBIT, _LEAST_BURST_BYTES)
    return _police(units.bytes_per_s(impairment.rate_kbps), burst_bytes)


def _police(rate_bytes_per_s: int, burst_bytes: int) -> Police:
    burst_ns = units.transmission_ns(burst_bytes, rate_bytes_per_s)
    return Police(rate_bytes_per_s, min(units.ticks(burst_ns), _MAX_TICKS))


_MAX_TICKS = 2**32 - 1
"""The kernel is told of a bucket in 32 bits of ticks: 274 s at the rate."""
