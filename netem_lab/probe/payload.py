# SPDX-License-Identifier: Apache-2.0
"""What a packet of the probe holds: a mark of its flow, its number, and when it was sent."""

from __future__ import annotations

import struct
from typing import NamedTuple, Optional

from netem_lab.probe.flow import Datagrams

_HEADER = struct.Struct("!HIQ")
"""The mark of the receiver, the number of the packet, and when it was sent."""
_COPIES = 3


class Read(NamedTuple):
    """What was read of a packet; `corrupt_bits` differ from what was sent."""

    number: int
    sent_ns: int
    corrupt_bits: int


class Payload:
    """Writes and reads the payloads of one flow.

    Where payloads are compared, the header is there three times, so that the two that agree tell
    what was sent.
    """

    def __init__(self, flow: Datagrams, mark: int) -> None:
        self._mark = mark
        self._copies = _COPIES if flow.compares_payload else 1
        self._size_bytes = max(flow.payload_bytes, self._copies * _HEADER.size)

    @property
    def read_bytes(self) -> int:
        """How much of a packet must be read."""
        return self._size_bytes if self._copies > 1 else _HEADER.size

    def written(self, number: int, sent_ns: int) -> bytes:
        """Return the payload of a packet."""
        return self._filled(_HEADER.pack(self._mark, number, sent_ns))

    def read(self, data: bytes) -> Optional[Read]:
        """Return what a payload holds; None where the packet is not of this flow."""
        starts = range(0, self._copies * _HEADER.size, _HEADER.size)
        header, *others = (data[at : at + _HEADER.size] for at in starts)
        if others and header not in others:
            header = others[0]
        mark, number, sent_ns = _HEADER.unpack(header)
        if mark != self._mark:
            return None
        bits = differing_bits(data, self._filled(header)) if self._copies > 1 else 0
        return Read(number, sent_ns, bits)

    def _filled(self, header: bytes) -> bytes:
        return (header * self._copies).ljust(self._size_bytes, b"\0")


def differing_bits(arrived: bytes, sent: bytes) -> int:
    """Return in how many bits a payload differs; one that is cut short differs in its length.

    Without a checksum, a bit of UDP's length makes a shorter packet.
    """
    if arrived == sent:
        return 0
    one, other = (int.from_bytes(each[: len(arrived)], "big") for each in (arrived, sent))
    return bin(one ^ other).count("1") + (len(arrived) != len(sent))
