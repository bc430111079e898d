# SPDX-License-Identifier: Apache-2.0
"""The filter that lets packets past an ifb: classic BPF with police (net/sched/cls_bpf.c).

Its program tells which packets. So many as its police lets through pass; the next filter, which
sends to the ifb, gets the others.
"""

from __future__ import annotations

import functools
import struct
from typing import Optional

from networking_netem.domain.filters import Passes, Police
from networking_netem.domain.link import Direction
from networking_netem.kernel import attributes, hook, police
from networking_netem.kernel.netlink import NLM_F_CREATE, Request
from networking_netem.kernel.qdisc import TCA_KIND, TCA_OPTIONS, TCMSG
from networking_netem.kernel.redirect import TCA_ACT_OPTIONS, action

KIND = "bpf"
_ACT, _OPS_LEN, _OPS = 1, 4, 5
_INSTRUCTION = struct.Struct("=HBBI")
_U16 = struct.Struct("=H")


def set_(ifindex: int, direction: Direction, passes: Passes) -> Request:
    """Add the filter, or put it in the place of the one that is there, in one moment."""
    program = b"".join(_INSTRUCTION.pack(*instruction) for instruction in passes.program)
    options = police.encode(passes.police, police.TC_ACT_OK, police.TC_ACT_UNSPEC)
    body = (
        hook.head(ifindex, direction, hook.PASSING)
        + attributes.pack_string(TCA_KIND, KIND)
        + attributes.pack(
            TCA_OPTIONS,
            attributes.pack(_ACT, attributes.pack(1, action("police", options)))
            + attributes.pack(_OPS_LEN, _U16.pack(len(passes.program)))
            + attributes.pack(_OPS, program),
        )
    )
    return Request(hook.RTM_NEWTFILTER, NLM_F_CREATE, body)


def delete(ifindex: int, direction: Direction) -> Request:
    """Delete the filter."""
    return hook.delete(ifindex, direction, hook.PASSING, KIND)


def get(ifindex: int, direction: Direction) -> Request:
    """Ask for the filter; the kernel answers with an error when it is not there."""
    return hook.get(ifindex, direction, hook.PASSING, KIND)


def parse(body: bytes) -> Optional[Passes]:
    """The filter that the kernel reports; None when it has no police or no classic program."""
    found = attributes.find(body, (TCA_OPTIONS, _ACT, 1, TCA_ACT_OPTIONS), TCMSG.size)
    operations = attributes.find(body, (TCA_OPTIONS, _OPS), TCMSG.size)
    limit = police.decode(found)
    return _passes(operations, limit) if limit and operations else None


@functools.lru_cache(maxsize=1024)
def _passes(operations: bytes, limit: Police) -> Passes:
    """Cached, because all ports have one of a few."""
    return Passes(tuple(_INSTRUCTION.iter_unpack(operations)), limit)
