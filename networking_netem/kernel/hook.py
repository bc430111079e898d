# SPDX-License-Identifier: Apache-2.0
"""A device's hooks: where filters see what it receives and sends, and where ours are among others'.

See net/sched/sch_ingress.c, net/sched/cls_api.c.
"""

from __future__ import annotations

import socket
from typing import Dict, NamedTuple

from networking_netem.domain.link import Direction
from networking_netem.kernel import attributes
from networking_netem.kernel.netlink import Netlink, Request
from networking_netem.kernel.qdisc import TCA_KIND, TCMSG

RTM_NEWTFILTER, RTM_DELTFILTER, RTM_GETTFILTER = 44, 45, 46

HOOKS: Dict[Direction, int] = {Direction.EGRESS: 0xFFFFFFF2, Direction.INGRESS: 0xFFFFFFF3}
"""What the instance sends the device receives, at clsact's ingress; the other way at its egress."""


class Position(NamedTuple):
    """Where a filter of ours is among others, and the handle that tells it from them."""

    priority: int
    handle: int


SELECTING = Position(0x4E43, 1)
PASSING, LAST = Position(0x4E44, 1), Position(0x4E45, 1)
FIRST = Position(1, 0x4E45)
"""Open vSwitch has priority 1 for its policing, which a link replaces, and offloads flows to the
others from 2 on (netdev-offload-tc, 2.17 to 3.1)."""

_ANY_PROTOCOL = socket.htons(0x0003)


def head(ifindex: int, direction: Direction, position: Position) -> bytes:
    """The beginning of each message about a filter of ours."""
    info = position.priority << 16 | _ANY_PROTOCOL
    return TCMSG.pack(0, ifindex, position.handle, HOOKS[direction], info)


def delete(ifindex: int, direction: Direction, position: Position, kind: str) -> Request:
    """Delete a filter of ours."""
    body = head(ifindex, direction, position) + attributes.pack_string(TCA_KIND, kind)
    return Request(RTM_DELTFILTER, 0, body)


def get(ifindex: int, direction: Direction, position: Position, kind: str) -> Request:
    """Ask for a filter of ours; the kernel answers with an error when it is not there."""
    body = head(ifindex, direction, position) + attributes.pack_string(TCA_KIND, kind)
    return Request(RTM_GETTFILTER, 0, body)


def has_company(ifindex: int) -> bool:
    """Whether filters that are not ours are on a device's hooks.

    Raises ``OSError`` on the kernel's refusal, ``DumpInterrupted`` as dumps do.
    """
    with Netlink() as netlink:
        return any(
            _is_others(body)
            for parent in HOOKS.values()
            for body in netlink.dump(RTM_GETTFILTER, TCMSG.pack(0, ifindex, 0, parent, 0))
        )


def _is_others(body: bytes) -> bool:
    """Whether a message of a dump is about a filter of others; some are only about a priority."""
    _, _, handle, _, info = TCMSG.unpack_from(body)
    return bool(handle) and (info >> 16, handle) not in (SELECTING, PASSING, LAST, FIRST)
