# SPDX-License-Identifier: Apache-2.0
"""Messages that add, change, delete and list qdiscs, and the handles of ours."""

from __future__ import annotations

import functools
import struct
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Type

from networking_netem.domain.qdisc import Fifo, Netem, Qdisc, Tbf
from networking_netem.kernel import attributes, fifo, netem, tbf
from networking_netem.kernel.netlink import NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, Request

RTM_NEWQDISC, RTM_DELQDISC, RTM_GETQDISC = 36, 37, 38

TC_H_ROOT = 0xFFFFFFFF
TC_H_CLSACT = 0xFFFFFFF1
CLSACT_HANDLE = 0xFFFF0000

TCMSG = struct.Struct("=BxxxiIII")
TCA_KIND, TCA_OPTIONS, TCA_STATS2 = 1, 2, 7
_STATS_QUEUE = 3
_QUEUE = struct.Struct("=IIIII")
"""qlen, backlog, drops, requeues, overlimits (struct gnet_stats_queue)."""


class Place(NamedTuple):
    """Where a kind of qdisc of ours sits and how its options are written and read."""

    handle: int
    parent: int
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Qdisc]


PLACES: Dict[Type[Qdisc], Place] = {
    Tbf: Place(0x4E450000, TC_H_ROOT, tbf.encode, tbf.decode),
    Netem: Place(0x4E460000, 0x4E450001, netem.encode, netem.decode),
    Fifo: Place(0x4E470000, 0x4E460001, fifo.encode, fifo.decode),
}
"""These never change: a new version must find the qdiscs that an older one has put there."""

_KINDS = {(kind.kind, place.handle, place.parent): place for kind, place in PLACES.items()}


_WAYS = {
    (NLM_F_CREATE | NLM_F_EXCL, place.handle, place.parent, kind.kind)
    for kind, place in PLACES.items()
} | {(0, place.handle, 0, kind.kind) for kind, place in PLACES.items()}
"""Flags, handle, parent and kind of each request of `add` and of `change`."""


class Asked(NamedTuple):
    """The device, the handle and the parent that a request names."""

    ifindex: int
    handle: int
    parent: int


class Found(NamedTuple):
    """One qdisc as the kernel lists it; ``entry`` is None when it is not one of ours.

    ``backlog_packets`` is told of our root only, which counts what is below it too.
    """

    ifindex: int
    kind: str
    handle: int
    parent: int
    backlog_packets: int
    entry: Optional[Qdisc]

    @property
    def is_default(self) -> bool:
        """True for what the kernel itself puts on a device: it has no handle."""
        return self.handle == 0


def add(ifindex: int, qdisc: Qdisc) -> Request:
    """Add one of ours in place of nothing or the kernel's default; EEXIST where another is."""
    place = PLACES[type(qdisc)]
    body = TCMSG.pack(0, ifindex, place.handle, place.parent, 0) + _content(qdisc, place)
    return Request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, body)


def change(ifindex: int, qdisc: Qdisc) -> Request:
    """Change one of ours in place, found by its handle alone; ENOENT when it is not there."""
    return Changes().message(ifindex, qdisc)


class Changes:
    """Messages of ``change``: of many devices that get the same settings, these are encoded once.

    That is told by the object's identity, since an equal one may lack a table.
    """

    def __init__(self) -> None:
        self._known: Dict[int, Tuple[Qdisc, bytes]] = {}

    def message(self, ifindex: int, qdisc: Qdisc) -> Request:
        """Change one of ours in place, as ``change`` does."""
        place = PLACES[type(qdisc)]
        if id(qdisc) not in self._known:
            self._known[id(qdisc)] = (qdisc, _content(qdisc, place))
        content = self._known[id(qdisc)][1]
        return Request(RTM_NEWQDISC, 0, TCMSG.pack(0, ifindex, place.handle, 0, 0) + content)


def delete_root(ifindex: int) -> Request:
    """Delete our root and all below it; EINVAL when the root has another handle or kind."""
    return _delete(ifindex, PLACES[Tbf].handle, TC_H_ROOT, Tbf.kind)


def delete_legacy(ifindex: int, handle: int) -> Request:
    """Delete a netem at the root; EINVAL when the root has another handle or kind."""
    return _delete(ifindex, handle, TC_H_ROOT, Netem.kind)


