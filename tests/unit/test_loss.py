# SPDX-License-Identifier: Apache-2.0
"""Bursty loss: the model has the mean and the run length that were asked."""

from __future__ import annotations

import pytest

from networking_netem.domain.loss import bursty
from networking_netem.domain.units import PROBABILITY_MAX


@pytest.mark.parametrize(("loss_ppm", "burst"), [(10_000, 5), (100, 1), (500_000, 20), (1, 100)])
def test_mean_and_runs(loss_ppm: int, burst: int) -> None:
    model = bursty(loss_ppm, burst)
    p, r = model.p / PROBABILITY_MAX, model.r / PROBABILITY_MAX
    assert p / (p + r) * 1e6 == pytest.approx(loss_ppm, rel=1e-2)
    assert 1 / r == pytest.approx(burst)


def test_one_percent_in_fives() -> None:
    """The figures of tc-netem's users: p 0.202 %, r 20 %."""
    model = bursty(10_000, 5)
    assert model.p / PROBABILITY_MAX == pytest.approx(0.00202, rel=1e-3)
    assert model.r / PROBABILITY_MAX == pytest.approx(0.2)


@pytest.mark.parametrize(("loss_ppm", "burst"), [(1_000_000, 5), (900_000, 8), (10, 0), (-1, 5)])
def test_what_cannot_be_is_refused(loss_ppm: int, burst: int) -> None:
    with pytest.raises(ValueError, match=f"{loss_ppm} ppm in runs of {burst} packets cannot be"):
        bursty(loss_ppm, burst)
