# SPDX-License-Identifier: Apache-2.0
"""The sending end of `Datagrams`: it follows a schedule."""

from __future__ import annotations

import math
import socket
import time
from typing import NamedTuple

from netem_lab.probe.arrivals import Sending
from netem_lab.probe.endpoint import inside
from netem_lab.probe.flow import Datagrams
from netem_lab.probe.payload import Payload
from netem_lab.probe.pulse import STALL_S

_SO_NO_CHECK = 11
"""Python 3.11 does not name it (asm-generic/socket.h)."""
_OPENING_EVERY_S = 0.1
_OPENING_MOST_S = 10.0


class Target(NamedTuple):
    """Where a receiver listens, and the mark of packets that are for it."""

    address: str
    port: int
    mark: int


class Sender:
    """Sends one flow from a network namespace of this guest."""

    def __init__(self, flow: Datagrams, netns: str, target: Target, due_s: float) -> None:
        self.flow = flow
        self.sending = Sending()
        self._awaits_edit = flow.awaits_edit
        self._arrived = False
        self._open = False
        self._open_by_s = due_s + (_OPENING_MOST_S + flow.quiet_s if flow.opened else 0.0)
        self._last = math.inf
        self._payload = Payload(flow, target.mark)
        self._due_s = due_s
        with inside(netns):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, flow.compares_payload)
        self._socket.connect((target.address, target.port))

    def send_due(self, now_s: float) -> None:
        """Send what is due; where that is more than `most_debt_s` late, the schedule is shifted."""
        self._proceed(now_s)
        self._due_s = max(self._due_s, now_s - self.flow.most_debt_s)
        while self._due_s <= now_s and not self.done:
            self._send()
            self._due_s += 1 / self.flow.pps if self._open else _OPENING_EVERY_S

    def _proceed(self, now_s: float) -> None:
        """Begin to settle when the flow is open; begin to measure when the awaited edit is made."""
        sending = self.sending
        if not self._open and (self._arrived or now_s >= self._open_by_s):
            self._open = True
            self._due_s = now_s
            sending.settled_from = sending.sent + self.flow.settle_count
        if self._open and self._last == math.inf and not self._awaits_edit:
            sending.measured_from = max(sending.sent, sending.settled_from)
            self._last = sending.measured_from + self.flow.count

    @property
    def done(self) -> bool:
        return self.sending.sent >= self._last

    @property
    def share(self) -> float:
        """The share of the flow that is sent; 0.0 while the flow is not open or awaits an edit."""
        return 0.0 if self._last == math.inf else min(1.0, self.sending.sent / self._last)

    def arrived(self) -> None:
        """A packet has arrived: the flow is open."""
        self._arrived = True

    def edited(self) -> None:
        """The edit is made: measure from the next packet on, or once the flow has settled."""
        self._awaits_edit = False

    @property
    def due_s(self) -> float:
        """When the next packet is due; infinite where there is none."""
        return math.inf if self.done else self._due_s

    def _send(self) -> None:
        sending = self.sending
        # The kernel's receive stamps are of CLOCK_REALTIME too.
        sending.last_ns = time.time_ns()
        self._socket.send(self._payload.written(sending.sent, sending.last_ns))
        if time.time_ns() - sending.last_ns > STALL_S * 1e9:
            sending.held.add(sending.sent)
        if sending.sent == sending.measured_from:
            sending.measured_ns = sending.last_ns
        sending.sent += 1

    def close(self) -> None:
        self._socket.close()
