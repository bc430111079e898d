# SPDX-License-Identifier: Apache-2.0
"""A TCP connection between two VMs that sends as fast as it can."""

from __future__ import annotations

import contextlib
import select
import socket
from typing import Callable, Iterator, Tuple

from netem_lab.probe.endpoint import Endpoint, inside
from netem_lab.probe.flow import SEGMENT_OVERHEAD_BYTES, Goodput, Transfer
from netem_lab.probe.pulse import BEAT_S, Pulse

_CHUNK = bytes(64 << 10)
_CONNECT_TIMEOUT_S = 10.0
_PROGRESS_EVERY_S = 0.5


def transfer(
    flow: Transfer, endpoints: Callable[[str], Endpoint], progress: Callable[[float], None]
) -> Goodput:
    """Run `flow` and return its goodput, measured from when it has settled to its last byte."""
    with _connection(endpoints(flow.sender), endpoints(flow.receiver)) as (sending, receiving):
        segment_bytes = sending.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
        goodput_kbps, stalled_share = _pump(flow, sending, receiving, progress)
    wire_kbps = goodput_kbps * (1 + SEGMENT_OVERHEAD_BYTES / segment_bytes)
    return Goodput(goodput_kbps, wire_kbps, stalled_share)


def _pump(
    flow: Transfer,
    sending: socket.socket,
    receiving: socket.socket,
    progress: Callable[[float], None],
) -> Tuple[float, float]:
    """Return the goodput in kbit/s, and the share of the time in which the machine was stalled."""
    pulse = Pulse()
    start_s = told_s = pulse.now_s
    settled_s, end_s = start_s + flow.settle_s, start_s + flow.duration_s
    first_s = last_s = settling_stalled_s = 0.0
    received_bytes = 0
    buffer = bytearray(1 << 20)
    while pulse.now_s < end_s:
        readable, writable, _ = select.select([receiving], [sending], [], BEAT_S)
        pulse.woke(pulse.now_s + BEAT_S)
        if readable:
            size = receiving.recv_into(buffer)
            if first_s:
                received_bytes += size
                last_s = pulse.now_s
            elif pulse.now_s >= settled_s:
                first_s = last_s = pulse.now_s
                settling_stalled_s = pulse.stalled_s
        if writable:
            with contextlib.suppress(BlockingIOError):
                sending.send(_CHUNK)
        if pulse.now_s >= told_s:
            told_s = pulse.now_s + _PROGRESS_EVERY_S
            progress((pulse.now_s - start_s) / flow.duration_s)
    progress(1.0)
    duration_s = last_s - first_s
    if duration_s <= 0:
        return 0.0, 0.0
    stalled_share = (pulse.stalled_s - settling_stalled_s) / duration_s
    return received_bytes * 8 / 1000 / duration_s, stalled_share


@contextlib.contextmanager
def _connection(
    sender: Endpoint, receiver: Endpoint
) -> Iterator[Tuple[socket.socket, socket.socket]]:
    with contextlib.ExitStack() as stack:
        with inside(receiver.netns):
            listener = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        with inside(sender.netns):
            sending = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.bind((receiver.address, 0))
        listener.listen(1)
        listener.settimeout(_CONNECT_TIMEOUT_S)
        sending.settimeout(_CONNECT_TIMEOUT_S)
        sending.connect(listener.getsockname())
        receiving = stack.enter_context(listener.accept()[0])
        sending.setblocking(False)
        receiving.setblocking(False)
        yield sending, receiving
