# SPDX-License-Identifier: Apache-2.0
"""Brings ports to their links: look at them, tell the kernel what is left, look again."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, replace
from typing import Callable, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Tuple

from networking_netem.domain.diff import diff, obstacles
from networking_netem.domain.link import Direction
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Conditions, Plan
from networking_netem.domain.step import Step
from networking_netem.domain.tree_diff import Steps
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.modules import Modules
from networking_netem.reconcile.orphans import sweep
from networking_netem.reconcile.port import Port
from networking_netem.reconcile.protocols import Kernel, Switch
from networking_netem.reconcile.refusal import BOTH, Refusal, by_device
from networking_netem.reconcile.room import Room
from networking_netem.reconcile.status import SETTLED

LOG = logging.getLogger(__name__)

ROUNDS = 4
"""Look and tell at most this often before a port counts as failed."""

SWITCH_TAKES = "the switch takes its own qdiscs away"

OTHERS = Refusal(BOTH, f"others changed its qdiscs {ROUNDS} times meanwhile")


@dataclass(frozen=True)
class _Todo:
    """The steps for a device, and what the switch must leave to us for them."""

    steps: Steps
    needs_root: bool
    is_hook_shared: bool


class Rounds:
    """The looking and telling for ports that are reconciled together.

    After ``bring`` each of them has a status, unless something was raised. ``forget`` is told of
    devices that hold nothing, and are to hold nothing.
    """

    def __init__(
        self,
        kernel: Kernel,
        switch: Switch,
        budget: Budget,
        modules: Modules,
        protected: FrozenSet[str],
        clock: Callable[[], float],
        forget: Callable[[str], None],
    ) -> None:
        self._kernel = kernel
        self._switch = switch
        self._budget = budget
        self._modules = modules
        self._protected = protected
        self._clock = clock
        self._forget = forget
        self._is_offloaded = False

    def bring(self, ports: Sequence[Port]) -> None:
        """Bring ports to their links. What is raised is about all of them, or about no port."""
        refusals: Mapping[str, Refusal] = {}
        for count in range(ROUNDS):
            todo = self._look(ports, is_first=not count)
            ports = self._claimed([port for port in ports if port.device in todo], todo)
            if not ports:
                return
            refusals = self._tell(ports, [step for p in ports for step in todo[p.device].steps])
        for port in ports:
            self._give_up(port, refusals.get(port.device, OTHERS))

    def fail(self, port: Port, error: Exception) -> None:
        """What was raised is the fault of one port."""
        LOG.debug("%s", port.device, exc_info=error)
        port.fail(self._clock(), f"{type(error).__name__}: {error}")

    @contextlib.contextmanager
    def _blaming(self, port: Port) -> Iterator[None]:
        """What is raised here is the fault of one port."""
        try:
            yield
        except Exception as error:
            self.fail(port, error)

    def _look(self, ports: Sequence[Port], is_first: bool) -> Dict[str, _Todo]:
        """What is to be done of each device. A port without anything has its status after this."""
        if self._budget.is_doubtful:
            self._budget.seed(self._kernel.limits_packets())
        seen = self._kernel.observe([port.device for port in ports])
        self._is_offloaded = self._switch.uses_hooks()
        todo: Dict[str, _Todo] = {}
        for port in ports:
            with self._blaming(port):
                found = self._todo(port, seen.get(port.device), is_first)
                if found:
                    todo[port.device] = found
        if len(seen) < len(ports):
            sweep(self._kernel, self._budget)
        return todo

    def _todo(self, port: Port, observed: Optional[Observed], is_first: bool) -> Optional[_Todo]:
        """What there is to tell the kernel now; without anything, the port gets its status."""
        if observed is None:
            self._budget.unplugged(port.device)
            if port.link.is_clean:
                self._settle(port)
            else:
                port.miss(self._clock())
            return None
        port.absent_since_s = None
        port.has_root = observed.root.tbf is not None
        plan, room = self._plan(port, observed, is_first)
        if port.is_held(plan, observed):
            self._settle(port)
            return None
        left = diff(plan, observed)
        if left.steps:
            return _Todo(left.steps, plan.ingress.is_at_root, observed.hook == "ingress")
        self._conclude(port, obstacles(plan, observed), left.awaited_packets, room)
        if port.status is SETTLED:
            port.hold(plan, observed)
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
        """All is as desired, or the device is gone; a port that stays clean is forgotten."""
        port.settle()
        if port.link.is_clean and not port.is_given_back:
            self._switch.release(port.device)
            port.is_given_back = True
        if port.desired.is_clean:
            self._forget(port.device)

    def _claimed(self, ports: Sequence[Port], todo: Mapping[str, _Todo]) -> List[Port]:
        """Those of the ports that the switch leaves alone; a clean one needs no claim."""
        claimed = []
        for port in ports:
            with self._blaming(port):
                each = todo[port.device]
                had_limits = not port.link.is_clean and self._switch.claim(
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
        if not port.link.is_clean:
            conditions = Conditions.of(
                observed, self._modules.missing, port.refused, self._protected, self._is_offloaded
            )
            needed = port.plan(conditions)
        if observed.hook == "clsact" and not needed.has_filter and self._is_offloaded:
            needed = replace(needed, keeps_clsact=True)
        room = self._budget.room(needed, observed, self._clock(), is_first)
        return needed.limited(room.limits_packets), room
