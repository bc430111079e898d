# SPDX-License-Identifier: Apache-2.0
"""Numbered packets from one VM to the other as fast as they go, counted where they arrive."""

from __future__ import annotations

import contextlib
import socket
from typing import Iterator, List, Mapping, Tuple

from netem_lab.probe.endpoint import inside
from networking_netem.domain.link import Direction
from tests.kernel.two_vms import ADDRESSES, PAIR

_SO_NO_CHECK, SO_RCVBUFFORCE, _UDP_SEGMENT = 11, 33, 103
"""Python 3.11 does not name them (asm-generic/socket.h, linux/udp.h)."""
_NUMBER_BYTES = 4
_FRAME_BYTES = 100
_FRAMES = 60
"""Of one super-packet, which is longer than a frame may be, so that it is cut."""
_QUIET_S = 1.0


def numbers_through(direction: Direction, packets: int, quiet_s: float = _QUIET_S) -> List[int]:
    """Send packets in super-packets (UDP GSO), and return the numbers of those that arrive.

    What has not arrived ``quiet_s`` after the packet before it is lost.
    """
    arrived: List[int] = []
    with between(*PAIR.way(direction), ADDRESSES) as (sender, receiver):
        sender.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, _FRAME_BYTES)
        for first in range(0, packets, _FRAMES):
            numbers = range(first, min(first + _FRAMES, packets))
            frames = (n.to_bytes(_NUMBER_BYTES, "big").ljust(_FRAME_BYTES, b"\0") for n in numbers)
            sender.send(b"".join(frames))
            arrived += _numbers(receiver, 0.0)
        return arrived + _numbers(receiver, quiet_s)


def payloads_through(
    direction: Direction, payload: bytes, packets: int, with_checksum: bool
) -> List[bytes]:
    """Send the same payload many times, and return those that arrive."""
    arrived: List[bytes] = []
    with between(*PAIR.way(direction), ADDRESSES) as (sender, receiver):
        sender.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, not with_checksum)
        for _ in range(packets):
            sender.send(payload)
            arrived += payloads(receiver, 0.0)
        return arrived + payloads(receiver, _QUIET_S)


def _numbers(receiver: socket.socket, quiet_s: float) -> List[int]:
    found = payloads(receiver, quiet_s)
    return [int.from_bytes(payload[:_NUMBER_BYTES], "big") for payload in found]


def payloads(receiver: socket.socket, quiet_s: float) -> List[bytes]:
    """What `receiver` has, and gets until nothing comes for `quiet_s`."""
    found = []
    receiver.settimeout(quiet_s)
    while True:
        try:
            found.append(receiver.recv(65536))
        except (BlockingIOError, socket.timeout):
            return found


@contextlib.contextmanager
def between(
    source: str, target: str, addresses: Mapping[str, str]
) -> Iterator[Tuple[socket.socket, socket.socket]]:
    """The socket that sends, in the namespace `source`, and the one that receives, in `target`."""
    with inside(target):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with inside(source):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender, receiver:
        # All packets may arrive at once, after the guest's softirqs had to wait.
        receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
        receiver.bind((addresses[target], 0))
        sender.connect(receiver.getsockname())
        yield sender, receiver
