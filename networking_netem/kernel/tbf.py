# SPDX-License-Identifier: Apache-2.0
"""sch_tbf's options (include/uapi/linux/pkt_sched.h, net/sched/sch_tbf.c)."""

from __future__ import annotations

import struct

from networking_netem.domain.qdisc import Tbf
from networking_netem.kernel import attributes

_PARMS = 1
_RATE64 = 4
_PRATE64 = 5
_QOPT = struct.Struct("=BBHhHI BBHhHI III")
_U64 = struct.Struct("=Q")
_LINKLAYER_ETHERNET = 1
_RATE32_MAX = 2**32 - 1


def encode(tbf: Tbf) -> bytes:
    """The value of TCA_OPTIONS; the limit is that of the bfifo which TBF makes as its child."""
    qopt = _QOPT.pack(
        *(0, _LINKLAYER_ETHERNET, 0, 0, 0, min(tbf.rate_bytes_per_s, _RATE32_MAX)),
        *(0, _LINKLAYER_ETHERNET, 0, 0, 0, min(tbf.peak_bytes_per_s, _RATE32_MAX)),
        *(tbf.limit_bytes, tbf.burst_ticks, tbf.peak_ticks),
    )
    return (
        attributes.pack(_PARMS, qopt)
        + attributes.pack(_RATE64, _U64.pack(tbf.rate_bytes_per_s))
        + attributes.pack(_PRATE64, _U64.pack(tbf.peak_bytes_per_s))
    )


def decode(options: bytes) -> Tbf:
    """The TBF that the kernel reports; a rate of 4 GiB/s or more is in an attribute of its own."""
    found = attributes.unpack(options)
    qopt = _QOPT.unpack_from(found[_PARMS])
    rate, peak = qopt[5], qopt[11]
    limit_bytes, burst_ticks, peak_ticks = qopt[12:]
    if _RATE64 in found:
        rate = _U64.unpack(found[_RATE64])[0]
    if _PRATE64 in found:
        peak = _U64.unpack(found[_PRATE64])[0]
    return Tbf(rate, burst_ticks, peak, peak_ticks, limit_bytes)
