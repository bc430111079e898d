# SPDX-License-Identifier: Apache-2.0
"""The exact interval against published values, and at the edges against its definition."""

from __future__ import annotations

import math

import pytest

from netem_lab.verdict.statistics import clopper_pearson


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 5.
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0000, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_published_values(hits: int, trials: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, trials, 0.95) == pytest.approx((low, high), abs=0.00005)


@pytest.mark.parametrize("trials", [1, 2000, 40000])
def test_none_and_all(trials: int) -> None:
    # The one end solves (1 - p)^n = 0.005 in closed form.
    open_end = 1 - 0.005 ** (1 / trials)
    assert clopper_pearson(0, trials) == pytest.approx((0, open_end), rel=1e-9)
    assert clopper_pearson(trials, trials) == pytest.approx((1 - open_end, 1), rel=1e-9)


@pytest.mark.parametrize(("hits", "trials"), [(1, 10), (5, 10), (200, 2000), (5600, 40000)])
def test_each_end_leaves_half_a_percent(hits: int, trials: int) -> None:
    low, high = clopper_pearson(hits, trials)
    assert low < hits / trials < high
    assert 1 - _at_most(hits - 1, trials, low) == pytest.approx(0.005, rel=1e-5)
    assert _at_most(hits, trials, high) == pytest.approx(0.005, rel=1e-5)


@pytest.mark.parametrize(("hits", "trials"), [(-1, 10), (11, 10), (0, 0)])
def test_counts_that_cannot_be(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match=f"{hits} of {trials}"):
        clopper_pearson(hits, trials)


def _at_most(hits: int, trials: int, p: float) -> float:
    """P(X <= hits), term by term."""
    return math.fsum(
        math.exp(
            math.lgamma(trials + 1)
            - math.lgamma(k + 1)
            - math.lgamma(trials - k + 1)
            + k * math.log(p)
            + (trials - k) * math.log1p(-p)
        )
        for k in range(hits + 1)
    )
