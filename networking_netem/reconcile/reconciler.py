# SPDX-License-Identifier: Apache-2.0
"""Keeps what the kernel holds for every port at the port's desired link."""

from __future__ import annotations

import logging
import threading
import time
from typing import Callable, Collection, Dict, FrozenSet, Optional, Sequence

from networking_netem.domain.link import Link
from networking_netem.domain.protect import PROTECTED
from networking_netem.kernel.netlink import Unavailable
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.halves import by_halves
from networking_netem.reconcile.inbox import Inbox
from networking_netem.reconcile.lateness import Lateness
from networking_netem.reconcile.modules import Modules
from networking_netem.reconcile.orphans import sweep
from networking_netem.reconcile.port import Port
from networking_netem.reconcile.ports import Ports
from networking_netem.reconcile.protocols import Kernel, Switch
from networking_netem.reconcile.rounds import Rounds
from networking_netem.reconcile.status import Status
from networking_netem.reconcile.stepper import Stepper

LOG = logging.getLogger(__name__)

DEBOUNCE_S = 0.005
"""Who changed something often changes more at once; wait this long for the rest."""


def _since_1970_ms() -> float:
    return time.time() * 1000


class Reconciler:
    """Plans, observes, applies and observes again, for one device as for a thousand.

    No port stops another. What is refused or raised becomes the status of its port, which is tried
    again later and later. ``protected`` names the traffic that no link touches. ``clock`` counts
    seconds, ``wall_clock`` milliseconds since 1970.
    """

    def __init__(
        self,
        kernel: Kernel,
        switch: Switch,
        budget: Budget,
        protected: FrozenSet[str] = PROTECTED,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = _since_1970_ms,
    ) -> None:
        self._kernel = kernel
        self._switch = switch
        self._budget = budget
        self._clock = clock
        self._wall_clock = wall_clock
        self._modules = Modules()
        self._inbox = Inbox()
        self._ports = Ports(kernel.traces)
        self._rounds = Rounds(
            kernel, switch, budget, self._modules, protected, clock, self._ports.forget
        )
        self.lateness = Lateness()
        self._stepper = Stepper(kernel, self._ports, wall_clock, self.lateness)
        self._lock = threading.RLock()

    def link(self, device: str) -> Link:
        """The link that is desired of a device. Never waits for a reconcile that goes on."""
        waiting = self._inbox.link(device)
        if waiting is not None:
            return waiting
        port = self._ports.get(device)
        return port.desired if port else Link.CLEAN

    def statuses(self) -> Dict[str, Status]:
        """The status of each device that has a link, or from which one is being removed."""
        with self._lock:
            return {port.device: port.status for port in self._ports}

    def want(self, device: str, link: Link) -> None:
        """Set what is desired; the next look is due at once. Never waits, and raises nothing."""
        self._inbox.put(device, link)

    def touch(self, names: Optional[Collection[str]]) -> None:
        """Look soon at the ports behind these devices or ifbs; None for all."""
        with self._lock:
            at_s = self._clock() + DEBOUNCE_S
            for port in list(self._ports) if names is None else self._ports.behind(names):
                port.touch(at_s)

    def audit(self) -> None:
        """Look at every port, remove what deleted ports left, try missing modules anew."""
        with self._lock:
            self._take_in()
            self._modules.try_again()
            sweep(self._kernel, self._budget)
            devices = [port.device for port in self._ports]
            self._budget.doubt_others(devices)
            self.reconcile(devices)
            self._give_roots_back()
            late_ms, steps = self.lateness.take()
            if late_ms:
                LOG.info("%s steps of timelines, at most %.1f ms late", steps, max(late_ms))

    def reconcile(self, devices: Collection[str]) -> None:
        """Make the kernel hold what is desired of these devices; clean where nothing is.

        Raises nothing: each port that is not settled has its status and a time for the next look.
        """
        with self._lock:
            self._take_in()
            ports = [self._ports.make(device) for device in devices]
            for port in ports:
                port.begin(self._clock())
            by_halves(ports, self._reconcile, self._rounds.fail)

    def reconcile_due(self) -> Optional[float]:
        """Reconcile what is due now and return the seconds until the next; None for no next."""
        with self._lock:
            self._take_in()
            now_s = self._clock()
            self.reconcile([device for device, at_s in self._due_at_s().items() if at_s <= now_s])
            due = self._due_at_s()
            return max(min(due.values()) - self._clock(), 0.0) if due else None

    def step(self, was_clock_set: bool = False) -> Optional[int]:
        """Bring ports to the steps of their timelines that are due, and prepare those due soon.

        Returns when to call it next, in milliseconds since 1970; None while no link changes.
        """
        with self._lock:
            self._stepper.step(was_clock_set)
            return self._stepper.wake_at_ms

    def step_at_ms(self) -> Optional[int]:
        """When ``step`` is to be called next; None while no link changes by itself."""
        with self._lock:
            return self._stepper.wake_at_ms

    def _take_in(self) -> None:
        """Have the links that were handed over looked at.

        A device that is to be clean, and has nothing of ours, costs no look.
        """
        for device, link in self._inbox.waiting().items():
            if not link.is_clean or self._may_hold_anything(device):
                port = self._ports.make(device)
                port.want(link, int(self._wall_clock()))
                port.touch(self._clock())
            self._inbox.taken(device, link)

    def _may_hold_anything(self, device: str) -> bool:
        try:
            return self._ports.may_hold_anything(device)
        except Exception:
            LOG.warning("What an earlier agent left cannot be listed", exc_info=True)
            return True

    def _reconcile(self, ports: Sequence[Port]) -> None:
        try:
            self._rounds.bring(ports)
        except Unavailable as error:
            # No port is at fault: fewer would fare no better.
            for port in ports:
                self._rounds.fail(port, error)

    def _due_at_s(self) -> Dict[str, float]:
        due = ((port.device, port.due_at_s) for port in self._ports)
        return {device: at_s for device, at_s in due if at_s is not None}

    def _give_roots_back(self) -> None:
        """Have the switch mind those root qdiscs again that held a tree of ours before."""
        for device in self._switch.kept_roots():
            port = self._ports.get(device)
            if port and not port.has_root:
                self._switch.release(device)
