# SPDX-License-Identifier: Apache-2.0
"""Our filter on a hook for all that comes: matchall, which sends through an ifb or polices.

It is the last of ours, or where Open vSwitch offloads flows the first of all.

See net/sched/cls_matchall.c, net/sched/act_mirred.c and their uapi headers.
"""

from __future__ import annotations

import struct
from typing import List, NamedTuple, Optional

from networking_netem.domain.filters import Police
from networking_netem.domain.link import Direction
from networking_netem.kernel import attributes, hook, police
from networking_netem.kernel.netlink import NLM_F_CREATE, NLM_F_EXCL, Request
from networking_netem.kernel.qdisc import TCA_KIND, TCA_OPTIONS, TCMSG

KIND = "matchall"
_CLASSID, _ACT = 1, 2
TCA_ACT_KIND, TCA_ACT_OPTIONS = 1, 2
_POLICE, _MIRRED_KIND, _PEDIT_KIND = b"police\0", b"mirred\0", b"pedit\0"
_MIRRED_PARMS = 2
_MIRRED = struct.Struct("=IIiiiiI")
_TC_ACT_PIPE, _TC_ACT_STOLEN = 3, 4
_EGRESS_REDIR = 1
_U32 = struct.Struct("=I")
_PEDIT_PARMS = 2
_PEDIT = struct.Struct("=IIiiiBBxx 6I")
"""index, capab, action, refcnt, bindcnt, nkeys, flags (struct tc_pedit_sel), and one key: mask,
value, offset from the network header, at, offmask, shift. It writes word & mask ^ value."""
_REWRITE_NOTHING = _PEDIT.pack(0, 0, _TC_ACT_PIPE, 0, 0, 1, 0, 0xFFFFFFFF, 0, 0, 0, 0, 0)

_FOREIGN_HOOK = 0x4E450001
"""The class that the filter names where clsact was there before it. clsact has no classes."""


class Last(NamedTuple):
    """This filter as the kernel reports it."""

    redirect_ifindex: Optional[int]
    police: Optional[Police]
    is_hook_foreign: bool
    is_first: bool
    unshares: bool


def add(
    ifindex: int,
    direction: Direction,
    ifb_ifindex: int,
    is_hook_foreign: bool = False,
    is_first: bool = False,
    unshares: bool = False,
) -> Request:
    """Redirect every frame of a direction to the ifb; EEXIST when this filter is there.

    Where it ``unshares``, the frame first gets data of its own: pedit makes what it writes to
    writable, though it writes what is there (tcf_pedit_act, Linux 5.10 to 7.2). netem copies a
    frame that it makes corrupt where its data is shared, as with a packet socket. The copy has no
    mac_len (skb_copy), and an ifb hands it up with its headers in the wrong place: the kernel
    may stop (ifb_ri_tasklet, skb_under_panic).
    """
    mirred = _MIRRED.pack(0, 0, _TC_ACT_STOLEN, 0, 0, _EGRESS_REDIR, ifb_ifindex)
    does = [action("mirred", attributes.pack(_MIRRED_PARMS, mirred))]
    if unshares:
        does.insert(0, action("pedit", attributes.pack(_PEDIT_PARMS, _REWRITE_NOTHING)))
    return _add(ifindex, direction, does, is_hook_foreign, is_first)


def add_police(
    ifindex: int,
    direction: Direction,
    wanted: Police,
    is_hook_foreign: bool = False,
    is_first: bool = False,
) -> Request:
    """Drop what exceeds a rate, and show the rest to the next filter; EEXIST as ``add``."""
    options = police.encode(wanted, police.TC_ACT_UNSPEC, police.TC_ACT_SHOT)
    return _add(ifindex, direction, [action("police", options)], is_hook_foreign, is_first)


def delete(ifindex: int, direction: Direction, is_first: bool = False) -> Request:
    """Delete the filter."""
    return hook.delete(ifindex, direction, _position(is_first), KIND)


def get(ifindex: int, direction: Direction, is_first: bool = False) -> Request:
    """Ask for the filter; the kernel answers with an error when it is not there."""
    return hook.get(ifindex, direction, _position(is_first), KIND)


def _position(is_first: bool) -> hook.Position:
    return hook.FIRST if is_first else hook.LAST


def parse(body: bytes) -> Last:
    """The filter; its ``redirect_ifindex`` is 0 when it does something else."""
    is_first = TCMSG.unpack_from(body)[2] == hook.FIRST.handle
    actions = attributes.unpack(attributes.find(body, (TCA_OPTIONS, _ACT), TCMSG.size))
    does = [attributes.unpack(each) for _, each in sorted(actions.items())]
    kinds = [each.get(TCA_ACT_KIND, b"") for each in does]
    found = does[-1].get(TCA_ACT_OPTIONS, b"") if does else b""
    classid = attributes.find(body, (TCA_OPTIONS, _CLASSID), TCMSG.size)
    is_hook_foreign = classid == _U32.pack(_FOREIGN_HOOK)
    if kinds == [_POLICE]:
        return Last(None, police.decode(found), is_hook_foreign, is_first, False)
    mirred = attributes.find(found, (_MIRRED_PARMS,)) if kinds[-1:] == [_MIRRED_KIND] else b""
    target = _MIRRED.unpack_from(mirred)[6] if mirred else 0
    return Last(target, None, is_hook_foreign, is_first, kinds[:1] == [_PEDIT_KIND])


def _add(
    ifindex: int, direction: Direction, does: List[bytes], is_hook_foreign: bool, is_first: bool
) -> Request:
    actions = b"".join(attributes.pack(place, each) for place, each in enumerate(does, 1))
    options = attributes.pack(_ACT, actions)
    if is_hook_foreign:
        options = attributes.pack(_CLASSID, _U32.pack(_FOREIGN_HOOK)) + options
    body = (
        hook.head(ifindex, direction, _position(is_first))
        + attributes.pack_string(TCA_KIND, KIND)
        + attributes.pack(TCA_OPTIONS, options)
    )
    return Request(hook.RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, body)


def action(kind: str, options: bytes) -> bytes:
    """The attributes of one action of a filter."""
    return attributes.pack_string(TCA_ACT_KIND, kind) + attributes.pack(TCA_ACT_OPTIONS, options)
