# SPDX-License-Identifier: Apache-2.0
"""A VM as an end of a flow: a network namespace to open sockets in, and an address."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
from dataclasses import dataclass
from typing import Iterator

_CLONE_NEWNET = 0x40000000
# linux/sockios.h
_SIOCGIFADDR = 0x8915

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Endpoint:
    """The name of a VM's network namespace, and its IPv4 address."""

    netns: str
    address: str


def is_here(netns: str) -> bool:
    """Whether the VM of this network namespace is in this guest."""
    return os.path.exists(_path(netns))


@contextlib.contextmanager
def inside(netns: str) -> Iterator[None]:
    """Work in the network namespace `netns`; a socket opened there stays there."""
    with open("/proc/thread-self/ns/net") as home, open(_path(netns)) as there:
        _setns(there.fileno())
        try:
            yield
        finally:
            _setns(home.fileno())


def find(netns: str) -> Endpoint:
    """Return the endpoint in `netns`: its first interface that has an IPv4 address."""
    with inside(netns), _udp() as sock:
        for _, device in socket.if_nameindex():
            if device == "lo":
                continue
            request = struct.pack("16s16x8x", device.encode())
            try:
                address = fcntl.ioctl(sock, _SIOCGIFADDR, request)[20:24]
            except OSError:  # EADDRNOTAVAIL: the interface has no IPv4 address
                continue
            return Endpoint(netns, socket.inet_ntoa(address))
    raise LookupError(f"no interface in network namespace {netns} has an IPv4 address")


def _path(netns: str) -> str:
    return f"/run/netns/{netns}"


def _udp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _setns(fd: int) -> None:
    if _libc.setns(fd, _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, f"cannot enter a network namespace: {os.strerror(error)}")
