# SPDX-License-Identifier: Apache-2.0
"""A payload tells its packet, and in how many bits it has changed."""

from __future__ import annotations

import pytest

from netem_lab.probe.flow import Datagrams, Key
from netem_lab.probe.payload import Payload, Read, differing_bits


def made(is_compared: bool = True, mark: int = 5) -> Payload:
    flow = Datagrams(
        *(Key("egress", "corrupt"), "vm1", "vm2"),
        **{"pps": 1, "count": 1, "settle_count": 0, "payload_bytes": 100},
        compares_payload=is_compared,
    )
    return Payload(flow, mark)


@pytest.mark.parametrize("is_compared", [False, True])
def test_what_was_written_is_read(is_compared: bool) -> None:
    payload = made(is_compared)
    assert payload.read(payload.written(7, 99)) == Read(7, 99, 0)
    assert payload.read(made(is_compared, mark=6).written(7, 99)) is None


@pytest.mark.parametrize("byte", [0, 3, 13, 14, 30, 41, 42, 99])
def test_a_bit_anywhere_is_counted_and_hides_nothing(byte: int) -> None:
    payload = made()
    corrupt = bytearray(payload.written(7, 99))
    corrupt[byte] ^= 0x10
    assert payload.read(bytes(corrupt)) == Read(7, 99, 1)


def test_a_shorter_payload_differs_in_its_length() -> None:
    payload = made()
    assert payload.read(payload.written(7, 99)[:60]) == Read(7, 99, 1)
    assert differing_bits(b"ab", b"abc") == 1
    assert differing_bits(b"", b"abc") == 1
