# SPDX-License-Identifier: Apache-2.0
"""Keeps what the kernel holds for every port at the port's desired link."""

from __future__ import annotations

import threading
import time
from typing import Callable, Collection, Dict, List, Mapping, Optional, Protocol, Sequence

from oslo_log import log as logging

from networking_netem.agent.budget import Budget
from networking_netem.agent.modules import Modules
from networking_netem.agent.port import Port
from networking_netem.domain.diff import diff, ifb_name, obstacles
from networking_netem.domain.link import Link
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Conditions, Plan, plan
from networking_netem.domain.step import Await, DeleteIfb, Step
from networking_netem.kernel.apply import Failure

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

    def claim(self, device: str) -> None: ...

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
            if not ports:
                return
            refusals: Mapping[str, str] = {}
            for _ in range(ROUNDS):
                seen = self._kernel.observe(devices)
                steps = self._steps(ports, seen)
                if not steps:
                    break
                refusals = self._refusals(ports, self._kernel.apply(steps))
            else:
                seen = self._kernel.observe(devices)
            for port in ports:
                self._settle(port, seen.get(port.device), refusals.get(port.device, ""))
            if len(seen) < len(ports):
                self._sweep()

    def reconcile_due(self) -> Optional[float]:
        """Reconcile what is due now and return the seconds until the next; None for no next."""
        with self._lock:
            now_s = self._clock()
            self.reconcile([port.device for port in self._ports.values() if port.is_due(now_s)])
            due = [port.due_at_s for port in self._ports.values() if port.due_at_s is not None]
            return max(min(due) - self._clock(), 0.0) if due else None

    def _steps(self, ports: Sequence[Port], seen: Mapping[str, Observed]) -> List[Step]:
        """What there is to tell the kernel, having told Open vSwitch where there is anything."""
        steps: List[Step] = []
        for port in ports:
            if port.device not in seen:
                continue
            todo = _telling(self._plan(port, seen[port.device]), seen[port.device])
            if todo and port.link != Link.CLEAN:
                self._switch.claim(port.device)
            steps.extend(todo)
        return steps

    def _plan(self, port: Port, observed: Observed) -> Plan:
        if port.link == Link.CLEAN:
            return Plan()
        limit_packets = self._budget.limit_packets(port.device, port.link)
        return plan(
            port.link, Conditions(observed.plan_mtu_bytes, self._modules.missing, limit_packets)
        )

    def _refusals(self, ports: Sequence[Port], failures: Sequence[Failure]) -> Dict[str, str]:
        """The first refusal by device, for it is the cause of those behind it."""
        owners = {ifb_name(port.device): port.device for port in ports}
        refusals: Dict[str, str] = {}
        for failure in failures:
            device = owners.get(failure.subject, failure.subject)
            if device not in refusals:
                refusals[device] = str(failure)
                if failure.missing_module:
                    self._modules.report(failure.missing_module)
        return refusals

    def _settle(self, port: Port, observed: Optional[Observed], refusal: str) -> None:
        """Decide what comes after the rounds: rest, another look, or a clean end."""
        if observed is None:
            self._rest(port)
            return
        wanted = self._plan(port, observed)
        left, hindrances = diff(wanted, observed), obstacles(wanted, observed)
        if not left and not hindrances:
            self._rest(port)
            return
        telling = _telling(wanted, observed)
        if telling or hindrances:
            port.complain(refusal or "; ".join(hindrances) or f"still to do: {telling}")
        if telling:
            self._kernel.apply(_telling(Plan(), observed))
        port.look_again(self._clock())

    def _rest(self, port: Port) -> None:
        port.rest()
        if port.link == Link.CLEAN:
            self._switch.release(port.device)
            self._budget.free(port.device)
            del self._ports[port.device]

    def _sweep(self) -> None:
        """Remove the ifbs of devices that are gone."""
        left = self._kernel.orphans()
        if left:
            LOG.info("Removing ifbs whose ports are gone: %s", ", ".join(sorted(left)))
            self._kernel.apply([DeleteIfb(ifb) for ifb in left])


def _telling(wanted: Plan, observed: Observed) -> List[Step]:
    """The steps of a diff that tell the kernel something."""
    return [step for step in diff(wanted, observed) if not isinstance(step, Await)]
