# SPDX-License-Identifier: Apache-2.0
"""A TCP connection between two VMs that sends as fast as it can."""

from __future__ import annotations

import contextlib
import select
import socket
from typing import Any, Callable, NamedTuple, Optional

from netem_lab.probe.endpoint import Endpoint, inside, is_here
from netem_lab.probe.flow import SEGMENT_OVERHEAD_BYTES, Goodput, Transfer
from netem_lab.probe.peer import Alone
from netem_lab.probe.pulse import BEAT_S, Pulse

_CHUNK = bytes(64 << 10)
_CONNECT_TIMEOUT_S = 10.0
_PROGRESS_EVERY_S = 0.5


class Carried(NamedTuple):
    """What the ends of a connection have found; of an end that is not in this guest, 0.

    All is from when the connection had settled to its last byte.
    """

    received_bytes: int
    duration_s: float
    stalled_s: float
    segment_bytes: int

    def joined(self, other: Carried) -> Carried:
        """What both ends have found. Their guests may have been stalled at different times."""
        return Carried(
            self.received_bytes + other.received_bytes,
            self.duration_s + other.duration_s,
            self.stalled_s + other.stalled_s,
            self.segment_bytes + other.segment_bytes,
        )

    @property
    def goodput(self) -> Goodput:
        """Both rates; they are 0 where nothing arrived."""
        if self.duration_s <= 0:
            return Goodput(0.0, 0.0)
        goodput_kbps = self.received_bytes * 8 / 1000 / self.duration_s
        wire_kbps = goodput_kbps * (1 + SEGMENT_OVERHEAD_BYTES / self.segment_bytes)
        return Goodput(goodput_kbps, wire_kbps, self.stalled_s / self.duration_s)


NOTHING = Carried(0, 0.0, 0.0, 0)


def transfer(
    flow: Transfer,
    endpoints: Callable[[str], Endpoint],
    progress: Callable[[float], None],
    peer: Alone,
) -> Carried:
    """Run the ends of `flow` that are in this guest, and return what they found."""
    with contextlib.ExitStack() as stack:
        listener = sending = receiving = None
        if is_here(flow.receiver):
            receiver = endpoints(flow.receiver)
            listener = stack.enter_context(_socket(receiver.netns))
            listener.bind((receiver.address, 0))
            listener.listen(1)
        ours = listener.getsockname() if listener else None
        target: Any = peer.swap("target", ours, None) or ours
        if is_here(flow.sender):
            sending = stack.enter_context(_socket(flow.sender))
            address, port = target
            sending.connect((address, port))
            sending.setblocking(False)
        if listener:
            receiving = stack.enter_context(listener.accept()[0])
            receiving.setblocking(False)
        return _pump(flow, sending, receiving, progress)


def _pump(
    flow: Transfer,
    sending: Optional[socket.socket],
    receiving: Optional[socket.socket],
    progress: Callable[[float], None],
) -> Carried:
    pulse = Pulse()
    start_s = told_s = pulse.now_s
    settled_s, end_s = start_s + flow.settle_s, start_s + flow.duration_s
    first_s = last_s = settling_stalled_s = 0.0
    received_bytes = 0
    buffer = bytearray(1 << 20)
    while pulse.now_s < end_s:
        readable, writable, _ = select.select(
            [receiving] if receiving else [], [sending] if sending else [], [], BEAT_S
        )
        pulse.woke(pulse.now_s + BEAT_S)
        if not (first_s if receiving else pulse.now_s >= settled_s):
            settling_stalled_s = pulse.stalled_s
        if readable:
            assert receiving
            size = receiving.recv_into(buffer)
            if first_s:
                received_bytes += size
                last_s = pulse.now_s
            elif pulse.now_s >= settled_s:
                first_s = last_s = pulse.now_s
        if writable:
            assert sending
            # The receiver's time may be over a little earlier.
            with contextlib.suppress(BlockingIOError, ConnectionError):
                sending.send(_CHUNK)
        if pulse.now_s >= told_s:
            told_s = pulse.now_s + _PROGRESS_EVERY_S
            progress((pulse.now_s - start_s) / flow.duration_s)
    progress(1.0)
    segment_bytes = sending.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) if sending else 0
    stalled_s = pulse.stalled_s - settling_stalled_s
    return Carried(received_bytes, last_s - first_s, stalled_s, segment_bytes)


def _socket(netns: str) -> socket.socket:
    with inside(netns):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.settimeout(_CONNECT_TIMEOUT_S)
    return made
