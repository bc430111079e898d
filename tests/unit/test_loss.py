# SPDX-License-Identifier: Apache-2.0
"""Loss and duplication: the chances make the shares asked, by netem's own rules."""

from __future__ import annotations

import itertools
import random
from typing import Iterator, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking_netem.domain.loss import Chances, Shares, chances, least_burst_packets, shares
from networking_netem.domain.units import PROBABILITY_MAX

ASKED = [
    Shares(0.01, 5.0),
    Shares(0.5, 20.0),
    Shares(0.1, 1.0, 0.05),
    Shares(0.05, 10.0, 0.02),
    Shares(0.5, 5.0, 0.05),
    Shares(0.6, 1.5),
    Shares(0.0, 1.0, 0.3),
]


def arrivals(drawn: Chances, packets: int) -> List[int]:
    """How often each packet arrives: netem_enqueue and loss_gilb_ell of Linux 6.1, played."""
    chance = random.Random(repr(drawn)).random
    loses = losses(drawn, chance)
    found = []
    for _ in range(packets):
        is_doubled, is_lost = chance() < drawn.duplicate, next(loses)
        count = 1 + is_doubled - is_lost
        found.append(count if count < 2 else 1 + (not next(loses)))
    return found


def losses(drawn: Chances, chance: random.Random.random) -> Iterator[bool]:
    is_bad = False
    while True:
        if drawn.to_good is None:
            yield chance() < drawn.loss
            continue
        was_bad = is_bad
        is_bad = chance() >= drawn.to_good if was_bad else chance() < drawn.loss
        yield was_bad


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_netem_makes_of_the_chances_what_was_asked(asked: Shares) -> None:
    packets = 300_000
    found = arrivals(chances(asked), packets)
    lost = found.count(0)
    assert lost / packets == pytest.approx(asked.loss, rel=0.1)
    assert found.count(2) / (packets - lost) == pytest.approx(asked.duplicate, rel=0.1)
    if asked.burst_packets > 1:
        runs = sum(1 for count, _ in itertools.groupby(found) if count == 0)
        assert lost / runs == pytest.approx(asked.burst_packets, rel=0.1)


@given(st.floats(0, 0.3), st.floats(1, 20), st.floats(0, 0.02))
def test_all_three_are_exact_where_there_is_room(loss: float, burst: float, twice: float) -> None:
    asked = Shares(loss, burst if loss else 1.0, twice)
    if burst < 1.1 * least_burst_packets(loss):
        return
    assert shares(chances(asked)) == pytest.approx(asked, abs=1e-9)


@given(st.floats(0, 1), st.floats(1, 1000), st.floats(0, 1))
def test_the_loss_is_exact_and_doubles_are_never_more(
    loss: float, burst: float, twice: float
) -> None:
    asked = Shares(loss, burst, twice)
    drawn = chances(asked)
    assert all(0 <= chance <= 1 for chance in drawn if chance is not None)
    assert shares(drawn).loss == pytest.approx(loss, abs=1e-9)
    assert shares(drawn).duplicate <= twice + 1e-9


def test_one_percent_in_fives() -> None:
    """The figures of tc-netem's users: p 0.202 %, r 20 %."""
    model = chances(Shares(0.01, 5.0)).gemodel
    assert model
    assert model.p / PROBABILITY_MAX == pytest.approx(0.00202, rel=1e-3)
    assert model.r / PROBABILITY_MAX == pytest.approx(0.2)


def test_a_run_that_is_too_short_becomes_the_least() -> None:
    assert least_burst_packets(0.9) == pytest.approx(9)
    assert shares(chances(Shares(0.9, 2.0))).burst_packets == pytest.approx(9)


def test_of_what_is_all_lost_nothing_is_doubled() -> None:
    assert chances(Shares(1.0, 3.0, 1.0)) == Chances(0.0, 1.0)


def test_fewer_are_doubled_where_doubling_would_undo_the_loss() -> None:
    most = shares(chances(Shares(0.2, 1.0, 0.9))).duplicate
    assert most == pytest.approx(0.228, abs=1e-3)
    assert shares(chances(Shares(0.2, 1.0, 0.2))).duplicate == pytest.approx(0.2)
