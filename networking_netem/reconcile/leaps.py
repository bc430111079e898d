# SPDX-License-Identifier: Apache-2.0
"""The steps of many ports at one moment, worked out before: what changes, and the messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence, Tuple

from networking_netem.domain.leap import Leap, leap, like, steps
from networking_netem.domain.link import Link
from networking_netem.domain.plan import Plan, plan
from networking_netem.kernel.apply import Prepared
from networking_netem.reconcile.port import Port
from networking_netem.reconcile.protocols import Kernel


@dataclass(frozen=True)
class PortLeap:
    """A port, what it held when its step was prepared, what it will hold, and the messages.

    ``needed`` is the plan without regard to the room for packets. ``next_ms`` is when its link
    changes after that.
    """

    port: Port
    held: Plan
    desired: Link
    link: Link
    next_ms: Optional[int]
    needed: Plan
    after: Plan
    messages: Sequence[Prepared] = ()

    @property
    def is_good(self) -> bool:
        """False when something has happened to the port since."""
        return self.port.held_plan is self.held and self.port.desired is self.desired


class Leaps:
    """The leaps of ports to what holds at one moment; what many ports share is worked out once.

    A port is left out where more than settings of qdiscs changes, or where it is not settled.
    """

    def __init__(self, ports: Sequence[Port], at_ms: int) -> None:
        self._at_ms = at_ms
        self._links: Dict[Tuple[int, ...], Tuple[Link, Link, Optional[int]]] = {}
        self._leaps: Dict[Tuple[int, int], Tuple[Plan, Plan, Optional[Leap]]] = {}
        self.until_ms: Optional[int] = None
        self._found: List[Tuple[PortLeap, Leap]] = []
        for port in ports:
            self._add(port)

    def prepared(self, kernel: Kernel) -> List[PortLeap]:
        """The leaps with their messages. A port whose device is not there has none."""
        asked = [(each, steps(each.port.device, changes)) for each, changes in self._found]
        made = {
            id(message.step): message
            for message in kernel.prepare([step for _, of_port in asked for step in of_port])
        }
        leaps = []
        for each, of_port in asked:
            messages = [made[id(step)] for step in of_port if id(step) in made]
            if len(messages) == len(of_port):
                leaps.append(replace(each, messages=messages))
        return leaps

    def _add(self, port: Port) -> None:
        link, next_ms = self._link(port.desired)
        if next_ms is not None:
            self.until_ms = next_ms if self.until_ms is None else min(self.until_ms, next_ms)
        held, conditions = port.held_plan, port.conditions
        if held is None or conditions is None:
            return
        needed = plan(link.kept_open(port.link), conditions)
        after = like(held, needed)
        key = (id(held), id(after))
        if key not in self._leaps:
            self._leaps[key] = (held, after, leap(held, after))
        found = self._leaps[key][-1]
        if found is not None:
            leaping = PortLeap(port, held, port.desired, link, next_ms, needed, after)
            self._found.append((leaping, found))

    def _link(self, desired: Link) -> Tuple[Link, Optional[int]]:
        """What a link is at the moment, and when it changes next."""
        parts = (desired.egress_timeline, desired.ingress_timeline, desired.egress, desired.ingress)
        more = (desired.egress_selectors, desired.ingress_selectors)
        key = tuple(map(id, (*parts, *more)))
        if key not in self._links:
            # What has an id must not go meanwhile, so the link is kept.
            now = desired.at(self._at_ms)
            self._links[key] = (desired, now, desired.next_change_ms(self._at_ms))
        return self._links[key][1:]
