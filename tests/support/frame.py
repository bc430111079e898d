# SPDX-License-Identifier: Apache-2.0
"""Ethernet frames of all kinds, byte by byte."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60
MACS = bytes.fromhex("020000000002020000000001")


@dataclass(frozen=True)
class Frame:
    """A frame of IP. ``tags`` are the types of its VLAN tags, the outer first.

    ``headers`` are extension headers of IPv6 with how many units of 8 bytes they have over one.
    ``ports`` are those of the protocol, or type and code; ``fragment`` is None for a whole packet,
    else its offset in units of 8 bytes.
    """

    source: str
    destination: str
    protocol: int
    ports: Tuple[int, int] = (0, 0)
    tags: Tuple[int, ...] = ()
    options_bytes: int = 0
    headers: Tuple[Tuple[int, int], ...] = ()
    fragment: Optional[int] = None
    payload: bytes = field(default=bytes(26))

    @property
    def version(self) -> int:
        return ipaddress.ip_address(self.source).version

    def __bytes__(self) -> bytes:
        tags = b"".join(struct.pack("!HH", tag, 0x2000 | 7) for tag in self.tags)
        inner = self._inner()
        kind, packet = (0x0800, self._ipv4(inner)) if self.version == 4 else self._ipv6(inner)
        return MACS + tags + struct.pack("!H", kind) + packet

    def _inner(self) -> bytes:
        if self.fragment:
            return self.payload
        if self.protocol in (ICMP, ICMPV6):
            return struct.pack("!BBH", *self.ports, 0) + self.payload
        # UDP's length; for the others it is a part of their header.
        return struct.pack("!HHHH", *self.ports, 8 + len(self.payload), 0) + self.payload

    def _ipv4(self, inner: bytes) -> bytes:
        header_bytes = 20 + self.options_bytes
        offset = 0 if self.fragment is None else (self.fragment or 0x2000)
        addresses = [ipaddress.ip_address(each).packed for each in (self.source, self.destination)]
        head = struct.pack(
            "!BBHHHBBH",
            *(0x40 | header_bytes // 4, 0, header_bytes + len(inner), 77, offset),
            *(64, self.protocol, 0),
        )
        options = b"\1" * self.options_bytes  # no operation
        whole = head + addresses[0] + addresses[1] + options
        return whole[:10] + struct.pack("!H", checksum(whole)) + whole[12:] + inner

    def _ipv6(self, inner: bytes) -> Tuple[int, bytes]:
        chain: List[Tuple[int, bytes]] = []
        for kind, more in self.headers:
            pad = 6 + 8 * more - 2
            # A routing header without segments left; a pad option in the others.
            body = bytes(6 + 8 * more) if kind == ROUTING else bytes([1, pad]) + bytes(pad)
            chain.append((kind, bytes([more]) + body))
        if self.fragment is not None:
            offset = self.fragment << 3 or 1
            chain.append((FRAGMENT, struct.pack("!BHI", 0, offset, 77)))
        kinds = [kind for kind, _ in chain] + [self.protocol]
        bodies = [bytes([then]) + body for then, (_, body) in zip(kinds[1:], chain)]
        rest = b"".join(bodies) + inner
        addresses = [ipaddress.ip_address(each).packed for each in (self.source, self.destination)]
        head = struct.pack("!IHBB", 6 << 28, len(rest), kinds[0], 64)
        return 0x86DD, head + addresses[0] + addresses[1] + rest


def checksum(header: bytes) -> int:
    """The checksum of an IPv4 header whose own is 0."""
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