def add_clsact(ifindex: int) -> Request:
    """Add clsact, whose hooks hold filters; EEXIST when clsact or ingress is there."""
    body = TCMSG.pack(0, ifindex, CLSACT_HANDLE, TC_H_CLSACT, 0)
    return Request(
        RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, body + attributes.pack_string(TCA_KIND, "clsact")
    )


def delete_clsact(ifindex: int) -> Request:
    """Delete clsact and the filters on its hooks; EINVAL for an ``ingress`` qdisc."""
    return _delete(ifindex, CLSACT_HANDLE, TC_H_CLSACT, "clsact")


def _delete(ifindex: int, handle: int, parent: int, kind: str) -> Request:
    # The kernel compares a kind that is given (tc_get_qdisc of net/sched/sch_api.c, Linux 6.1).
    body = TCMSG.pack(0, ifindex, handle, parent, 0) + attributes.pack_string(TCA_KIND, kind)
    return Request(RTM_DELQDISC, 0, body)


def asked_place(body: bytes) -> Asked:
    """The device, handle and parent in a request about a qdisc or a filter."""
    _, ifindex, handle, parent, _ = TCMSG.unpack_from(body)
    return Asked(ifindex, handle, parent)


def sets_ours(request: Request) -> bool:
    """Whether a request adds one of ours in its place, or changes one of ours."""
    asked = asked_place(request.body)
    given = attributes.unpack(request.body, TCMSG.size)
    kind = attributes.unpack_string(given[TCA_KIND])
    return (
        request.message_type == RTM_NEWQDISC
        and (request.flags, asked.handle, asked.parent, kind) in _WAYS
        and set(given) == {TCA_KIND, TCA_OPTIONS}
    )


def get_root(ifindex: int) -> Request:
    """Ask for the root qdisc of a device, whosever it is."""
    return _get(ifindex, 0, TC_H_ROOT)


def get_hook(ifindex: int) -> Request:
    """Ask for the qdisc that has a device's hooks."""
    return _get(ifindex, 0, TC_H_CLSACT)


def get_children(ifindex: int) -> List[Request]:
    """Ask for the qdiscs of ours below the root of a device."""
    children = (place for place in PLACES.values() if place.parent != TC_H_ROOT)
    return [_get(ifindex, place.handle, place.parent) for place in children]


def _get(ifindex: int, handle: int, parent: int) -> Request:
    # The kernel sends the answer only with NLM_F_ECHO, announces it to everybody besides, and says
    # in it that the parent is what was asked for (qdisc_notify of net/sched/sch_api.c, Linux 6.1).
    return Request(RTM_GETQDISC, NLM_F_ECHO, TCMSG.pack(0, ifindex, handle, parent, 0))


def dump_body() -> bytes:
    """The body of a dump of every qdisc of the namespace; the kernel has no narrower one."""
    return TCMSG.pack(0, 0, 0, 0, 0)


def parse(body: bytes) -> Found:
    """One message of the dump."""
    _, ifindex, handle, parent, _ = TCMSG.unpack_from(body)
    kind = attributes.unpack_string(attributes.find(body, (TCA_KIND,), TCMSG.size))
    place = _KINDS.get((kind, handle, parent))
    if place is None:
        return Found(ifindex, kind, handle, parent, 0, None)
    options = attributes.find(body, (TCA_OPTIONS,), TCMSG.size)
    backlog_packets = _backlog(body) if parent == TC_H_ROOT else 0
    return Found(ifindex, kind, handle, parent, backlog_packets, _decode(place, options))


@functools.lru_cache(maxsize=32768)
def _decode(place: Place, options: bytes) -> Qdisc:
    """Cached, because most qdiscs are the same in each dump."""
    return place.decode(options)


def _backlog(body: bytes) -> int:
    queue = attributes.find(body, (TCA_STATS2, _STATS_QUEUE), TCMSG.size)
    packets: int = _QUEUE.unpack_from(queue)[0] if queue else 0
    return packets


def _content(qdisc: Qdisc, place: Place) -> bytes:
    return attributes.pack_string(TCA_KIND, qdisc.kind) + attributes.pack(
        TCA_OPTIONS, place.encode(qdisc)
    )
