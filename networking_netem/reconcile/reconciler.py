# SPDX-License-Identifier: Apache-2.0
"""Keeps what the kernel holds for every port at the port's desired link."""

from __future__ import annotations

import threading
import time
from typing import Callable, Collection, Dict, List, Mapping, Optional, Protocol, Sequence

from oslo_log import log as logging

from networking_netem.domain.diff import diff, obstacles
from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.link import Link
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Conditions, Plan
from networking_netem.domain.step import Await, DeleteIfb, Step
from networking_netem.kernel.apply import Failure
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.modules import Modules
from networking_netem.reconcile.port import Port

LOG = logging.getLogger(__name__)

ROUNDS = 4
"""Observe and apply at most this often before a port counts as failed."""

DEBOUNCE_S = 0.005
"""Who changed something often changes more at once; wait this long for the rest."""


class Kernel(Protocol):
    """What the reconciler needs of ``networking_netem.kernel.host.Host``."""

    def observe(self, devices: Collection[str]) -> Dict[str, Observed]: ...

    def orphans(self) -> Collection[str]: ...

    def apply(self, steps: Sequence[Step]) -> Sequence[Failure]: ...


class Switch(Protocol):
    """What the reconciler needs of ``networking_netem.agent.switch.Switch``."""

    def claim(self, device: str) -> bool: ...

    def release(self, device: str) -> None: ...


class Reconciler:
    """Plans, observes, applies and observes again, for one device as for a thousand.

    One port's failure never stops another's: it is logged once, tried again with backoff, and the
    port is left clean rather than half done. ``clock`` counts seconds.
    """

    def __init__(
        self,
        kernel: Kernel,
        switch: Switch,
        budget: Budget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kernel = kernel
        self._switch = switch
        self._budget = budget
        self._clock = clock
        self._modules = Modules()
        self._ports: Dict[str, Port] = {}
        self._lock = threading.RLock()

    def want(self, device: str, link: Link) -> None:
        """Set what is desired; the kernel hears of it from ``reconcile``."""
        with self._lock:
            self._ports.setdefault(device, Port(device)).want(link)

    def touch(self, names: Optional[Collection[str]]) -> None:
        """Look soon at the ports behind these devices or ifbs; None for all."""
        with self._lock:
            at_s = self._clock() + DEBOUNCE_S
            for device, port in self._ports.items():
                if names is None or device in names or ifb_name(device) in names:
                    port.touch(at_s)

    def audit(self) -> None:
        """Look at every port, remove what deleted ports left, try missing modules anew."""
        with self._lock:
            self._modules.try_again()
            self._sweep()
            self.reconcile(list(self._ports))

    def reconcile(self, devices: Collection[str]) -> None:
        """Make the kernel hold what is desired of these devices; clean where nothing is."""
        with self._lock:
            ports = [self._ports.setdefault(device, Port(device)) for device in devices]
            refusals: Mapping[str, str] = {}
            for _ in range(ROUNDS):
                todo = self._look(ports)
                ports = [port for port in ports if port.device in todo]
                if not ports:
                    return
                refusals = self._tell(ports, todo)
            self._give_up(ports, refusals)

    def reconcile_due(self) -> Optional[float]:
        """Reconcile what is due now and return the seconds until the next; None for no next."""
        with self._lock:
            now_s = self._clock()
            self.reconcile([port.device for port in self._ports.values() if port.is_due(now_s)])
            due = [port.due_at_s for port in self._ports.values() if port.due_at_s is not None]
            return max(min(due) - self._clock(), 0.0) if due else None

    def _look(self, ports: Sequence[Port]) -> Dict[str, List[Step]]:
        """What there is to tell the kernel, by device; a port without an entry is settled."""
        seen = self._kernel.observe([port.device for port in ports]) if ports else {}
        todo = {}
        for port in ports:
            observed = seen.get(port.device)
            steps = self._settle(port, observed) if observed else self._rest(port)
            if steps:
                todo[port.device] = steps
        if len(seen) < len(ports):
            self._sweep()
        return todo

    def _settle(self, port: Port, observed: Observed) -> List[Step]:
        """The steps that tell the kernel something; without any, decide when to look again."""
        wanted = self._plan(port, observed)
        left = diff(wanted, observed)
        telling = [step for step in left if not isinstance(step, Await)]
        if telling:
            return telling
        hindrances = obstacles(wanted, observed)
        # What Open vSwitch put there it takes away when it is told to.
        if hindrances and not self._switch.claim(port.device):
            port.complain("; ".join(hindrances))
        if hindrances or left:
            port.look_again(self._clock())
            return []
        return self._rest(port)

    def _rest(self, port: Port) -> List[Step]:
        """Nothing to do: all is as desired, or the device is gone."""
        port.rest()
        if port.link == Link.CLEAN:
            self._switch.release(port.device)
            self._budget.free(port.device)
            del self._ports[port.device]
        return []

    def _tell(self, ports: Sequence[Port], todo: Mapping[str, List[Step]]) -> Dict[str, str]:
        """Apply, with Open vSwitch's hands off; returns the first refusal by device.

        The first is the cause of those behind it.
        """
        for port in ports:
            if port.link != Link.CLEAN:
                self._switch.claim(port.device)
        owners = {ifb_name(port.device): port.device for port in ports}
        refusals: Dict[str, str] = {}
        for failure in self._kernel.apply([step for steps in todo.values() for step in steps]):
            device = owners.get(failure.subject, failure.subject)
            if device not in refusals:
                refusals[device] = str(failure)
                if failure.missing_module:
                    self._modules.report(failure.missing_module)
        return refusals

    def _give_up(self, ports: Sequence[Port], refusals: Mapping[str, str]) -> None:
        """Leave ports clean that could not be brought to their links, and try them later."""
        seen = self._kernel.observe([port.device for port in ports])
        for port in ports:
            observed = seen.get(port.device)
            if observed:
                port.complain(refusals.get(port.device, "it never stood still"))
                self._kernel.apply(diff(Plan(), observed))
            port.look_again(self._clock())

    def _plan(self, port: Port, observed: Observed) -> Plan:
        if port.link == Link.CLEAN:
            return Plan()
        return port.plan(
            Conditions(
                observed.plan_mtu_bytes,
                self._modules.missing,
                self._budget.limit_packets(port.device, port.link),
            )
        )

    def _sweep(self) -> None:
        """Remove the ifbs of devices that are gone."""
        left = self._kernel.orphans()
        if left:
            LOG.info("Removing ifbs whose ports are gone: %s", ", ".join(sorted(left)))
            self._kernel.apply([DeleteIfb(ifb) for ifb in left])
