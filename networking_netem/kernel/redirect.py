# SPDX-License-Identifier: Apache-2.0
"""The filter that sends what a device receives through an ifb: matchall with mirred.

See net/sched/cls_matchall.c, net/sched/act_mirred.c and their uapi headers.
"""

from __future__ import annotations

import socket
import struct

from networking_netem.kernel import attributes
from networking_netem.kernel.netlink import NLM_F_CREATE, NLM_F_EXCL, Request
from networking_netem.kernel.qdisc import TCA_KIND, TCA_OPTIONS, TCMSG

RTM_NEWTFILTER, RTM_DELTFILTER, RTM_GETTFILTER = 44, 45, 46

HOOK = 0xFFFFFFF2
"""clsact's ingress: what the device receives, which is what the instance sends."""

PRIORITY = 0x4E45
"""A filter with this priority and the handle 1 is ours."""

_HANDLE = 1
_INFO = PRIORITY << 16 | socket.htons(0x0003)
_TCA_MATCHALL_ACT = 2
_TCA_ACT_KIND, _TCA_ACT_OPTIONS = 1, 2
_TCA_MIRRED_PARMS = 2
_MIRRED = struct.Struct("=IIiiiiI")
_TC_ACT_STOLEN = 4
_TCA_EGRESS_REDIR = 1


def add(ifindex: int, ifb_ifindex: int) -> Request:
    """Redirect every frame that the device receives to the ifb; EEXIST when ours is there."""
    mirred = _MIRRED.pack(0, 0, _TC_ACT_STOLEN, 0, 0, _TCA_EGRESS_REDIR, ifb_ifindex)
    action = attributes.pack_string(_TCA_ACT_KIND, "mirred") + attributes.pack(
        _TCA_ACT_OPTIONS, attributes.pack(_TCA_MIRRED_PARMS, mirred)
    )
    options = attributes.pack(_TCA_MATCHALL_ACT, attributes.pack(1, action))
    body = (
        TCMSG.pack(0, ifindex, _HANDLE, HOOK, _INFO)
        + attributes.pack_string(TCA_KIND, "matchall")
        + attributes.pack(TCA_OPTIONS, options)
    )
    return Request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, body)


def delete(ifindex: int) -> Request:
    """Delete our filter."""
    body = TCMSG.pack(0, ifindex, _HANDLE, HOOK, _INFO)
    return Request(RTM_DELTFILTER, 0, body + attributes.pack_string(TCA_KIND, "matchall"))


def get(ifindex: int) -> Request:
    """Ask for our filter; the kernel answers with an error when it is not there."""
    body = TCMSG.pack(0, ifindex, _HANDLE, HOOK, _INFO)
    return Request(RTM_GETTFILTER, 0, body + attributes.pack_string(TCA_KIND, "matchall"))


def parse(body: bytes) -> int:
    """The index of the device that our filter sends to; 0 when it does something else."""
    options = attributes.unpack(attributes.unpack(body, TCMSG.size).get(TCA_OPTIONS, b""))
    action = attributes.unpack(attributes.unpack(options.get(_TCA_MATCHALL_ACT, b"")).get(1, b""))
    mirred = attributes.unpack(action.get(_TCA_ACT_OPTIONS, b"")).get(_TCA_MIRRED_PARMS)
    target: int = _MIRRED.unpack_from(mirred)[6] if mirred else 0
    return target


def filters_body(ifindex: int) -> bytes:
    """The body of a dump of the filters on one device's hook."""
    return TCMSG.pack(0, ifindex, 0, HOOK, 0)


def is_filter(body: bytes) -> bool:
    """Whether a message of that dump is about a filter; some are only about a priority."""
    handle: int = TCMSG.unpack_from(body)[2]
    return handle != 0
