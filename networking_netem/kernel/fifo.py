# SPDX-License-Identifier: Apache-2.0
"""sch_fifo's options: one number, bytes for bfifo (net/sched/sch_fifo.c)."""

from __future__ import annotations

import struct

from networking_netem.domain.qdisc import Fifo

_QOPT = struct.Struct("=I")


def encode(fifo: Fifo) -> bytes:
    """The value of TCA_OPTIONS."""
    return _QOPT.pack(fifo.limit_bytes)


def decode(options: bytes) -> Fifo:
    """The bfifo that the kernel reports."""
    return Fifo(_QOPT.unpack_from(options)[0])
