# SPDX-License-Identifier: Apache-2.0
"""A TCP connection between two VMs, sending as fast as it can."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from typing import Callable, Iterator, Tuple

from netem_lab.probe.endpoint import Endpoint, inside
from netem_lab.probe.flow import SEGMENT_OVERHEAD_BYTES, Goodput, Transfer

_CHUNK = bytes(64 << 10)
_CONNECT_TIMEOUT_S = 10.0
_PROGRESS_EVERY_S = 0.5
_BEAT_S = 0.001
"""Nothing in the guest comes before the probe: if it wakes later than this, the machine did."""


def transfer(
    flow: Transfer, endpoints: Callable[[str], Endpoint], progress: Callable[[float], None]
) -> Goodput:
    """Run `flow`; its goodput counts from the first byte after it has settled to the last."""
    with _connection(endpoints(flow.sender), endpoints(flow.receiver)) as (mouth, ear):
        segment_bytes = mouth.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
        goodput_kbps, stalled_share = _pump(flow, mouth, ear, progress)
    wire_kbps = goodput_kbps * (1 + SEGMENT_OVERHEAD_BYTES / segment_bytes)
    return Goodput(goodput_kbps, wire_kbps, stalled_share)


def _pump(
    flow: Transfer,
    mouth: socket.socket,
    ear: socket.socket,
    progress: Callable[[float], None],
) -> Tuple[float, float]:
    """Return the goodput in kbit/s, and how much of its time the machine stood still."""
    start_s = told_s = time.monotonic()
    settled_s, end_s = start_s + flow.settle_s, start_s + flow.duration_s
    first_s = last_s = stalled_s = 0.0
    received_bytes = 0
    buffer = bytearray(1 << 20)
    now_s = start_s
    while now_s < end_s:
        readable, writable, _ = select.select([ear], [mouth], [], _BEAT_S)
        beat_s, now_s = now_s, time.monotonic()
        late_s = now_s - beat_s - _BEAT_S
        if first_s and late_s > _BEAT_S:
            stalled_s += late_s
        if readable:
            size = ear.recv_into(buffer)
            if first_s:
                received_bytes += size
                last_s = now_s
            elif now_s >= settled_s:
                first_s = last_s = now_s
        if writable:
            with contextlib.suppress(BlockingIOError):
                mouth.send(_CHUNK)
        if now_s >= told_s:
            told_s = now_s + _PROGRESS_EVERY_S
            progress((now_s - start_s) / flow.duration_s)
    progress(1.0)
    if last_s <= first_s:
        return 0.0, 0.0
    return received_bytes * 8 / 1000 / (last_s - first_s), stalled_s / (last_s - first_s)


@contextlib.contextmanager
def _connection(
    sender: Endpoint, receiver: Endpoint
) -> Iterator[Tuple[socket.socket, socket.socket]]:
    with contextlib.ExitStack() as stack:
        with inside(receiver.netns):
            listener = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        with inside(sender.netns):
            mouth = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.bind((receiver.address, 0))
        listener.listen(1)
        listener.settimeout(_CONNECT_TIMEOUT_S)
        mouth.settimeout(_CONNECT_TIMEOUT_S)
        mouth.connect(listener.getsockname())
        ear = stack.enter_context(listener.accept()[0])
        mouth.setblocking(False)
        ear.setblocking(False)
        yield mouth, ear
