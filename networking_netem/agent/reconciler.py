# SPDX-License-Identifier: Apache-2.0
"""Keeps what the kernel holds for every port at the port's desired link."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Callable, Collection, Dict, List, Optional, Protocol, Sequence

from oslo_log import log as logging

from networking_netem.domain.diff import diff, ifb_name, obstacles
from networking_netem.domain.link import Link
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Plan, plan
from networking_netem.domain.step import Await, DeleteIfb, Step
from networking_netem.kernel.apply import Failure

LOG = logging.getLogger(__name__)

ROUNDS = 4
"""Observe and apply at most this often before a port counts as failed."""

FIRST_RETRY_S, LAST_RETRY_S = 0.05, 30.0
"""A port that is not done is looked at again after this time, doubled each time."""


class Kernel(Protocol):
    """What the reconciler needs of ``networking_netem.kernel.host.Host``."""

    def observe(self, devices: Collection[str]) -> Dict[str, Observed]: ...

    def ifbs(self) -> Collection[str]: ...

    def apply(self, steps: Sequence[Step]) -> Sequence[Failure]: ...


class Switch(Protocol):
    """What the reconciler needs of ``networking_netem.agent.switch.Switch``."""

    def claim(self, device: str) -> None: ...

    def release(self, device: str) -> None: ...


@dataclass
class _Port:
    """What is remembered of a device: what is desired, and when to look again; None for never."""

    link: Link = Link.CLEAN
    due_at_s: Optional[float] = None
    retry_s: float = FIRST_RETRY_S
    complaint: str = ""


class Reconciler:
    """Plans, observes, applies and observes again, for one device as for a thousand.

    ``clock`` counts seconds. Never raises for one port's sake: a failure is logged once and tried
    again, and the port is left clean rather than half done.
    """

    def __init__(
        self, kernel: Kernel, switch: Switch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kernel = kernel
        self._switch = switch
        self._clock = clock
        self._ports: Dict[str, _Port] = {}
        self._lock = threading.RLock()

    def want(self, device: str, link: Link) -> None:
        """Set what is desired; the kernel hears of it from ``reconcile``."""
        with self._lock:
            self._ports.setdefault(device, _Port()).link = link

    def reconcile(self, devices: Collection[str]) -> None:
        """Make the kernel hold what is desired of these devices; clean where nothing is."""
        with self._lock:
            ports = {device: self._ports.setdefault(device, _Port()) for device in devices}
            failures = self._rounds(ports)
            seen = self._kernel.observe(ports)
            for device, port in ports.items():
                self._settle(device, port, seen.get(device), failures.get(device, ""))

    def reconcile_due(self) -> Optional[float]:
        """Reconcile what is due now and return the seconds until the next; None for no next."""
        with self._lock:
            now_s = self._clock()
            due = [
                device
                for device, port in self._ports.items()
                if port.due_at_s is not None and port.due_at_s <= now_s
            ]
            if due:
                self.reconcile(due)
            waiting = [port.due_at_s for port in self._ports.values() if port.due_at_s is not None]
            return max(min(waiting) - self._clock(), 0.0) if waiting else None

    def _rounds(self, ports: Dict[str, _Port]) -> Dict[str, str]:
        """Apply until nothing is left to apply; returns the last refusal of each device."""
        for device, port in ports.items():
            if port.link != Link.CLEAN:
                self._switch.claim(device)
        refused: Dict[str, str] = {}
        for _ in range(ROUNDS):
            seen = self._kernel.observe(ports)
            steps = self._orphans(ports, seen)
            for device, observed in seen.items():
                steps.extend(_sendable(ports[device].link, observed))
            if not steps:
                return {}
            refused = {
                _subject(failure.step): str(failure) for failure in self._kernel.apply(steps)
            }
        return {
            device: refused.get(device) or refused.get(ifb_name(device), "") for device in ports
        }

    def _orphans(self, ports: Collection[str], seen: Collection[str]) -> List[Step]:
        """The ifbs of devices that are gone."""
        gone = {ifb_name(device) for device in ports if device not in seen}
        return [DeleteIfb(ifb) for ifb in self._kernel.ifbs() if ifb in gone] if gone else []

    def _settle(self, device: str, port: _Port, observed: Optional[Observed], refusal: str) -> None:
        """Decide what comes after the rounds: nothing, another look, or a clean end."""
        if observed is None:
            del self._ports[device]
            return
        wanted = plan(port.link, observed.mtu_bytes)
        left = diff(wanted, observed)
        hindered = obstacles(wanted, observed)
        if not left and not hindered:
            self._finish(device, port)
        elif left and all(isinstance(step, Await) for step in left):
            self._look_again(port)
        else:
            self._complain(device, port, refusal or "; ".join(hindered) or f"still to do: {left}")
            if left:
                self._kernel.apply(_sendable(Link.CLEAN, observed))
            self._look_again(port)

    def _finish(self, device: str, port: _Port) -> None:
        if port.complaint:
            LOG.info("%s holds its link now: %s", device, port.link)
        if port.link == Link.CLEAN:
            self._switch.release(device)
            del self._ports[device]
            return
        port.due_at_s, port.retry_s, port.complaint = None, FIRST_RETRY_S, ""

    def _look_again(self, port: _Port) -> None:
        port.due_at_s = self._clock() + port.retry_s
        port.retry_s = min(2 * port.retry_s, LAST_RETRY_S)

    @staticmethod
    def _complain(device: str, port: _Port, complaint: str) -> None:
        if port.complaint != complaint:
            LOG.error("%s does not hold its link (%s): %s", device, port.link, complaint)
            port.complaint = complaint


def _sendable(link: Link, observed: Observed) -> List[Step]:
    """The steps of a diff that tell the kernel something."""
    wanted = Plan() if link == Link.CLEAN else plan(link, observed.mtu_bytes)
    return [step for step in diff(wanted, observed) if not isinstance(step, Await)]


def _subject(step: Step) -> str:
    """The device, or else the ifb, that a step changes."""
    subject: str = getattr(step, "device", "") or getattr(step, "ifb", "")
    return subject
