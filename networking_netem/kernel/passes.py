# SPDX-License-Identifier: Apache-2.0
"""The filters that let packets past an ifb: classic BPF (net/sched/cls_bpf.c).

A program tells which packets. Of protected traffic so many as a police lets through pass. What
selectors exempt passes whole: a filter without an action accepts. All else the next filter gets;
the last one sends to the ifb. So a packet passes if either lets it, whichever comes first.
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
    does = b""
    if passes.police:
        options = police.encode(passes.police, police.TC_ACT_OK, police.TC_ACT_UNSPEC)
        does = attributes.pack(_ACT, attributes.pack(1, action("police", options)))
    body = (
        hook.head(ifindex, direction, _position(passes.police is None))
        + attributes.pack_string(TCA_KIND, KIND)
        + attributes.pack(
            TCA_OPTIONS,
            does
            + attributes.pack(_OPS_LEN, _U16.pack(len(passes.program)))
            + attributes.pack(_OPS, program),
        )
    )
    return Request(hook.RTM_NEWTFILTER, NLM_F_CREATE, body)


def delete(ifindex: int, direction: Direction, is_of_selectors: bool = False) -> Request:
    """Delete the filter for protected traffic, or that of the selectors."""
    return hook.delete(ifindex, direction, _position(is_of_selectors), KIND)


def get(ifindex: int, direction: Direction, is_of_selectors: bool = False) -> Request:
    """Ask for the filter; the kernel answers with an error when it is not there."""
    return hook.get(ifindex, direction, _position(is_of_selectors), KIND)


def _position(is_of_selectors: bool) -> hook.Position:
    return hook.SELECTING if is_of_selectors else hook.PASSING


def parse(body: bytes) -> Optional[Passes]:
    """The filter that the kernel reports; None where another stands in its place."""
    operations = attributes.find(body, (TCA_OPTIONS, _OPS), TCMSG.size)
    does = attributes.find(body, (TCA_OPTIONS, _ACT), TCMSG.size)
    limit = police.decode(attributes.find(does, (1, TCA_ACT_OPTIONS)))
    is_of_selectors = TCMSG.unpack_from(body)[4] >> 16 == hook.SELECTING.priority
    is_ours = bool(operations) and (not does if is_of_selectors else limit is not None)
    return _passes(operations, limit) if is_ours else None


@functools.lru_cache(maxsize=1024)
def _passes(operations: bytes, limit: Optional[Police]) -> Passes:
    """Cached, because all ports have one of a few."""
    return Passes(tuple(_INSTRUCTION.iter_unpack(operations)), limit)
