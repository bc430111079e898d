# SPDX-License-Identifier: Apache-2.0
"""sch_netem's options, complete (include/uapi/linux/pkt_sched.h, net/sched/sch_netem.c).

When a message leaves out an attribute, the kernel keeps the old rate, correlations, reorder,
corrupt, slots and tables, and resets the rest. So every message holds all attributes.
"""

from __future__ import annotations

import struct
from typing import Dict, Optional, Tuple

from networking_netem.domain.qdisc import GilbertElliott, Netem, Slot
from networking_netem.kernel import attributes

_CORR = 1
_DELAY_DIST = 2
_REORDER = 3
_CORRUPT = 4
_LOSS = 5
_RATE = 6
_ECN = 7
_RATE64 = 8
_LATENCY64 = 10
_JITTER64 = 11
_SLOT = 12
_SLOT_DIST = 13
_PRNG_SEED = 14

_LOSS_GE = 2

_QOPT = struct.Struct("=6I")
_CORR_STRUCT = struct.Struct("=3I")
_PAIR = struct.Struct("=2I")
_GEMODEL = struct.Struct("=4I")
_RATE_STRUCT = struct.Struct("=IiIi")
_SLOT_STRUCT = struct.Struct("=qqiiqq")
_U32 = struct.Struct("=I")
_U64 = struct.Struct("=Q")
_S64 = struct.Struct("=q")

_RATE32_MAX = 2**32 - 1
_NO_SLOT = Slot(mean_ns=0, sigma_ns=0)


def encode(netem: Netem) -> bytes:
    """The value of TCA_OPTIONS. Latency and jitter travel as 64-bit nanoseconds (Linux 4.15 on)."""
    slot = netem.slot or _NO_SLOT
    parts = [
        _QOPT.pack(0, netem.limit_packets, netem.loss, netem.gap, netem.duplicate, 0),
        attributes.pack(
            _CORR,
            _CORR_STRUCT.pack(
                netem.delay_correlation, netem.loss_correlation, netem.duplicate_correlation
            ),
        ),
        attributes.pack(_REORDER, _PAIR.pack(netem.reorder, netem.reorder_correlation)),
        attributes.pack(_CORRUPT, _PAIR.pack(netem.corrupt, netem.corrupt_correlation)),
        attributes.pack(
            _RATE,
            _RATE_STRUCT.pack(
                min(netem.rate_bytes_per_s, _RATE32_MAX),
                netem.packet_overhead_bytes,
                netem.cell_size_bytes,
                netem.cell_overhead_bytes,
            ),
        ),
        attributes.pack(_RATE64, _U64.pack(netem.rate_bytes_per_s)),
        attributes.pack(_LATENCY64, _S64.pack(netem.latency_ns)),
        attributes.pack(_JITTER64, _S64.pack(netem.jitter_ns)),
        attributes.pack(_ECN, _U32.pack(netem.ecn)),
        attributes.pack(
            _SLOT,
            _SLOT_STRUCT.pack(
                slot.min_ns,
                slot.max_ns,
                slot.max_packets,
                slot.max_bytes,
                slot.mean_ns,
                slot.sigma_ns,
            ),
        ),
    ]
    if slot.table:
        parts.append(attributes.pack(_SLOT_DIST, _table(slot.table)))
    if netem.distribution:
        parts.append(attributes.pack(_DELAY_DIST, _table(netem.distribution)))
    if netem.gemodel:
        model = netem.gemodel
        states = _GEMODEL.pack(model.p, model.r, model.h, model.k1)
        parts.append(attributes.pack(_LOSS, attributes.pack(_LOSS_GE, states)))
    if netem.seed is not None:
        parts.append(attributes.pack(_PRNG_SEED, _U64.pack(netem.seed)))
    return b"".join(parts)


def decode(options: bytes) -> Netem:
    """The netem that the kernel reports. It does not report tables; the seed is not read."""
    _, limit, loss, gap, duplicate, _ = _QOPT.unpack_from(options)
    found = attributes.unpack(options[_QOPT.size :])
    delay_correlation, loss_correlation, duplicate_correlation = _CORR_STRUCT.unpack(found[_CORR])
    reorder, reorder_correlation = _PAIR.unpack(found[_REORDER])
    corrupt, corrupt_correlation = _PAIR.unpack(found[_CORRUPT])
    rate, packet_overhead, cell_size, cell_overhead = _RATE_STRUCT.unpack(found[_RATE])
    if _RATE64 in found:
        rate = _U64.unpack(found[_RATE64])[0]
    return Netem(
        limit_packets=limit,
        latency_ns=_S64.unpack(found[_LATENCY64])[0],
        jitter_ns=_S64.unpack(found[_JITTER64])[0],
        delay_correlation=delay_correlation,
        loss=loss,
        loss_correlation=loss_correlation,
        gemodel=_gemodel(found),
        duplicate=duplicate,
        duplicate_correlation=duplicate_correlation,
        gap=gap,
        reorder=reorder,
        reorder_correlation=reorder_correlation,
        corrupt=corrupt,
        corrupt_correlation=corrupt_correlation,
        rate_bytes_per_s=rate,
        packet_overhead_bytes=packet_overhead,
        cell_size_bytes=cell_size,
        cell_overhead_bytes=cell_overhead,
        ecn=bool(_U32.unpack(found[_ECN])[0]) if _ECN in found else False,
        slot=_slot(found),
    )


def _table(entries: Tuple[int, ...]) -> bytes:
    return struct.pack(f"={len(entries)}h", *entries)


def _slot(found: Dict[int, bytes]) -> Optional[Slot]:
    if _SLOT not in found:
        return None
    min_ns, max_ns, packets, size, mean_ns, sigma_ns = _SLOT_STRUCT.unpack(found[_SLOT])
    return Slot(mean_ns, sigma_ns, (), min_ns, max_ns, packets, size)


def _gemodel(found: Dict[int, bytes]) -> Optional[GilbertElliott]:
    model = attributes.unpack(found.get(_LOSS, b"")).get(_LOSS_GE)
    return GilbertElliott(*_GEMODEL.unpack(model)) if model else None
