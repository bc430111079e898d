# SPDX-License-Identifier: Apache-2.0
"""The slots that make jitter: mean, deviation and bounds of what the kernel will draw."""

from __future__ import annotations

import statistics
from typing import List

import pytest

from networking_netem.domain.jitter import exponential_slot, spread_ns
from networking_netem.domain.qdisc import DISTRIBUTION_SCALE, INT32_MAX


def lengths_ns(spread: int) -> List[float]:
    slot = exponential_slot(spread)
    assert slot is not None
    return [slot.mean_ns + slot.sigma_ns * entry / DISTRIBUTION_SCALE for entry in slot.table]


@pytest.mark.parametrize("spread", [1_000, 577_350, 5_773_503, 1_000_000_000])
def test_mean_and_deviation_are_the_spread(spread: int) -> None:
    lengths = lengths_ns(spread)
    assert statistics.mean(lengths) == pytest.approx(spread, rel=1e-3)
    assert statistics.pstdev(lengths) == pytest.approx(spread, rel=2e-3)


@pytest.mark.parametrize("spread", [100, 5_773_503, 2_000_000_000, 17_320_508_076])
def test_no_slot_is_negative_and_the_mean_holds_to_the_end(spread: int) -> None:
    lengths = lengths_ns(spread)
    assert min(lengths) >= 0
    assert statistics.mean(lengths) == pytest.approx(spread, rel=1e-3)


def test_what_the_kernel_takes() -> None:
    slot = exponential_slot(17_320_508_076)
    assert slot is not None
    assert slot.sigma_ns == INT32_MAX
    assert min(slot.table) >= -(2**15)
    assert max(slot.table) < 2**15


def test_no_spread_is_no_slot() -> None:
    assert exponential_slot(0) is None


def test_the_spread_is_that_of_a_uniform_one_but_never_more_than_the_delay() -> None:
    assert spread_ns(100_000, 10_000) == 5_773_503
    assert spread_ns(1_000, 10_000) == 1_000_000
