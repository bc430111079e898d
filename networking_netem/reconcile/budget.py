# SPDX-License-Identifier: Apache-2.0
"""How many packets the queues of this host may hold together."""

from __future__ import annotations

import logging
from typing import Dict

from networking_netem.domain.link import Link
from networking_netem.domain.plan import LIMIT_PACKETS_MAX, in_flight_packets

LOG = logging.getLogger(__name__)

PACKET_BYTES = 2304
"""What a queued frame costs the kernel: 0.7 to 2.3 KB (measured on Linux 6.1)."""


class Budget:
    """Room for packets on their way, handed out to devices as their links need it.

    A device keeps what it has been granted: to take packets back would lose them.
    """

    def __init__(self, memory_bytes: int) -> None:
        self._left = memory_bytes // PACKET_BYTES
        self._granted: Dict[str, int] = {}

    def limit_packets(self, device: str, link: Link) -> int:
        """The most packets that one direction of the device may hold."""
        needed = in_flight_packets(link.egress) + in_flight_packets(link.ingress)
        held = self._granted.get(device, 0)
        granted = min(needed, self._left + held)
        if granted < needed and granted != held:
            LOG.warning(
                "%s: %s packets can be on the way; the bound on queue memory leaves room for %s",
                device,
                needed,
                granted,
            )
        self._left += held - granted
        self._granted[device] = granted
        return LIMIT_PACKETS_MAX if granted == needed else granted // 2

    def free(self, device: str) -> None:
        """The device has no queue any more."""
        self._left += self._granted.pop(device, 0)
