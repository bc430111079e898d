# SPDX-License-Identifier: Apache-2.0
"""Netlink attributes: a 16-bit length, a 16-bit type, a value, padded to 4 bytes (netlink(7))."""

from __future__ import annotations

import functools
import os
import struct
from typing import Dict, Sequence

_HEADER = struct.Struct("=HH")
_TYPE_MASK = 0x3FFF
"""Without the NLA_F_NESTED and NLA_F_NET_BYTEORDER flags."""


def pack(attribute: int, value: bytes) -> bytes:
    """One attribute, padded."""
    return _HEADER.pack(_HEADER.size + len(value), attribute) + value + b"\0" * (-len(value) % 4)


def pack_string(attribute: int, value: str) -> bytes:
    """One attribute that holds a NUL-terminated string; bytes that are no text are surrogates."""
    return pack(attribute, os.fsencode(value) + b"\0")


def unpack(data: bytes, offset: int = 0) -> Dict[int, bytes]:
    """The attributes in ``data`` from ``offset`` on, by type; of a repeated type, the last."""
    found = {}
    read, last = _HEADER.unpack_from, len(data) - _HEADER.size
    while offset <= last:
        length, attribute = read(data, offset)
        if length < _HEADER.size:
            break
        found[attribute & _TYPE_MASK] = data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3
    return found


def find(data: bytes, path: Sequence[int], offset: int = 0) -> bytes:
    """The value of an attribute within attributes; empty where there is none.

    The path begins outside. Nothing else is read.
    """
    read, header, end = _HEADER.unpack_from, _HEADER.size, len(data)
    for wanted in path:
        while offset + header <= end:
            length, attribute = read(data, offset)
            if length < header or offset + length > end:
                return b""
            if attribute & _TYPE_MASK == wanted:
                end = offset + length
                offset += header
                break
            offset += (length + 3) & ~3
        else:
            return b""
    return data[offset:end]


@functools.lru_cache(maxsize=16384)
def unpack_string(value: bytes) -> str:
    """The text of a NUL-terminated string attribute; cached, because dumps repeat the same few."""
    return os.fsdecode(value.rstrip(b"\0"))
