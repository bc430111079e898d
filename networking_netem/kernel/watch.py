# SPDX-License-Identifier: Apache-2.0
"""Reads from the kernel's announcements which devices changed; needs no privilege."""

from __future__ import annotations

import errno
import socket
from typing import Optional, Set

from networking_netem.kernel import device, qdisc, redirect
from networking_netem.kernel.netlink import RECEIVE_BYTES, SOL_NETLINK, messages

_RTNLGRP_LINK, _RTNLGRP_TC = 1, 4
_NETLINK_ADD_MEMBERSHIP = 1

_LINK = (device.RTM_NEWLINK, device.RTM_DELLINK)
_TRAFFIC_CONTROL = (
    *(qdisc.RTM_NEWQDISC, qdisc.RTM_DELQDISC),
    *(redirect.RTM_NEWTFILTER, redirect.RTM_DELTFILTER),
)


class Watcher:
    """The kernel's announcements about devices, qdiscs and filters of this namespace."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
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
