# SPDX-License-Identifier: Apache-2.0
"""Every device that there can be has an ifb of its own."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking_netem.domain.ifb import ifb_name, is_ifb_name, orphans

# dev_valid_name of net/core/dev.c (Linux 6.1): no slash, colon, space or NUL; not "." nor "..".
NAMES = (
    st.binary(min_size=1, max_size=15)
    .filter(lambda name: not re.search(rb"[\0/:\s\xa0\x85]", name) and name not in (b".", b".."))
    .map(os.fsdecode)
)


def test_neutrons_names_stay_readable() -> None:
    assert ifb_name("tap1a2b3c4d-5e") == "nifb1a2b3c4d-5e"


@given(name=NAMES)
def test_any_device_has_an_ifb_whose_name_the_kernel_takes(name: str) -> None:
    ifb = ifb_name(name)
    assert is_ifb_name(ifb)
    assert 1 <= len(os.fsencode(ifb)) <= 15
    assert orphans([ifb], [name, "lo"]) == []
    assert ifb_name(name) == ifb


@pytest.mark.parametrize("odd", ["hm0", "lo", "x", "tpi-0a1b2c3d-4e", "trunk-vm-000001", "x\udcff"])
def test_odd_names_do_not_share_one(odd: str) -> None:
    others = {ifb_name(each) for each in ("hm1", "l", "y", "spi-0a1b2c3d-4e", "trunk-vm-000002")}
    assert ifb_name(odd) not in others


def test_an_ifb_without_its_device_is_an_orphan() -> None:
    assert orphans([ifb_name("tap1"), ifb_name("hm0")], ["hm0", "lo"]) == [ifb_name("tap1")]
