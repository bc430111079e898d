# SPDX-License-Identifier: Apache-2.0
"""A tree is read back as the impairment that it was made from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.installed import installed
from networking_netem.domain.observed import ObservedTree
from networking_netem.domain.tree import tree

NARROW_US = 1_800_000
"""Up to here the kernel has room for the whole of a spread."""

impairments = st.builds(
    Impairment,
    delay_us=st.integers(0, MAXIMA["delay_us"]),
    jitter_us=st.integers(0, NARROW_US),
    loss_ppm=st.integers(0, MAXIMA["loss_ppm"]),
    rate_kbps=st.integers(3, MAXIMA["rate_kbps"] - 1) | st.just(0),
    corrupt_ppm=st.integers(0, MAXIMA["corrupt_ppm"]),
    reorder_ppm=st.integers(0, MAXIMA["reorder_ppm"]),
)


def grown(impairment: Impairment) -> ObservedTree:
    whole = tree(impairment)
    return ObservedTree(whole.tbf, whole.netem, whole.fifo)


@settings(deadline=None)
@given(impairments)
def test_what_is_installed_is_what_was_asked(asked: Impairment) -> None:
    # A spread is as long as the delay at most.
    asked = replace(asked, delay_us=max(asked.delay_us, asked.jitter_us, 1))
    assert installed(grown(asked)) == asked


@given(st.integers(1, 300_000), st.integers(101, 2_000), st.integers(0, 20_000))
def test_loss_in_runs_and_doubles_are_told_as_asked(loss: int, runs: int, twice: int) -> None:
    asked = Impairment(loss_ppm=loss, loss_burst_hundredths=runs, duplicate_ppm=twice)
    assert installed(grown(asked)) == asked


def test_reordering_that_is_not_installed_is_not_told() -> None:
    found = installed(grown(Impairment(reorder_ppm=50_000)))
    assert found == Impairment()


@pytest.mark.parametrize("jitter_us", [2_000_000, 6_705_055, MAXIMA["jitter_us"]])
def test_wide_jitter_is_told_to_a_hundredth(jitter_us: int) -> None:
    found = installed(grown(Impairment(60_000_000, jitter_us)))
    assert found
    assert abs(found.jitter_us - jitter_us) <= jitter_us / 100
    assert abs(found.delay_us - 60_000_000) <= 10


def test_nothing_installed_is_none() -> None:
    assert installed(ObservedTree()) is None
