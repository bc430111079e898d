# SPDX-License-Identifier: Apache-2.0
"""act_police's options (include/uapi/linux/pkt_cls.h, net/sched/act_police.c)."""

from __future__ import annotations

import functools
import struct
from typing import Optional

from networking_netem.domain.filters import Police
from networking_netem.kernel import attributes

TC_ACT_UNSPEC, TC_ACT_OK, TC_ACT_SHOT = -1, 0, 2
"""Go on to the next filter; let the packet pass; drop it."""

_TBF, _RATE, _RESULT, _RATE64 = 1, 2, 5, 8
_PARMS = struct.Struct("=IiIII BBHhHI BBHhHI iiI")
"""index, action, limit, burst, mtu, two tc_ratespec, refcnt, bindcnt, capab (struct tc_police)."""
_RESULT_STRUCT = struct.Struct("=i")
_U64 = struct.Struct("=Q")
_LINKLAYER_ETHERNET = 1
_CELL_LOG = 8
_RATE_TABLE = bytes(1024)
"""The kernel wants a table with a rate, and has not read it since Linux 3.8."""
_RATE32_MAX = 2**32 - 1
_LONGEST_BYTES = 2**31 - 1
"""No packet is refused for its length alone."""


def encode(police: Police, conforming: int, exceeding: int) -> bytes:
    """The action's options, with what becomes of packets that fit the bucket, and of others."""
    rate32 = min(police.rate_bytes_per_s, _RATE32_MAX)
    parms = _PARMS.pack(
        *(0, exceeding, 0, police.burst_ticks, _LONGEST_BYTES),
        *(_CELL_LOG, _LINKLAYER_ETHERNET, 0, 0, 0, rate32),
        *(0, 0, 0, 0, 0, 0),
        *(0, 0, 0),
    )
    options = (
        attributes.pack(_TBF, parms)
        + attributes.pack(_RATE, _RATE_TABLE)
        + attributes.pack(_RESULT, _RESULT_STRUCT.pack(conforming))
    )
    if police.rate_bytes_per_s > _RATE32_MAX:
        options += attributes.pack(_RATE64, _U64.pack(police.rate_bytes_per_s))
    return options


def decode(options: bytes) -> Optional[Police]:
    """The police that the kernel reports; None where there is none."""
    found = attributes.find(options, (_TBF,))
    if not found:
        return None
    parms = _PARMS.unpack_from(found)
    rate = parms[10]
    if rate == _RATE32_MAX:
        rate64 = attributes.find(options, (_RATE64,))
        rate = _U64.unpack(rate64)[0] if rate64 else rate
    return _police(rate, parms[3])


@functools.lru_cache(maxsize=1024)
def _police(rate_bytes_per_s: int, burst_ticks: int) -> Police:
    """Cached, because hosts have few different ones."""
    return Police(rate_bytes_per_s, burst_ticks)
