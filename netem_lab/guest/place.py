# SPDX-License-Identifier: Apache-2.0
"""The places of guests in a lab's namespace: each has a tap, addresses and a host name of its own.

All addresses are for documentation (RFC 5737); they exist in that namespace only.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX_LENGTH = 30
"""Of the network of a tap, and of that of the cable."""

CABLE_MTU = 1600
"""Room for a packet of 1500 bytes and the headers of a tunnel around it."""


@dataclass(frozen=True)
class Place:
    """A guest's end of a tap to the host, and of the cable to the other guest where there is one.

    `hostname` is what the guest calls itself.
    """

    hostname: str
    tap: str
    host_address: str
    address: str
    mac: str
    cable_address: str


FIRST = Place("netem-lab", "guest", "192.0.2.1", "192.0.2.2", "02:00:c0:00:02:02", "192.0.2.129")
SECOND = Place(
    "netem-lab-2", "guest2", "192.0.2.5", "192.0.2.6", "02:00:c0:00:02:06", "192.0.2.130"
)
PLACES = (FIRST, SECOND)
