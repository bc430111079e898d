# SPDX-License-Identifier: Apache-2.0
"""How many packets the queues of this host may hold together."""

from __future__ import annotations

import logging
from typing import Collection, Dict, List, Mapping, Set, Tuple

from networking_netem.domain.ifb import ifb_names
from networking_netem.domain.link import Direction
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Plan
from networking_netem.domain.tree import LIMIT_PACKETS_MIN
from networking_netem.reconcile.limits import Limits
from networking_netem.reconcile.room import Queue, Room, Tally, leftovers_of, queues_of

LOG = logging.getLogger(__name__)

PACKET_BYTES = 2304
"""What a queued frame costs the kernel: 0.7 to 2.3 KB (measured on Linux 6.1)."""

SHARE = 1 / 16
"""The part of the bound that one port may have, unless an option says otherwise."""

FLOORS = 4
"""One in this many packets of the bound is kept for the floors of ports to come."""


class Budget:
    """Hands out limits to netems so that all limits in the kernel together stay within a bound.

    Room is held by the device or ifb that a netem is on. It is held from before the kernel is told
    of a limit until a look shows that the kernel's limit is lower: the kernel's own limits count,
    whoever set them and whenever.
    """

    def __init__(self, memory_bytes: int, share: float = SHARE) -> None:
        self._bound_packets = memory_bytes // PACKET_BYTES
        self._share_packets = int(self._bound_packets * share)
        self._spare_bound_packets = self._bound_packets - self._bound_packets // FLOORS
        self._held = Tally({})
        self._meant = Tally({})
        self._is_seeded = False
        self._doubted: Set[str] = set()
        self._limits = Limits()
        self._said: Dict[str, Tuple[int, int]] = {}

    @property
    def is_doubtful(self) -> bool:
        """True while the kernel may hold other limits than are known of: ``seed`` is called for."""
        return not self._is_seeded or bool(self._doubted)

    def seed(self, limits_packets: Mapping[str, int]) -> None:
        """Take the kernel's word for the limits of all netems of ours on the host, by holder."""
        self._held = Tally(limits_packets)
        self._meant = Tally(limits_packets)
        self._is_seeded = True
        self._doubted.clear()

    def doubt_others(self, devices: Collection[str]) -> None:
        """Nobody looks at other devices than these: what they held may have gone."""
        looked_at = {name for device in devices for name in (device, *ifb_names(device))}
        self._doubted |= self._held.holders - looked_at

    def unplugged(self, device: str) -> None:
        """A port's device has gone; its ifbs may still be there."""
        self.forget(device)
        self._doubted |= self._held.holders & set(ifb_names(device))

    def forget(self, holder: str) -> None:
        """The netem of a device or ifb has gone."""
        self._held[holder] = self._meant[holder] = 0
        self._doubted.discard(holder)
        self._limits.forget(holder)
        self._said.pop(holder, None)

    def room(self, needed: Plan, observed: Observed, now_s: float, is_first: bool) -> Room:
        """The limits that a device's netems are to have now.

        ``is_first`` tells the first look at a port from those that verify what was told after it.
        """
        device = observed.device
        queues = queues_of(needed, observed)
        self._hold_leftovers(leftovers_of(needed, observed))
        if self._is_as_needed(queues.values()):
            return Room({})
        for queue in queues.values():
            self._held[queue.holder] = queue.found_packets
        shares = _split({d: q.needed_packets for d, q in queues.items()}, self._share_packets)
        limits: Dict[Direction, int] = {}
        is_final = True
        refusals: List[str] = []
        for direction, queue in queues.items():
            if queue.planned is None:
                # The tree holds its room until it is empty and gone.
                self.forget(queue.holder)
                self._held[queue.holder] = queue.found_packets
                continue
            granted = self._granted(queue, shares[direction])
            limits[direction] = self._limits.limit_packets(queue, granted, now_s, is_first)
            self._held[queue.holder] = max(limits[direction], queue.found_packets)
            self._meant[queue.holder] = granted
            is_final = is_final and limits[direction] == granted
            if not granted:
                refusals.append(
                    f"{direction.value} needs room for {queue.needed_packets} packets on their "
                    f"way, {LIMIT_PACKETS_MIN} at the least; the bound on queue memory leaves none"
                )
            else:
                self._say(device, direction, queue, granted)
        return Room(limits, is_final, tuple(refusals))

    def _hold_leftovers(self, limits_packets: Mapping[str, int]) -> None:
        """A netem that is to go holds its room until it has gone."""
        for holder, limit_packets in limits_packets.items():
            if limit_packets != self._held[holder] or not limit_packets:
                self.forget(holder)
                self._held[holder] = limit_packets

    def _is_as_needed(self, queues: Collection[Queue]) -> bool:
        """True when the kernel's limits are those needed and granted: most looks find this."""
        needed_packets = sum(queue.needed_packets for queue in queues)
        is_within = self._meant.total <= self._bound_packets
        return (
            is_within
            and needed_packets <= self._share_packets
            and all(
                queue.needed_packets
                == queue.found_packets
                == self._held[queue.holder]
                == self._meant[queue.holder]
                for queue in queues
            )
        )

    def _granted(self, queue: Queue, share_packets: int) -> int:
        """What a netem's limit may be when what is on its way has left; 0 when not even the floor.

        Nobody gets less than the floor. What is above the floor never comes out of what is kept for
        the floors of others. Where the kernel's limits exceed the bound, which an agent with a
        larger bound may have left, they fall by so much.
        """
        found, held = queue.found_packets, self._held.total
        spare = max(self._spare_bound_packets - held, 0)
        free = max(self._bound_packets - held, 0)
        granted = max(min(share_packets, found + spare), min(LIMIT_PACKETS_MIN, found + free))
        others = self._meant.total - self._meant[queue.holder]
        granted = min(granted, max(self._bound_packets - others, LIMIT_PACKETS_MIN))
        return granted if granted >= LIMIT_PACKETS_MIN else found

    def _say(self, device: str, direction: Direction, queue: Queue, granted_packets: int) -> None:
        """Say once for each pair of figures what is cut off."""
        figures = (queue.needed_packets, granted_packets)
        if granted_packets < queue.needed_packets and self._said.get(queue.holder) != figures:
            LOG.warning(
                "%s: %s packets can be on their way (%s); the bound on queue memory leaves room "
                "for %s",
                device,
                queue.needed_packets,
                direction.value,
                granted_packets,
            )
        self._said[queue.holder] = figures


def _split(needs: Mapping[Direction, int], share_packets: int) -> Dict[Direction, int]:
    """A port's share by direction: what one does not need, the other may have."""
    total = sum(needs.values())
    return {
        direction: max(
            min(need, max(share_packets // 2, share_packets - (total - need))),
            min(need, LIMIT_PACKETS_MIN),
        )
        for direction, need in needs.items()
    }
