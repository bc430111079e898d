# SPDX-License-Identifier: Apache-2.0
"""Brings all ports of the host to the next step of their timelines at the moment that it is due."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Callable, Collection, Iterable, List, Optional, Sequence

from networking_netem.reconcile.lateness import Lateness
from networking_netem.reconcile.leaps import Leaps, PortLeap
from networking_netem.reconcile.port import Port
from networking_netem.reconcile.protocols import Kernel

LOG = logging.getLogger(__name__)

LEAD_MS = 500
"""How long before it is due a step is prepared."""


@dataclass(frozen=True)
class _Batch:
    """The leaps of all ports that are due at one moment, good until another."""

    due_ms: int
    until_ms: Optional[int]
    leaps: List[PortLeap]

    def is_for(self, now_ms: int) -> bool:
        return self.due_ms <= now_ms and (self.until_ms is None or now_ms < self.until_ms)


class Stepper:
    """Sends one batch for a due moment, made before it.

    A step that is more than settings of qdiscs, or of a port that is not settled, is left to the
    next look at its port. ``clock`` is the wall clock, in milliseconds since 1970.
    """

    def __init__(
        self,
        kernel: Kernel,
        ports: Iterable[Port],
        clock: Callable[[], float],
        lateness: Lateness,
    ) -> None:
        self._kernel = kernel
        self._ports = ports
        self._clock = clock
        self._lateness = lateness
        self._batch: Optional[_Batch] = None

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
            _enter([port for port in self._ports if port.desired.has_timeline], now_ms)
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

    def _due(self, at_ms: int) -> List[Port]:
        return [
            port
            for port in self._ports
            if port.next_change_ms is not None and port.next_change_ms <= at_ms
        ]

    def _prepared(self, due_ms: int, at_ms: int) -> _Batch:
        """The leaps to what holds at a moment, of the ports whose next change is due by then."""
        leaps = Leaps(self._due(at_ms), at_ms)
        return _Batch(due_ms, leaps.until_ms, leaps.prepared(self._kernel))

    def _carry_out(self, due_ms: int, now_ms: int) -> None:
        batch, self._batch = self._batch, None
        if batch is None or batch.due_ms != due_ms or not batch.is_for(now_ms):
            batch = self._prepared(due_ms, now_ms)
        good = [each for each in batch.leaps if each.is_good]
        refused = self._send(good)
        self._lateness.add(self._clock() - due_ms, len(good))
        for each in good:
            each.port.leap(each.link, each.next_ms, each.needed, each.after)
            if each.port.device in refused:
                each.port.touch_now()
        _enter(self._due(now_ms), now_ms)

    def _send(self, leaps: Sequence[PortLeap]) -> Collection[str]:
        """Send all messages at once; return the devices of those ports that got less than all."""
        try:
            failures = self._kernel.send([message for each in leaps for message in each.messages])
        except Exception:
            LOG.warning("A step of timelines was not sent; looking at its ports", exc_info=True)
            return {each.port.device for each in leaps}
        refused = {id(failure.step) for failure in failures}
        return {
            each.port.device
            for each in leaps
            if refused and any(id(message.step) in refused for message in each.messages)
        }


def _enter(ports: Sequence[Port], now_ms: int) -> None:
    """Have these ports looked at: their links are others now, or may be."""
    for port in ports:
        port.enter(now_ms)
