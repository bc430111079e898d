# SPDX-License-Identifier: Apache-2.0
"""Every device that there can be has ifbs of its own."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking_netem.domain.ifb import ifb_name, ifb_names, is_ifb_name, orphans
from networking_netem.domain.link import Direction

# dev_valid_name of net/core/dev.c (Linux 6.1): no slash, colon, space or NUL; not "." nor "..".
NAMES = (
    st.binary(min_size=1, max_size=15)
    .filter(lambda name: not re.search(rb"[\0/:\s\xa0\x85]", name) and name not in (b".", b".."))
    .map(os.fsdecode)
)


def test_neutrons_names_stay_readable() -> None:
    assert ifb_name("tap1a2b3c4d-5e", Direction.EGRESS) == "nifb1a2b3c4d-5e"
    assert ifb_name("tap1a2b3c4d-5e", Direction.INGRESS) == "nifi1a2b3c4d-5e"


@given(name=NAMES)
def test_any_device_has_an_ifb_whose_name_the_kernel_takes(name: str) -> None:
    ifbs = ifb_names(name)
    assert len(set(ifbs)) == 2
    assert all(is_ifb_name(ifb) and 1 <= len(os.fsencode(ifb)) <= 15 for ifb in ifbs)
    assert orphans(ifbs, [name, "lo"]) == []
    assert ifb_names(name) == ifbs


@pytest.mark.parametrize(
    "odd",
    ["hm0", "lo", "x", "qvo1a2b3c4d-5e", "tap", "tpi-0a1b2c3d-4e", "trunk-vm-000001", "x\udcff"],
)
def test_odd_names_do_not_share_one(odd: str) -> None:
    others = (
        "hm1",
        "l",
        "y",
        "tap1a2b3c4d-5e",
        "qvr1a2b3c4d-5e",
        "spi-0a1b2c3d-4e",
        "trunk-vm-000002",
    )
    assert not {ifb for other in others for ifb in ifb_names(other)} & set(ifb_names(odd))


def test_an_ifb_without_its_device_is_an_orphan() -> None:
    left = orphans([*ifb_names("tap1"), *ifb_names("hm0")], ["hm0", "lo"])
    assert left == list(ifb_names("tap1"))
