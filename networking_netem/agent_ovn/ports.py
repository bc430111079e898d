# SPDX-License-Identifier: Apache-2.0
"""Joins the two sides of a chassis: devices that carry ports, and ports that have links."""

from __future__ import annotations

import functools
import logging
from typing import Callable, Dict, Optional, Set

from networking_netem.domain.link import Link
from networking_netem.domain.link_text import Unreadable, read

LOG = logging.getLogger(__name__)

GRACE_S = 10.0
"""A port that OVN does not know is taken for deleted after this. A database that was restored, or
moved, is filled again by ovn-northd within it."""


class Ports:
    """Says which link a device is to have, once for each change. ``clock`` counts seconds.

    A device whose port OVN has not yet told of keeps what the kernel holds for it.
    """

    def __init__(self, want: Callable[[str, Link], None], clock: Callable[[], float]) -> None:
        self._want = want
        self._clock = clock
        self._port_ids: Dict[str, str] = {}
        self._devices: Dict[str, Set[str]] = {}
        self._links: Dict[str, Link] = {}
        self._gone_since_s: Dict[str, float] = {}
        self._wanted: Dict[str, Link] = {}

    @property
    def ids(self) -> Set[str]:
        """The ports that devices of this host carry."""
        return set(self._devices)

    @property
    def unknown_ids(self) -> Set[str]:
        """Those of them that OVN has not told of."""
        return self._devices.keys() - self._links.keys() - self._gone_since_s.keys()

    def plug(self, device: str, port_id: str) -> None:
        """A device carries this port from now on; none where ``port_id`` is empty."""
        before = self._port_ids.get(device, "")
        if port_id == before:
            return
        if before:
            self._unplug(device, before)
        if port_id:
            self._port_ids[device] = port_id
            self._devices.setdefault(port_id, set()).add(device)
        if port_id in self._links:
            self._tell(device, self._links[port_id])
        elif before:
            self._tell(device, Link.CLEAN)
        if not port_id:
            self._wanted.pop(device, None)

    def told(self, port_id: str, text: str) -> None:
        """OVN's database has this text for a port's link. One that is not read changes nothing."""
        self._gone_since_s.pop(port_id, None)
        try:
            said = read(text)
        except Unreadable as error:
            LOG.error("Port %s keeps the link that it has: %s", port_id, error)
        else:
            for name in sorted(said.unknown):
                _pass_over(name[:80])
            self._put(port_id, said.link)

    def missing(self, port_id: str) -> None:
        """OVN's database does not have this port."""
        if port_id in self._devices:
            self._gone_since_s.setdefault(port_id, self._clock())
        else:
            self._links.pop(port_id, None)

    def clean_missing(self) -> Optional[float]:
        """Clean what has been missing for long; return the seconds until the next, if any."""
        now_s = self._clock()
        for port_id, since_s in list(self._gone_since_s.items()):
            if now_s >= since_s + GRACE_S and self._links.get(port_id) != Link.CLEAN:
                self._put(port_id, Link.CLEAN)
        left_s = [
            since_s + GRACE_S - now_s
            for port_id, since_s in self._gone_since_s.items()
            if self._links.get(port_id) != Link.CLEAN
        ]
        return min(left_s, default=None)

    def _put(self, port_id: str, link: Link) -> None:
        self._links[port_id] = link
        for device in self._devices.get(port_id, ()):
            self._tell(device, link)

    def _tell(self, device: str, link: Link) -> None:
        if self._wanted.get(device) != link:
            self._wanted[device] = link
            self._want(device, link)

    def _unplug(self, device: str, port_id: str) -> None:
        del self._port_ids[device]
        self._devices[port_id].discard(device)
        if not self._devices[port_id]:
            # Its link is known as long as the database tells of it: the port may be back at once.
            del self._devices[port_id]
            self._gone_since_s.pop(port_id, None)


@functools.lru_cache(maxsize=256)
def _pass_over(name: str) -> None:
    """Say in the log what is not imposed; once for each name."""
    LOG.warning(
        "%s in links of ports is passed over on this chassis: the server's version of "
        "networking-netem is newer",
        name,
    )
