# SPDX-License-Identifier: Apache-2.0
"""Messages that make and remove ifbs and list network devices."""

from __future__ import annotations

import functools
import struct
from typing import NamedTuple

from networking_netem.kernel import attributes
from networking_netem.kernel.netlink import NLM_F_CREATE, NLM_F_EXCL, Request

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18

_IFINFOMSG = struct.Struct("=BxHiII")
_IFF_UP = 1
_IFLA_IFNAME, _IFLA_MTU, _IFLA_QDISC, _IFLA_LINKINFO, _IFLA_EXT_MASK = 3, 4, 6, 18, 29
_IFLA_INFO_KIND = 1
_RTEXT_FILTER_SKIP_STATS = 8
_U32 = struct.Struct("=I")


class Device(NamedTuple):
    """One network device; ``kind`` is "ifb", "veth", "tun", …, or empty, as for a physical one.

    ``root_kind`` is the kind of its root qdisc.
    """

    ifindex: int
    name: str
    kind: str
    mtu_bytes: int
    is_up: bool
    root_kind: str


def add_ifb(name: str) -> Request:
    """Make an ifb that is up; the kernel answers EEXIST when a device has the name."""
    info = attributes.pack(_IFLA_LINKINFO, attributes.pack_string(_IFLA_INFO_KIND, "ifb"))
    body = _IFINFOMSG.pack(0, 0, 0, _IFF_UP, _IFF_UP) + _name(name) + info
    return Request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body)


def set_up(name: str) -> Request:
    """Bring a device up."""
    return Request(RTM_NEWLINK, 0, _IFINFOMSG.pack(0, 0, 0, _IFF_UP, _IFF_UP) + _name(name))


def delete(name: str) -> Request:
    """Remove a device."""
    return Request(RTM_DELLINK, 0, _IFINFOMSG.pack(0, 0, 0, 0, 0) + _name(name))


def get(name: str) -> Request:
    """Ask for a device by its name; the kernel answers with an error when there is none."""
    mask = attributes.pack(_IFLA_EXT_MASK, _U32.pack(_RTEXT_FILTER_SKIP_STATS))
    return Request(RTM_GETLINK, 0, _IFINFOMSG.pack(0, 0, 0, 0, 0) + _name(name) + mask)


def asked_name(body: bytes) -> str:
    """The device that a request names. Raises ``KeyError`` where it names none."""
    return attributes.unpack_string(attributes.unpack(body, _IFINFOMSG.size)[_IFLA_IFNAME])


def dump_body() -> bytes:
    """The body of a dump of every device of the namespace, without their counters."""
    mask = attributes.pack(_IFLA_EXT_MASK, _U32.pack(_RTEXT_FILTER_SKIP_STATS))
    return _IFINFOMSG.pack(0, 0, 0, 0, 0) + mask


@functools.lru_cache(maxsize=8192)
def parse(body: bytes) -> Device:
    """The device in one message of the dump. Cached, because most are the same in each dump."""
    _, _, ifindex, flags, _ = _IFINFOMSG.unpack_from(body)
    found = attributes.unpack(body, _IFINFOMSG.size)
    kind = attributes.unpack(found.get(_IFLA_LINKINFO, b"")).get(_IFLA_INFO_KIND, b"")
    return Device(
        ifindex=ifindex,
        name=attributes.unpack_string(found[_IFLA_IFNAME]),
        kind=attributes.unpack_string(kind),
        mtu_bytes=_U32.unpack(found[_IFLA_MTU])[0],
        is_up=bool(flags & _IFF_UP),
        root_kind=attributes.unpack_string(found.get(_IFLA_QDISC, b"")),
    )


def _name(name: str) -> bytes:
    return attributes.pack_string(_IFLA_IFNAME, name)
