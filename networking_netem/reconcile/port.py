# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one port's device: what is desired, and when to look at it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from oslo_log import log as logging

from networking_netem.domain.link import Link
from networking_netem.domain.plan import Conditions, Plan, plan
from networking_netem.domain.shortfall import shortfalls

LOG = logging.getLogger(__name__)

FIRST_RETRY_S, LAST_RETRY_S = 0.05, 30.0
"""A port that is not done is looked at again after this time, doubled each time."""


@dataclass
class Port:
    """A device and its desired link; ``due_at_s`` None means that nothing is pending."""

    device: str
    link: Link = Link.CLEAN
    due_at_s: Optional[float] = None
    retry_s: float = FIRST_RETRY_S
    complaint: str = ""
    _planned: Optional[Tuple[Link, Conditions, Plan]] = None

    def plan(self, conditions: Conditions) -> Plan:
        """What the kernel must hold; worked out anew only when something has changed."""
        if self._planned is None or self._planned[:2] != (self.link, conditions):
            self._planned = (self.link, conditions, plan(self.link, conditions))
        return self._planned[2]

    def want(self, link: Link) -> None:
        """Desire this link; what the kernel cannot do of it is said in the log."""
        if link != self.link:
            LOG.info("%s: %s", self.device, link)
            for shortfall in (*shortfalls(link.egress), *shortfalls(link.ingress)):
                LOG.warning("%s: %s", self.device, shortfall)
        self.link = link

    def is_due(self, now_s: float) -> bool:
        """Whether it is time to look."""
        return self.due_at_s is not None and self.due_at_s <= now_s

    def look_again(self, now_s: float) -> None:
        """Try once more, later each time."""
        self.due_at_s = now_s + self.retry_s
        self.retry_s = min(2 * self.retry_s, LAST_RETRY_S)

    def touch(self, at_s: float) -> None:
        """Look at it at that time, if not before."""
        self.due_at_s = at_s if self.due_at_s is None else min(self.due_at_s, at_s)

    def rest(self) -> None:
        """All is as desired."""
        if self.complaint:
            LOG.info("%s holds its link now: %s", self.device, self.link)
        self.due_at_s, self.retry_s, self.complaint = None, FIRST_RETRY_S, ""

    def complain(self, complaint: str) -> None:
        """Say in the log what is wrong, once."""
        if complaint != self.complaint:
            LOG.error("%s does not hold its link (%s): %s", self.device, self.link, complaint)
            self.complaint = complaint
