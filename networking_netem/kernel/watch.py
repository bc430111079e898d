# SPDX-License-Identifier: Apache-2.0
"""Reads from the kernel's announcements which devices changed; needs no privilege."""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
import sys
from typing import Optional, Set

from networking_netem.kernel import device, hook, qdisc
from networking_netem.kernel.netlink import OUR_PORTS, RECEIVE_BYTES, SOL_NETLINK, messages

_RTNLGRP_LINK, _RTNLGRP_TC = 1, 4
_NETLINK_ADD_MEMBERSHIP = 1

_LINK = (device.RTM_NEWLINK, device.RTM_DELLINK)
_TRAFFIC_CONTROL = (
    *(qdisc.RTM_NEWQDISC, qdisc.RTM_DELQDISC),
    *(hook.RTM_NEWTFILTER, hook.RTM_DELTFILTER),
)


_SO_ATTACH_FILTER = 26
_PORT_ID_OFFSET = 12
_LOAD_HALF, _IF_EQUAL, _RETURN = 0x28, 0x15, 0x06
_INSTRUCTION = struct.Struct("=HBBI")


def _not_by_us() -> bytes:
    """A socket filter (classic BPF) that keeps what no socket of ours has caused.

    A program reads numbers in network order, and netlink writes them in the host's.
    """
    begin = 0 if sys.byteorder == "big" else 2
    ours = struct.pack("=I", OUR_PORTS)[begin:][:2]
    lines = (
        (_LOAD_HALF, 0, 0, _PORT_ID_OFFSET + begin),
        (_IF_EQUAL, 0, 1, int.from_bytes(ours, "big")),
        (_RETURN, 0, 0, 0),
        (_RETURN, 0, 0, 0xFFFFFFFF),
    )
    return b"".join(_INSTRUCTION.pack(*line) for line in lines)


class Watcher:
    """The kernel's announcements about devices, qdiscs and filters of this namespace.

    What a socket of ours has changed or asked for is not heard. The kernel does not say whose
    request made a device (before Linux 6.2), so that is.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        program = ctypes.create_string_buffer(_not_by_us())
        lines = len(program) // _INSTRUCTION.size
        attached = struct.pack("@HP", lines, ctypes.addressof(program))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attached)
        self._socket.bind((0, 0))
        for group in (_RTNLGRP_LINK, _RTNLGRP_TC):
            self._socket.setsockopt(SOL_NETLINK, _NETLINK_ADD_MEMBERSHIP, group)

    def wait(self) -> Optional[Set[str]]:
        """Block until the kernel announces a change, and return the names of the devices.

        None means that announcements were lost (ENOBUFS), so any device may have changed.
        """
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            return None
        names = set()
        for kind, _, _, body in messages(data):
            if kind in _LINK:
                names.add(device.parse(body).name)
            elif kind in _TRAFFIC_CONTROL:
                names.add(_name(qdisc.TCMSG.unpack_from(body)[1]))
        return names - {""}


def _name(ifindex: int) -> str:
    """The name of the device; empty when it is gone, which another announcement says."""
    try:
        return socket.if_indextoname(ifindex)
    except OSError:
        return ""
