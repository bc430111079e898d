# SPDX-License-Identifier: Apache-2.0
"""Keeps what the kernel holds for every port at the port's desired link."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import (
    Callable,
    Collection,
    Dict,
    FrozenSet,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
)

from networking_netem.domain.diff import diff, obstacles
from networking_netem.domain.ifb import ifb_names
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Conditions, Plan
from networking_netem.domain.protect import PROTECTED
from networking_netem.domain.step import DeleteIfb, Step
from networking_netem.domain.tree_diff import Steps
from networking_netem.kernel.netlink import Unavailable
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.halves import by_halves
from networking_netem.reconcile.modules import Modules
from networking_netem.reconcile.port import Port
from networking_netem.reconcile.protocols import Kernel, Switch
from networking_netem.reconcile.refusal import BOTH, Refusal, by_device
from networking_netem.reconcile.room import Room
from networking_netem.reconcile.status import Status

LOG = logging.getLogger(__name__)

ROUNDS = 4
"""Observe and apply at most this often before a port counts as failed."""

DEBOUNCE_S = 0.005
"""Who changed something often changes more at once; wait this long for the rest."""


SWITCH_TAKES = "the switch takes its own qdiscs away"

OTHERS = Refusal(BOTH, f"others changed its qdiscs {ROUNDS} times meanwhile")


@dataclass(frozen=True)
class _Todo:
    """The steps for a device, and what the switch must leave to us for them."""

    steps: Steps
    needs_root: bool
    is_hook_shared: bool


class Reconciler:
    """Plans, observes, applies and observes again, for one device as for a thousand.

    No port stops another. What is refused or raised becomes the status of its port, which is tried
    again later and later. ``protected`` names the traffic that no link touches. ``clock`` counts
    seconds.
    """

    def __init__(
        self,
        kernel: Kernel,
        switch: Switch,
        budget: Budget,
        protected: FrozenSet[str] = PROTECTED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kernel = kernel
        self._switch = switch
        self._budget = budget
        self._protected = protected
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
            touched = None if names is None else set(names)
            for device, port in self._ports.items():
                if touched is None or not touched.isdisjoint((device, *ifb_names(device))):
                    port.touch(at_s)

    def audit(self) -> None:
        """Look at every port, remove what deleted ports left, try missing modules anew."""
        with self._lock:
            self._modules.try_again()
            self._sweep()
            self._budget.doubt_others(self._ports)
            self.reconcile(list(self._ports))
            self._give_roots_back()

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
        refusals: Mapping[str, Refusal] = {}
        for count in range(ROUNDS):
            todo = self._look(ports, is_first=not count)
            ports = self._claimed([port for port in ports if port.device in todo], todo)
            if not ports:
                return
            refusals = self._tell(ports, [step for p in ports for step in todo[p.device].steps])
        for port in ports:
            self._give_up(port, refusals.get(port.device, OTHERS))

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

    def _look(self, ports: Sequence[Port], is_first: bool) -> Dict[str, _Todo]:
        """What is to be done of each device. A port without anything has its status after this."""
        if self._budget.is_doubtful:
            self._budget.seed(self._kernel.limits_packets())
        seen = self._kernel.observe([port.device for port in ports])
        todo: Dict[str, _Todo] = {}
        for port in ports:
            with self._blaming(port):
                found = self._todo(port, seen.get(port.device), is_first)
                if found:
                    todo[port.device] = found
        if len(seen) < len(ports):
            self._sweep()
        return todo

    def _todo(self, port: Port, observed: Optional[Observed], is_first: bool) -> Optional[_Todo]:
        """What there is to tell the kernel now; without anything, the port gets its status."""
        if observed is None:
            self._budget.unplugged(port.device)
            self._settle(port)
            return None
        port.has_root = observed.root.tbf is not None
        plan, room = self._plan(port, observed, is_first)
        left = diff(plan, observed)
        if left.steps:
            return _Todo(left.steps, plan.ingress.is_at_root, observed.hook == "ingress")
        self._conclude(port, obstacles(plan, observed), left.awaited_packets, room)
        return None

    def _conclude(
        self, port: Port, hindrances: Mapping[Direction, str], awaited_packets: int, room: Room
    ) -> None:
        """Give a port its status that leaves nothing to tell the kernel now."""
        if hindrances:
            # What the switch put there it takes away when it is told to.
            if self._switch.claim(port.device, has_root=Direction.INGRESS in hindrances):
                port.wait(self._clock(), SWITCH_TAKES)
            else:
                self._give_up(port, Refusal(frozenset(hindrances), "; ".join(hindrances.values())))
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

    def _claimed(self, ports: Sequence[Port], todo: Mapping[str, _Todo]) -> List[Port]:
        """Those of the ports that the switch leaves alone; a clean one needs no claim."""
        claimed = []
        for port in ports:
            with self._blaming(port):
                each = todo[port.device]
                had_limits = port.link != Link.CLEAN and self._switch.claim(
                    port.device, each.needs_root
                )
                if had_limits and each.is_hook_shared:
                    # The switch's policing has a qdisc that goes with it, and filters with both.
                    port.wait(self._clock(), SWITCH_TAKES)
                else:
                    claimed.append(port)
        return claimed

    def _tell(self, ports: Sequence[Port], steps: Sequence[Step]) -> Dict[str, Refusal]:
        """Apply the steps and return what was refused, by port's device."""
        refusals = by_device(self._kernel.apply(steps), [port.device for port in ports])
        for refusal in refusals.values():
            if refusal.missing_module:
                self._modules.report(refusal.missing_module)
        return refusals

    def _give_up(self, port: Port, refusal: Refusal) -> None:
        """Leave a port what can be had of its link without the trees that were refused.

        That is the other direction, and a bandwidth limit. A port that is refused even that is left
        clean. It is tried again later.
        """
        port.refused = refusal.directions
        for _ in range(ROUNDS):
            observed = self._kernel.observe([port.device]).get(port.device)
            if observed is None:
                port.wait(self._clock(), "its device has gone")
                return
            steps = diff(self._plan(port, observed, is_first=False)[0], observed).steps
            if not steps:
                break
            if self._kernel.apply(steps):
                self._kernel.apply(diff(Plan(), observed).steps)
                break
        port.fail(self._clock(), refusal.why)

    def _plan(self, port: Port, observed: Observed, is_first: bool) -> Tuple[Plan, Room]:
        """What the kernel must hold now, and the room that it has for it."""
        needed = Plan()
        if port.link != Link.CLEAN:
            conditions = Conditions.of(
                observed, self._modules.missing, port.refused, self._protected
            )
            needed = port.plan(conditions)
        if observed.hook == "clsact" and not needed.has_filter and self._switch.uses_hooks():
            needed = replace(needed, keeps_clsact=True)
        room = self._budget.room(needed, observed, self._clock(), is_first)
        return needed.limited(room.limits_packets), room

    def _give_roots_back(self) -> None:
        """Have the switch mind those root qdiscs again that held a tree of ours before."""
        for device in self._switch.kept_roots():
            port = self._ports.get(device)
            if port and not port.has_root:
                self._switch.release(device)

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
