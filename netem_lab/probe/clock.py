# SPDX-License-Identifier: Apache-2.0
"""How far the clock of another guest is ahead of ours, by packets to it and back.

The clocks of guests on one host run at the host's pace, so the difference stays what it is. Both
sides look for packets without rest, because a guest that sleeps takes up to 0.1 ms to wake.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import Any, NamedTuple, Optional, Sequence, Tuple

# asm-generic/socket.h; Python 3.11 does not name it.
SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
_SENT = struct.Struct("!Q")
_ANSWER = struct.Struct("!QQQ")
_PACKETS = 100
_ANSWERED_WITHIN_S = 0.1
_RESTLESS_S = 0.005


class Offset(NamedTuple):
    """How far another CLOCK_REALTIME is ahead of ours, and by how much that may be wrong."""

    ahead_ns: int
    error_ns: int


SAME = Offset(0, 0)
"""Of a clock to itself."""


def stamp_ns(ancillary: Sequence[Any]) -> int:
    """When the kernel received a packet, in CLOCK_REALTIME; its socket has SO_TIMESTAMPNS."""
    seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
    return int(seconds * 1_000_000_000 + nanoseconds)


def offset_of(sent_ns: int, there_ns: int, back_ns: int, received_ns: int) -> Offset:
    """The offset that one packet to the other clock and back shows.

    It left at `sent_ns` and was back at `received_ns` by ours; it arrived at `there_ns` and left at
    `back_ns` by the other. At worst, one of the ways took no time, and the other all of it.
    """
    ahead_ns = ((there_ns - sent_ns) + (back_ns - received_ns)) // 2
    return Offset(ahead_ns, ((received_ns - sent_ns) - (back_ns - there_ns) + 1) // 2)


def measure(address: str, port: int) -> Offset:
    """The offset that the fastest of 100 packets to an `Echo` shows; OSError where none is back."""
    offsets = []
    with _socket() as sock:
        sock.connect((address, port))
        for _ in range(_PACKETS):
            sent_ns = time.time_ns()
            sock.send(_SENT.pack(sent_ns))
            answer = _answer(sock, sent_ns)
            if answer:
                offsets.append(offset_of(sent_ns, *answer))
    if not offsets:
        raise OSError(f"no packet to the clock at {address} is back")
    return min(offsets, key=lambda offset: offset.error_ns)


def _answer(sock: socket.socket, sent_ns: int) -> Optional[Tuple[int, int, int]]:
    """When a packet was there, left again and was received here; None if it is not back in time."""
    until_s = time.monotonic() + _ANSWERED_WITHIN_S
    while time.monotonic() < until_s:
        with contextlib.suppress(BlockingIOError):
            data, ancillary, _, _ = sock.recvmsg(_ANSWER.size, 64, socket.MSG_DONTWAIT)
            of_ns, there_ns, back_ns = _ANSWER.unpack(data)
            if of_ns == sent_ns:
                return there_ns, back_ns, stamp_ns(ancillary)
    return None


class Echo:
    """Answers what `measure` sends, for ever, in a thread of its own."""

    def __init__(self, address: str) -> None:
        self._socket = _socket()
        self._socket.bind((address, 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        restless_until_s = 0.0
        while True:
            is_restless = time.monotonic() < restless_until_s
            flags = socket.MSG_DONTWAIT if is_restless else 0
            with contextlib.suppress(BlockingIOError):
                data, ancillary, _, sender = self._socket.recvmsg(_SENT.size, 64, flags)
                (sent_ns,) = _SENT.unpack(data)
                answer = _ANSWER.pack(sent_ns, stamp_ns(ancillary), time.time_ns())
                self._socket.sendto(answer, sender)
                restless_until_s = time.monotonic() + _RESTLESS_S


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    return made
