# SPDX-License-Identifier: Apache-2.0
"""Keeps what the kernel holds for every port at the port's desired link."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import (
    Callable,
    Collection,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
)

from networking_netem.domain.diff import Steps, diff, obstacles
from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.link import Link
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Conditions, Plan, limited
from networking_netem.domain.step import DeleteIfb, Step
from networking_netem.kernel.netlink import Unavailable
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.halves import by_halves
from networking_netem.reconcile.modules import Modules
from networking_netem.reconcile.port import Port
from networking_netem.reconcile.protocols import Kernel, Switch
from networking_netem.reconcile.room import Room
from networking_netem.reconcile.status import Status

LOG = logging.getLogger(__name__)

ROUNDS = 4
"""Observe and apply at most this often before a port counts as failed."""

DEBOUNCE_S = 0.005
"""Who changed something often changes more at once; wait this long for the rest."""


class Reconciler:
    """Plans, observes, applies and observes again, for one device as for a thousand.

    No port stops another. What is refused or raised becomes the status of its port, which is tried
    again later and later, and is left clean rather than half done. ``clock`` counts seconds.
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

    def link(self, device: str) -> Link:
        """The link that is desired of a device. Never waits for a reconcile that goes on."""
        port = self._ports.get(device)
        return port.link if port else Link.CLEAN

    def statuses(self) -> Dict[str, Status]:
        """The status of each device that has a link, or from which one is being removed."""
        with self._lock:
            return {device: port.status for device, port in self._ports.items()}

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
            self._budget.doubt_others(self._ports)
            self.reconcile(list(self._ports))

    def reconcile(self, devices: Collection[str]) -> None:
        """Make the kernel hold what is desired of these devices; clean where nothing is.

        Raises nothing: each port that is not settled has its status and a time for the next look.
        """
        with self._lock:
            ports = [self._ports.setdefault(device, Port(device)) for device in devices]
            for port in ports:
                port.begin(self._clock())
            by_halves(ports, self._reconcile, self._fail)

    def _reconcile(self, ports: Sequence[Port]) -> None:
        try:
            self._reconcile_together(ports)
        except Unavailable as error:
            # No port is at fault: fewer would fare no better.
            for port in ports:
                self._fail(port, error)

    def _reconcile_together(self, ports: Sequence[Port]) -> None:
        refusals: Mapping[str, str] = {}
        for count in range(ROUNDS):
            todo = self._look(ports, is_first=not count)
            ports = self._claimed([port for port in ports if port.device in todo])
            if not ports:
                return
            refusals = self._tell(ports, [step for each in ports for step in todo[each.device]])
        self._give_up(ports, refusals)

    def _fail(self, port: Port, error: Exception) -> None:
        LOG.debug("%s", port.device, exc_info=error)
        port.fail(self._clock(), f"{type(error).__name__}: {error}")

    @contextlib.contextmanager
    def _blaming(self, port: Port) -> Iterator[None]:
        """What is raised here is the fault of one port."""
        try:
            yield
        except Exception as error:
            self._fail(port, error)

    def reconcile_due(self) -> Optional[float]:
        """Reconcile what is due now and return the seconds until the next; None for no next."""
        with self._lock:
            due = self._due_at_s()
            now_s = self._clock()
            self.reconcile([device for device, at_s in due.items() if at_s <= now_s])
            due = self._due_at_s()
            return max(min(due.values()) - self._clock(), 0.0) if due else None

    def _due_at_s(self) -> Dict[str, float]:
        due = ((device, port.due_at_s) for device, port in self._ports.items())
        return {device: at_s for device, at_s in due if at_s is not None}

    def _look(self, ports: Sequence[Port], is_first: bool) -> Dict[str, Steps]:
        """The steps of each device that has any. A port without steps has its status after this."""
        if self._budget.is_doubtful:
            self._budget.seed(self._kernel.limits_packets())
        seen = self._kernel.observe([port.device for port in ports])
        todo: Dict[str, Steps] = {}
        for port in ports:
            with self._blaming(port):
                steps = self._steps(port, seen.get(port.device), is_first)
                if steps:
                    todo[port.device] = steps
        if len(seen) < len(ports):
            self._sweep()
        return todo

    def _steps(self, port: Port, observed: Optional[Observed], is_first: bool) -> Steps:
        """What there is to tell the kernel now; without any, the port gets its status."""
        if observed is None:
            self._budget.unplugged(port.device)
            self._settle(port)
            return ()
        needed = self._plan(port, observed)
        room = self._budget.room(needed, observed, self._clock(), is_first)
        plan = limited(needed, room.limits_packets)
        left = diff(plan, observed)
        if not left.steps:
            self._conclude(port, obstacles(plan, observed), left.awaited_packets, room)
        return left.steps

    def _conclude(
        self, port: Port, hindrances: Sequence[str], awaited_packets: int, room: Room
    ) -> None:
        """Give a port its status that leaves nothing to tell the kernel now."""
        if hindrances:
            # What the switch put there it takes away when it is told to.
            if self._switch.claim(port.device):
                port.wait(self._clock(), "the switch takes its own qdiscs away")
            else:
                port.fail(self._clock(), "; ".join(hindrances))
        elif room.refusals:
            port.fail(self._clock(), "; ".join(room.refusals))
        elif awaited_packets:
            port.wait(self._clock(), f"{awaited_packets} packets are on their way")
        elif not room.is_final:
            port.wait(self._clock(), "the limit of its queue changes when packets have left it")
        else:
            self._settle(port)

    def _settle(self, port: Port) -> None:
        """All is as desired, or the device is gone; a clean port is forgotten."""
        port.settle()
        if port.link == Link.CLEAN:
            self._switch.release(port.device)
            self._ports.pop(port.device, None)

    def _claimed(self, ports: Sequence[Port]) -> List[Port]:
        """Those of the ports that the switch leaves alone; a clean one needs no claim."""
        claimed = []
        for port in ports:
            with self._blaming(port):
                if port.link != Link.CLEAN:
                    self._switch.claim(port.device)
                claimed.append(port)
        return claimed

    def _tell(self, ports: Sequence[Port], steps: Sequence[Step]) -> Dict[str, str]:
        """Apply the steps and return the first refusal by port's device.

        The first is the cause of those behind it.
        """
        owners = {ifb_name(port.device): port.device for port in ports}
        refusals: Dict[str, str] = {}
        for failure in self._kernel.apply(steps):
            device = owners.get(failure.step.device, failure.step.device)
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
            if observed is None:
                port.wait(self._clock(), "its device has gone")
                continue
            why = refusals.get(port.device, f"others changed its qdiscs {ROUNDS} times meanwhile")
            port.fail(self._clock(), why)
            self._kernel.apply(diff(Plan(), observed).steps)

    def _plan(self, port: Port, observed: Observed) -> Plan:
        """What the kernel must hold now, with all the room that it needs."""
        if port.link == Link.CLEAN:
            return Plan()
        return port.plan(Conditions(observed.plan_mtu_bytes, self._modules.missing))

    def _sweep(self) -> None:
        """Remove the ifbs of devices that are gone, or leave it to the next audit."""
        try:
            left = sorted(self._kernel.orphans())
            if left:
                LOG.info("Removing ifbs whose ports are gone: %s", ", ".join(left))
                kept = {f.step.device for f in self._kernel.apply([DeleteIfb(ifb) for ifb in left])}
                for ifb in set(left) - kept:
                    self._budget.forget(ifb)
        except Exception:
            LOG.warning("Ifbs whose ports are gone may be left", exc_info=True)
