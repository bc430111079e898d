# SPDX-License-Identifier: Apache-2.0
"""Room for packets on their way: what a netem needs and has, and what it may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import AbstractSet, Dict, Mapping, Optional, Tuple

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.link import DIRECTIONS, Direction
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Plan
from networking_netem.domain.qdisc import Netem


@dataclass(frozen=True)
class Queue:
    """One direction's netem: as planned, as found in the kernel, and what is on its way there.

    ``holder`` is the device or ifb that the netem is on.
    """

    holder: str
    planned: Optional[Netem]
    found: Optional[Netem]
    backlog_packets: int

    @property
    def needed_packets(self) -> int:
        """The limit with which nothing is dropped for lack of room."""
        return self.planned.limit_packets if self.planned else 0

    @property
    def found_packets(self) -> int:
        """The kernel's limit."""
        return self.found.limit_packets if self.found else 0


def queues_of(needed: Plan, observed: Observed) -> Dict[Direction, Queue]:
    """The queues of a device in both directions, whether or not there is a netem in them."""
    device = observed.device
    queues = {}
    for direction in DIRECTIONS:
        path = needed[direction]
        netem = path.tree.netem if path.tree else None
        is_at_root = path.is_at_root
        holder = device if is_at_root else ifb_name(device, direction)
        tree = observed.root if is_at_root else observed[direction].tree
        queues[direction] = Queue(holder, netem, tree.netem, tree.backlog_packets)
    return queues


def leftovers_of(needed: Plan, observed: Observed) -> Dict[str, int]:
    """The limits of netems that are not where the plan has them, by holder; 0 for no netem."""
    if needed.ingress.is_at_root:
        holder, tree = ifb_name(observed.device, Direction.INGRESS), observed.ingress.tree
    else:
        holder, tree = observed.device, observed.root
    return {holder: tree.netem.limit_packets if tree.netem else 0}


@dataclass(frozen=True)
class Room:
    """What the netems of a device may hold now.

    ``limits_packets`` are the limits to tell, 0 for no netem. A later look changes them unless
    ``is_final``. ``refusals`` say in words where there is no room at all.
    """

    limits_packets: Mapping[Direction, int]
    is_final: bool = True
    refusals: Tuple[str, ...] = ()


class Tally:
    """Packets by holder, and their sum; a holder that is not there has 0."""

    def __init__(self, packets: Mapping[str, int]) -> None:
        self._packets: Dict[str, int] = dict(packets)
        self.total = sum(packets.values())

    def __getitem__(self, holder: str) -> int:
        return self._packets.get(holder, 0)

    def __setitem__(self, holder: str, packets: int) -> None:
        self.total += packets - self[holder]
        if packets:
            self._packets[holder] = packets
        else:
            self._packets.pop(holder, None)

    @property
    def holders(self) -> AbstractSet[str]:
        """Those that have any."""
        return self._packets.keys()
