# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one port's device: the desired link, and how it stands with it."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import FrozenSet, Optional, Tuple

from networking_netem.domain.link import DIRECTIONS, Direction, Link
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Conditions, Plan, is_unselected, plan
from networking_netem.domain.shortfall import shortfalls
from networking_netem.reconcile.status import SETTLED, Failed, Settled, Status, Waiting

LOG = logging.getLogger(__name__)

ABSENT_S = 60.0
"""A device comes before its port's link, or soon after it."""

FIRST_RETRY_S, LAST_RETRY_S = 0.05, 30.0
"""Time to the next look at a port that is not settled, doubled with each look."""


@dataclass
class Port:
    """A device, its desired link, and its status.

    ``desired`` is the link with its timelines, ``link`` what it is at this moment. It changes by
    itself at ``next_change_ms`` of the wall clock, in milliseconds since 1970. ``refused`` are the
    directions whose trees the kernel did not take at the last try. ``has_root`` is true while the
    device's root holds a tree of ours, ``is_given_back`` when the switch was told that it is clean.
    ``absent_since_s`` is when its device was first found missing.
    """

    device: str
    link: Link = Link.CLEAN
    desired: Link = Link.CLEAN
    next_change_ms: Optional[int] = None
    status: Status = SETTLED
    _retry_s: float = FIRST_RETRY_S
    _complaint: str = ""
    refused: FrozenSet[Direction] = frozenset()
    has_root: bool = False
    is_given_back: bool = False
    absent_since_s: Optional[float] = None
    _planned: Optional[Tuple[Link, Conditions, Plan]] = None
    _unselected: FrozenSet[Direction] = frozenset()
    _held: Optional[Tuple[Plan, Optional[Observed]]] = None

    @property
    def due_at_s(self) -> Optional[float]:
        """When to look at the port next; None when it is settled."""
        return None if isinstance(self.status, Settled) else self.status.until_s

    def plan(self, conditions: Conditions) -> Plan:
        """What the kernel must hold; worked out anew only when something has changed."""
        if self._planned is None or self._planned[:2] != (self.link, conditions):
            self._planned = (self.link, conditions, plan(self.link, conditions))
            self._say_unselected(self._planned[2])
        return self._planned[2]

    @property
    def conditions(self) -> Optional[Conditions]:
        """What bounded the plan that was worked out last; None before the first."""
        return self._planned[1] if self._planned else None

    @property
    def held_plan(self) -> Optional[Plan]:
        """The plan that the kernel holds; None where that is not certain."""
        return self._held[0] if self._held and isinstance(self.status, Settled) else None

    def want(self, link: Link, now_ms: int) -> None:
        """Desire this link. The log says what of it the kernel cannot do."""
        if link != self.desired:
            LOG.info("%s: %s", self.device, link)
            for shortfall in shortfalls(link):
                LOG.warning("%s: %s", self.device, shortfall)
        self.desired = link
        self._move(now_ms)

    def enter(self, now_ms: int) -> None:
        """The link is what it is at another moment now; the port is looked at at once.

        A device that is missing is announced when it comes.
        """
        self._move(now_ms)
        if self.absent_since_s is None:
            self.touch_now()

    def leap(self, link: Link, next_change_ms: Optional[int], needed: Plan, after: Plan) -> None:
        """The kernel has taken what makes it hold the plan ``after``, for what the link is now."""
        assert self._planned
        self.next_change_ms = next_change_ms
        opened = link.kept_open(self.link)
        self._planned = (opened, self._planned[1], needed)
        self._held = (after, None)
        self.link = link
        if opened != link:
            # A timeline is over, and its tree is to go.
            self.touch_now()

    def _move(self, now_ms: int) -> None:
        self.link = self.desired.at(now_ms)
        self.is_given_back = self.is_given_back and self.link.is_clean
        self.next_change_ms = self.desired.next_change_ms(now_ms)

    def _say_unselected(self, planned: Plan) -> None:
        """The log says, once, of which directions no packet can be let past the link."""
        unselected = frozenset(
            each for each in DIRECTIONS if is_unselected(self.link, planned, each)
        )
        for direction in unselected - self._unselected:
            LOG.warning(
                "%s: selectors of its %s cannot be had on this host, so only its bandwidth limit "
                "is imposed, on all packets",
                self.device,
                direction.value,
            )
        self._unselected = unselected

    def touch(self, at_s: float) -> None:
        """Something was done to the device. It is looked at by `at_s`."""
        if isinstance(self.status, Settled):
            self.status = Waiting(at_s, "something was done to its device")
        else:
            self.status = replace(self.status, until_s=min(self.status.until_s, at_s))

    def touch_now(self) -> None:
        """Something else is to hold at once."""
        self.touch(-math.inf)

    def begin(self, now_s: float) -> None:
        """A look at the port begins. Whatever comes of it, there is another."""
        self.refused = frozenset()
        self.touch(now_s + self._retry_s)

    def is_held(self, plan: Plan, observed: Observed) -> bool:
        """Whether these very objects were found to agree: there is nothing to compare."""
        return self._held is not None and self._held[0] is plan and self._held[1] is observed

    def hold(self, plan: Plan, observed: Observed) -> None:
        """A plan and what is observed agree."""
        self._held = (plan, observed)

    def settle(self) -> None:
        """The kernel holds the link."""
        if self._complaint:
            LOG.info("%s holds its link now: %s", self.device, self.link)
        self.status, self._retry_s, self._complaint = SETTLED, FIRST_RETRY_S, ""

    def miss(self, now_s: float) -> None:
        """The device is not there. After a minute that is said, once.

        The kernel announces a device that comes, so nothing else is due.
        """
        if self.absent_since_s is None:
            self.absent_since_s = now_s
        said_at_s = self.absent_since_s + ABSENT_S
        if now_s < said_at_s:
            self.status = Waiting(said_at_s, "its device is not on this host")
        else:
            self.fail(now_s, f"no network device of this name is on this host after {ABSENT_S:g} s")
            self.status = Failed(math.inf, self._complaint)

    def wait(self, now_s: float, why: str) -> None:
        """The kernel will hold the link without our doing. The port is looked at again later."""
        self.status = Waiting(self._next_look_s(now_s), why)

    def fail(self, now_s: float, why: str) -> None:
        """The kernel does not hold the link. The log says why, once for each reason."""
        if why != self._complaint:
            LOG.error("%s does not hold its link (%s): %s", self.device, self.link, why)
        self._complaint = why
        self.status = Failed(self._next_look_s(now_s), why)

    def _next_look_s(self, now_s: float) -> float:
        at_s = now_s + self._retry_s
        self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)
        return at_s
