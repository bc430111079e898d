# SPDX-License-Identifier: Apache-2.0
"""Sends and receives `Datagrams`: sending follows a schedule, the kernel stamps what arrives."""

from __future__ import annotations

import contextlib
import math
import signal
import socket
import struct
import time
from typing import Callable, List, Sequence, Tuple

from netem_lab.probe.arrivals import Arrival, Sending, sample
from netem_lab.probe.endpoint import Endpoint, inside
from netem_lab.probe.flow import Datagrams, Sample
from netem_lab.probe.payload import Payload
from netem_lab.probe.pulse import STALL_S, Pulse

# asm-generic/socket.h; Python 3.11 does not name them.
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SO_NO_CHECK = 11

_TIMESPEC = struct.Struct("@ll")
_RECEIVE_BUFFER_BYTES = 64 << 20
_OPENING_EVERY_S = 0.1
_OPENING_MOST_S = 10.0
_DRAIN_EVERY_S = 0.02
_PROGRESS_EVERY_S = 0.5


class _Stream:
    """One flow, with the socket that sends and the one that receives."""

    def __init__(self, flow: Datagrams, sender: Endpoint, receiver: Endpoint, due_s: float) -> None:
        self.flow = flow
        self._awaits_edit = flow.awaits_edit
        self._open = False
        self._open_by_s = due_s + (_OPENING_MOST_S + flow.quiet_s if flow.opened else 0.0)
        self._last = math.inf
        self._sending = Sending()
        self._arrivals: List[Arrival] = []
        self._payload = Payload(flow.payload_bytes, flow.compares_payload)
        self._due_s = due_s
        with inside(receiver.netns):
            self._receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER_BYTES)
        self._receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._receiver.bind((receiver.address, 0))
        self._receiver.setblocking(False)
        with inside(sender.netns):
            self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sender.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, flow.compares_payload)
        self._sender.connect(self._receiver.getsockname())

    def send_due(self, now_s: float) -> None:
        """Send what is due; where that is more than `most_debt_s` late, the schedule is shifted."""
        self._proceed(now_s)
        self._due_s = max(self._due_s, now_s - self.flow.most_debt_s)
        while self._due_s <= now_s and not self.done:
            self._send()
            self._due_s += 1 / self.flow.pps if self._open else _OPENING_EVERY_S

    def _proceed(self, now_s: float) -> None:
        """Begin to settle when the flow is open; begin to measure when the awaited edit is made."""
        sending = self._sending
        if not self._open and (self._arrivals or now_s >= self._open_by_s):
            self._open = True
            self._due_s = now_s
            sending.settled_from = sending.sent + self.flow.settle_count
        if self._open and self._last == math.inf and not self._awaits_edit:
            sending.measured_from = max(sending.sent, sending.settled_from)
            self._last = sending.measured_from + self.flow.count

    @property
    def done(self) -> bool:
        return self._sending.sent >= self._last

    @property
    def share(self) -> float:
        """The share of the flow that is sent; 0.0 while the flow is not open or awaits an edit."""
        return 0.0 if self._last == math.inf else min(1.0, self._sending.sent / self._last)

    def edited(self) -> None:
        """The edit is made: measure from the next packet on, or once the flow has settled."""
        self._awaits_edit = False

    @property
    def due_s(self) -> float:
        """When the next packet is due; infinite where there is none."""
        return math.inf if self.done else self._due_s

    def _send(self) -> None:
        sending = self._sending
        # The kernel's receive stamps are of CLOCK_REALTIME too.
        sending.last_ns = time.time_ns()
        self._sender.send(self._payload.written(sending.sent, sending.last_ns))
        if time.time_ns() - sending.last_ns > STALL_S * 1e9:
            sending.held.add(sending.sent)
        if sending.sent == sending.measured_from:
            sending.measured_ns = sending.last_ns
        sending.sent += 1

    def drain(self) -> int:
        """Read the packets that have arrived, and return their number; the kernel stamps them."""
        before = len(self._arrivals)
        while True:
            try:
                data, ancillary, _, _ = self._receiver.recvmsg(self._payload.read_bytes, 64)
            except BlockingIOError:
                return len(self._arrivals) - before
            read = self._payload.read(data)
            if read:
                seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
                stamp_ns = seconds * 1_000_000_000 + nanoseconds
                number, sent_ns, corrupt_bits = read
                self._arrivals.append(Arrival(number, sent_ns, stamp_ns, corrupt_bits))

    @property
    def complete(self) -> bool:
        return len(self._arrivals) >= self._sending.sent

    def sample(self, stalls_ns: Sequence[Tuple[int, int]]) -> Sample:
        return sample(self.flow, self._sending, self._arrivals, stalls_ns)

    def close(self) -> None:
        self._sender.close()
        self._receiver.close()


def exchange(
    flows: Sequence[Datagrams],
    endpoints: Callable[[str], Endpoint],
    progress: Callable[[float], None],
) -> List[Sample]:
    """Run `flows` at the same time and return their samples.

    `progress` is called with the share that is sent, 0.0 to 1.0. SIGUSR1 says that the link has
    been edited.
    """
    with contextlib.ExitStack() as stack:
        pulse = Pulse()
        streams = []
        for flow in flows:
            stream = _Stream(flow, endpoints(flow.sender), endpoints(flow.receiver), pulse.now_s)
            stack.callback(stream.close)
            streams.append(stream)

        def edited(*_: object) -> None:
            for stream in streams:
                stream.edited()

        signal.signal(signal.SIGUSR1, edited)
        _send(streams, pulse, progress)
        _await_stragglers(streams, pulse)
        progress(1.0)
        return [stream.sample(pulse.stalls_ns) for stream in streams]


def _send(streams: Sequence[_Stream], pulse: Pulse, progress: Callable[[float], None]) -> None:
    drain_s, tell_s = pulse.now_s, pulse.now_s + _PROGRESS_EVERY_S
    while not all(stream.done for stream in streams):
        for stream in streams:
            stream.send_due(pulse.now_s)
        if pulse.now_s >= drain_s:
            drain_s = pulse.now_s + _DRAIN_EVERY_S
            for stream in streams:
                stream.drain()
        if pulse.now_s >= tell_s:
            tell_s = pulse.now_s + _PROGRESS_EVERY_S
            progress(min(stream.share for stream in streams))
        pulse.beat(min(stream.due_s for stream in streams))


def _await_stragglers(streams: Sequence[_Stream], pulse: Pulse) -> None:
    """Read until all packets have arrived, or none has for the longest `quiet_s` of the flows."""
    quiet_s = max(stream.flow.quiet_s for stream in streams)
    since_s = pulse.now_s
    while pulse.now_s < since_s + quiet_s:
        if sum(stream.drain() for stream in streams):
            since_s = pulse.now_s
        elif all(stream.complete for stream in streams):
            return
        pulse.beat(pulse.now_s + _DRAIN_EVERY_S)
