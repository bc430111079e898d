# SPDX-License-Identifier: Apache-2.0
"""Golden bytes: our messages are those of iproute2, and are decoded to what was encoded."""

from __future__ import annotations

import dataclasses
import random
import sys
from dataclasses import replace

import pytest

from networking_netem.domain import protect
from networking_netem.domain.filters import Police
from networking_netem.domain.link import Direction
from networking_netem.domain.qdisc import Fifo, GilbertElliott, Netem, Slot, Tbf
from networking_netem.kernel import attributes, fifo, netem, passes, qdisc, redirect, tbf

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="golden bytes of a little-endian")


def test_attributes_are_padded_and_found_again() -> None:
    packed = attributes.pack_string(1, "netem") + attributes.pack(0x8002, b"\x01\x02\x03\x04")
    assert packed.hex() == "0a000100" + "6e6574656d00" + "0000" + "08000280" + "01020304"
    assert attributes.unpack(packed) == {1: b"netem\0", 2: b"\x01\x02\x03\x04"}


def test_a_truncated_attribute_ends_the_list() -> None:
    assert attributes.unpack(b"\x02\x00\x01\x00") == {}


def test_netem_says_everything_even_when_it_is_zero() -> None:
    options = netem.encode(Netem(limit_packets=1000, loss=429496730))
    assert options[:24].hex() == "00000000" + "e8030000" + "9a999919" + "00000000" * 3
    assert sorted(attributes.unpack(options[24:])) == [1, 3, 4, 6, 7, 8, 10, 11, 12]


def test_tbf_golden() -> None:
    encoded = tbf.encode(Tbf(1_250_000, 156_250, 25_000_000_000, 1))
    parms = attributes.unpack(encoded)[1]
    assert parms.hex() == (
        "0001000000000000" + "d0121300" + "0001000000000000" + "ffffffff"
        + "ffffff7f" + "5a620200" + "01000000"
    )  # fmt: skip
    assert attributes.unpack(encoded)[5].hex() == "00ba1dd205000000"


def test_a_delete_names_our_handle_and_kind_so_that_it_cannot_hit_anothers() -> None:
    assert qdisc.delete_root(3).body.hex() == (
        "00000000" + "03000000" + "0000454e" + "ffffffff" + "0" * 8
        + "08000100" + "74626600"
    )  # fmt: skip


def test_redirect_golden() -> None:
    body = redirect.add(3, Direction.EGRESS, 7, is_hook_foreign=False).body
    assert body[:20].hex() == "00000000" + "03000000" + "01000000" + "f2ffffff" + "0003454e"
    assert body[-28:].hex() == "0" * 16 + "04000000" + "0" * 16 + "01000000" + "07000000"


def test_filters_are_read_as_they_were_written() -> None:
    for direction in Direction:
        for foreign in (False, True):
            sent = redirect.add(3, direction, 7, foreign)
            assert redirect.parse(sent.body) == (7, None, foreign, False, False)
            unsharing = redirect.add(3, direction, 7, foreign, unshares=True)
            assert redirect.parse(unsharing.body) == (7, None, foreign, False, True)
            first = redirect.add(3, direction, 7, foreign, is_first=True)
            assert redirect.parse(first.body) == (7, None, foreign, True, False)
            for rate in (1, 2**32 - 1, 2**40):
                limit = Police(rate, 5)
                sent = redirect.add_police(3, direction, limit, foreign)
                assert redirect.parse(sent.body) == (None, limit, foreign, False, False)
        exempt = protect.passes(direction, protect.PROTECTED, 0)
        assert exempt
        assert passes.parse(passes.set_(3, direction, exempt).body) == exempt
        whole = replace(exempt, police=None)
        assert passes.parse(passes.set_(3, direction, whole).body) == whole


def test_what_is_encoded_is_decoded() -> None:
    draw = random.Random(4)
    for _ in range(200):
        values = {
            field.name: draw.choice((0, draw.getrandbits(31)))
            for field in dataclasses.fields(Netem)
            if field.type in ("int", int)
        }
        original = Netem(
            **values,
            gemodel=draw.choice((None, GilbertElliott(1, 2, 3, 4))),
            slot=Slot(5, 6, (), 7, 8, 9, 10),
            ecn=draw.choice((True, False)),
        )
        assert netem.decode(netem.encode(original)) == original
    assert fifo.decode(fifo.encode(Fifo(17))) == Fifo(17)
    for rate in (1, 2**32 - 1, 2**32, 2**40):
        assert tbf.decode(tbf.encode(Tbf(rate, 3, rate + 1, 4))) == Tbf(rate, 3, rate + 1, 4)
