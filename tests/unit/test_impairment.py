# SPDX-License-Identifier: Apache-2.0
"""Impairments and links: ranges, words, exchange of a direction."""

from __future__ import annotations

import pytest

from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.link import Direction, Link


@pytest.mark.parametrize("name", MAXIMA)
def test_the_ends_of_every_range_are_inside(name: str) -> None:
    assert getattr(Impairment(**{name: MAXIMA[name]}), name) == MAXIMA[name]
    for outside in (-1, MAXIMA[name] + 1):
        with pytest.raises(ValueError, match=f"{name} is {outside}; it must be 0 to"):
            Impairment(**{name: outside})


def test_a_burst_alone_impairs_nothing() -> None:
    assert Impairment(burst_kbit=5).is_none
    assert not Impairment(jitter_us=1).is_none


def test_words_for_the_log() -> None:
    slow = Impairment(delay_us=100_500, jitter_us=10_000, loss_ppm=1, rate_kbps=10_000)
    link = Link(egress=slow, ingress=Impairment())
    assert str(link) == "egress 10000 kbit/s, 100.5 ms ± 10 ms, 0.0001 % lost; ingress clean"


@pytest.mark.parametrize("direction", Direction)
def test_one_direction_is_exchanged_and_the_other_stays(direction: Direction) -> None:
    other = next(each for each in Direction if each is not direction)
    one, two, three = (Impairment(delay_us=each) for each in (1, 2, 3))
    link = Link(egress=one, ingress=two).with_impairment(direction, three)
    assert link[direction] == three
    assert link[other] in (one, two)
