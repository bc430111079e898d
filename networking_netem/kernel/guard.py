# SPDX-License-Identifier: Apache-2.0
"""What the privileged process sends for an agent, and what it refuses: an agent may be taken over.

A request passes only if it is one that this package makes. So nothing is changed or removed that
does not carry our name, handle or priority (SECURITY.md).
"""

from __future__ import annotations

import socket
import struct

from networking_netem.domain.ifb import is_ifb_name
from networking_netem.kernel import device, hook, passes, qdisc, redirect
from networking_netem.kernel.netlink import Request

_DIRECTIONS = {parent: direction for direction, parent in hook.HOOKS.items()}


def refusal(request: Request) -> str:
    """Why a request is not sent; empty for one of ours."""
    try:
        if _is_ours(request):
            return ""
    except (OSError, KeyError, IndexError, ValueError, struct.error) as error:
        return f"networking-netem makes no such request of type {request.message_type}: {error!r}"
    return f"networking-netem makes no such request of type {request.message_type}"


def _is_ours(request: Request) -> bool:
    if request.message_type in (device.RTM_NEWLINK, device.RTM_DELLINK):
        return _is_for_an_ifb(request)
    if request.message_type in (hook.RTM_NEWTFILTER, hook.RTM_DELTFILTER):
        return _is_for_our_filter(request)
    if request.message_type in (qdisc.RTM_NEWQDISC, qdisc.RTM_DELQDISC):
        return _is_for_a_qdisc(request)
    return False


def _is_for_an_ifb(request: Request) -> bool:
    name = device.asked_name(request.body)
    ours = (device.add_ifb(name), device.set_up(name), device.delete(name))
    return is_ifb_name(name) and request in ours


def _is_for_our_filter(request: Request) -> bool:
    ifindex, _, parent = qdisc.asked_place(request.body)
    direction = _DIRECTIONS[parent]
    if request in (
        redirect.delete(ifindex, direction),
        redirect.delete(ifindex, direction, is_first=True),
        passes.delete(ifindex, direction),
        passes.delete(ifindex, direction, is_of_selectors=True),
    ):
        return True
    passing = passes.parse(request.body)
    if passing and request == passes.set_(ifindex, direction, passing):
        return True
    target, limit, *where = redirect.parse(request.body)
    if limit:
        return request == redirect.add_police(ifindex, direction, limit, *where[:2])
    return request == redirect.add(ifindex, direction, target or 0, *where) and (
        is_ifb_name(socket.if_indextoname(target or 0))
    )


def _is_for_a_qdisc(request: Request) -> bool:
    if qdisc.sets_ours(request):
        return True
    ifindex, handle, _ = qdisc.asked_place(request.body)
    return request in (
        qdisc.add_clsact(ifindex),
        qdisc.delete_clsact(ifindex),
        qdisc.delete_root(ifindex),
        qdisc.delete_legacy(ifindex, handle),
    )
