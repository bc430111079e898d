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


def test_words_for_what_is_rare() -> None:
    runs = Impairment(loss_ppm=50_000, loss_burst_hundredths=250, duplicate_ppm=10_000)
    assert str(runs) == "5 % lost in runs of 2.5, 1 % doubled"
    odd = Impairment(corrupt_ppm=1, reorder_ppm=20_000)
    assert str(odd) == "0.0001 % corrupt, 2 % reordered"
    assert str(Impairment(loss_ppm=1_000_000, loss_burst_hundredths=300)) == "100 % lost"


@pytest.mark.parametrize("name", ["duplicate_ppm", "corrupt_ppm", "reorder_ppm"])
def test_each_of_these_alone_impairs(name: str) -> None:
    assert not Impairment(**{name: 1}).is_none


def test_runs_alone_impair_nothing() -> None:
    assert Impairment(loss_burst_hundredths=300).is_none
