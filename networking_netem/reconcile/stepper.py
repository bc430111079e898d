# SPDX-License-Identifier: Apache-2.0
"""Brings all ports of the host to the next step of their timelines at the moment that it is due."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Callable, Collection, Dict, Iterable, List, Optional, Sequence, Tuple

from networking_netem.domain.leap import Leap, leap, like, steps
from networking_netem.domain.link import Link
from networking_netem.domain.plan import Plan, plan
from networking_netem.kernel.apply import Prepared
from networking_netem.reconcile.lateness import Lateness
from networking_netem.reconcile.port import Port
from networking_netem.reconcile.protocols import Kernel

LOG = logging.getLogger(__name__)

LEAD_MS = 500
"""How long before it is due a step is prepared."""


@dataclass(frozen=True)
class _Prepared:
    """One port's step: what the port held when it was prepared, what it will hold, the messages."""

    port: Port
    held: Plan
    desired: Link
    link: Link
    after: Plan
    messages: Sequence[Prepared]

    @property
    def is_good(self) -> bool:
        """False when something has happened to the port since."""
        return self.port.held_plan is self.held and self.port.desired is self.desired


@dataclass
class _Batch:
    """The steps of all ports that are due at one moment, and good until another."""

    due_ms: int
    until_ms: Optional[int]
    steps: List[_Prepared] = field(default_factory=list)

    def is_for(self, now_ms: int) -> bool:
        return self.due_ms <= now_ms and (self.until_ms is None or now_ms < self.until_ms)


class Stepper:
    """Sends one batch for a due moment, made before it.

    A step that is more than settings of qdiscs, or of a port that is not settled, is left to the
    next look at its port. ``clock`` is the wall clock, in milliseconds since 1970.
    """

    def __init__(self, kernel: Kernel, ports: Iterable[Port], clock: Callable[[], float]) -> None:
        self._kernel = kernel
        self._ports = ports
        self._clock = clock
        self._batch: Optional[_Batch] = None
        self.lateness = Lateness()

    @property
    def wake_at_ms(self) -> Optional[int]:
        """When ``step`` has something to do next; None while no link changes by itself."""
        due_ms = self._due_ms()
        if due_ms is None or self._is_prepared(due_ms):
            return due_ms
        return max(due_ms - LEAD_MS, 0)

    def step(self, was_clock_set: bool = False) -> None:
        """Bring ports to what is due now, and prepare what is due soon."""
        now_ms = int(self._clock())
        if was_clock_set:
            self._batch = None
            self._enter([port for port in self._ports if port.desired.has_timeline], now_ms)
        due_ms = self._due_ms()
        if due_ms is not None and due_ms <= now_ms:
            self._carry_out(due_ms, now_ms)
            due_ms = self._due_ms()
        if due_ms is not None and due_ms - LEAD_MS <= now_ms and not self._is_prepared(due_ms):
            self._batch = self._prepared(due_ms, due_ms)

    def _is_prepared(self, due_ms: int) -> bool:
        return self._batch is not None and self._batch.due_ms == due_ms

    def _due_ms(self) -> Optional[int]:
        changes_ms = (port.next_change_ms for port in self._ports)
        return min((each for each in changes_ms if each is not None), default=None)

    def _carry_out(self, due_ms: int, now_ms: int) -> None:
        batch = self._batch
        if batch is None or batch.due_ms != due_ms or not batch.is_for(now_ms):
            batch = self._prepared(due_ms, now_ms)
        self._batch = None
        good = [each for each in batch.steps if each.is_good]
        refused = self._send(good)
        self.lateness.add(self._clock() - due_ms, len(good))
        for each in good:
            each.port.leap(each.link, each.after, now_ms)
            if each.port.device in refused:
                each.port.touch_now()
        self._enter([port for port in self._ports if _is_due(port, now_ms)], now_ms)

    def _send(self, prepared: Sequence[_Prepared]) -> Collection[str]:
        """Send all messages at once; return the devices of those ports that got less than all."""
        messages = [message for each in prepared for message in each.messages]
        if not messages:
            return ()
        try:
            failures = self._kernel.send(messages)
        except Exception:
            LOG.warning("A step of timelines was not sent; looking at its ports", exc_info=True)
            return {each.port.device for each in prepared}
        if not failures:
            return ()
        refused = {id(failure.step) for failure in failures}
        return {
            each.port.device
            for each in prepared
            if any(id(message.step) in refused for message in each.messages)
        }

    def _enter(self, ports: Sequence[Port], now_ms: int) -> None:
        """Have these ports looked at: their links are others now, or may be."""
        for port in ports:
            port.enter(now_ms)

    def _prepared(self, due_ms: int, at_ms: int) -> _Batch:
        """The steps to what holds at a moment, of the ports whose next change is due by then."""
        batch = _Batch(due_ms, None)
        leaps = _Leaps()
        for port in self._ports:
            if not _is_due(port, at_ms):
                continue
            link = port.desired.at(at_ms)
            until_ms = port.desired.next_change_ms(at_ms)
            if until_ms is not None:
                batch.until_ms = min(batch.until_ms or until_ms, until_ms)
            found = leaps.of(port, link)
            if found:
                after, changes = found
                messages = self._kernel.prepare(steps(port.device, changes))
                held = port.held_plan
                if messages is not None and held is not None:
                    batch.steps.append(_Prepared(port, held, port.desired, link, after, messages))
        return batch


def _is_due(port: Port, at_ms: int) -> bool:
    return port.next_change_ms is not None and port.next_change_ms <= at_ms


class _Leaps:
    """The leaps of a batch: ports of one policy have the same plans, so they are compared once."""

    def __init__(self) -> None:
        self._known: Dict[Tuple[int, int], Optional[Leap]] = {}
        self._plans: List[Plan] = []

    def of(self, port: Port, link: Link) -> Optional[Tuple[Plan, Leap]]:
        """The plan that a port has after its step, and what changes; None where it cannot leap."""
        held, conditions = port.held_plan, port.conditions
        if held is None or conditions is None:
            return None
        after = like(held, plan(link.kept_open(port.link), conditions))
        key = (id(held), id(after))
        if key not in self._known:
            # What has an id must not go meanwhile.
            self._plans += [held, after]
            self._known[key] = leap(held, after)
        found = self._known[key]
        return None if found is None else (after, found)
