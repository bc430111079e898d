# SPDX-License-Identifier: Apache-2.0
"""Raw frames between the two VMs, numbered, and stamped where they are sent and received."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import time
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple

from networking_netem.domain.link import Direction

from .two_vms import PAIR

MARK = b"selected"
_STAMP = struct.Struct("!8sId")
STAMP_BYTES = _STAMP.size
_SO_TIMESTAMPNS, _SO_RCVBUFFORCE = 35, 33
_SOL_PACKET, _PACKET_IGNORE_OUTGOING = 263, 23
_TIMESPEC = struct.Struct("=qq")
_MACS = {
    Direction.EGRESS: "020000000002020000000001",
    Direction.INGRESS: "020000000001020000000002",
}
_ALL_PROTOCOLS = socket.htons(0x0003)
_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


class Arrival(NamedTuple):
    """A frame that arrived: its number, and how long it was on its way."""

    number: int
    took_s: float


class Wire:
    """One direction between the VMs, as the first one sees it.

    Where a ``device`` of the host is named, the host sends there what the VM receives.
    """

    def __init__(self, direction: Direction, device: str = "") -> None:
        sender, receiver = PAIR.way(direction)
        self._macs = bytes.fromhex(_MACS[direction])
        self._sender = _bound(device, 0) if device else _packet_socket(sender, 0)
        self._receiver = _packet_socket(receiver, _ALL_PROTOCOLS)
        self._receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        self._receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        # The stack of the receiving VM answers some frames with what they carried.
        self._receiver.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._receiver.setblocking(False)

    def close(self) -> None:
        self._sender.close()
        self._receiver.close()

    def send(self, number: int, frame: bytes) -> None:
        """Send a frame whose payload ends with room for the stamp."""
        body = frame[12 : len(frame) - STAMP_BYTES]
        self._sender.send(self._macs + body + _STAMP.pack(MARK, number, time.time()))

    def arrived(self) -> List[Arrival]:
        """What has arrived since the last call, in order."""
        arrivals = []
        with contextlib.suppress(BlockingIOError):
            while True:
                data, ancillary, _, _ = self._receiver.recvmsg(2048, 256)
                mark, number, sent_s = _STAMP.unpack_from(data[-STAMP_BYTES:].rjust(STAMP_BYTES))
                if mark == MARK:
                    arrivals.append(Arrival(number, _received_s(ancillary) - sent_s))
        return arrivals


def _received_s(ancillary: List[tuple[int, int, bytes]]) -> float:
    stamps: Dict[int, bytes] = {kind: data for _, kind, data in ancillary}
    seconds, nanoseconds = _TIMESPEC.unpack(stamps[_SO_TIMESTAMPNS])
    return float(seconds + nanoseconds / 1e9)


@contextlib.contextmanager
def _inside(namespace: str) -> Iterator[None]:
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(Path("/run/netns") / namespace, os.O_RDONLY)
    try:
        assert not _LIBC.setns(there, _CLONE_NEWNET)
        yield
    finally:
        assert not _LIBC.setns(home, _CLONE_NEWNET)
        os.close(home)
        os.close(there)


def _packet_socket(namespace: str, protocol: int) -> socket.socket:
    with _inside(namespace):
        return _bound("eth0", protocol)


def _bound(device: str, protocol: int) -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.bind((device, socket.ntohs(protocol)))
    return opened


class Batch:
    """Sends one frame many times, many of them in a call of the kernel."""

    def __init__(self, direction: Direction, frame: bytes) -> None:
        self._sender = _packet_socket(PAIR.way(direction)[0], 0)
        self._frame = ctypes.create_string_buffer(bytes.fromhex(_MACS[direction]) + frame[12:])
        place = _Iovec(ctypes.addressof(self._frame), len(frame))
        self._place = place
        self._messages = (_Message * _AT_ONCE)()
        for message in self._messages:
            message.place = ctypes.addressof(place)
            message.places = 1

    def send(self, count: int) -> None:
        """Send so many frames, a multiple of 100."""
        for _ in range(count // _AT_ONCE):
            sent = _LIBC.sendmmsg(self._sender.fileno(), self._messages, _AT_ONCE, 0)
            assert sent == _AT_ONCE

    def close(self) -> None:
        self._sender.close()


_AT_ONCE = 100


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """struct mmsghdr, with struct msghdr in it (man 2 sendmmsg)."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("place", ctypes.c_void_p),
        ("places", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_size_t),  # an int, and room
        ("sent_bytes", ctypes.c_size_t),  # the same
    )
