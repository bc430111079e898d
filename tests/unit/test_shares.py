# SPDX-License-Identifier: Apache-2.0
"""Verdicts on runs, copies, corruption and order, at the borders of their intervals."""

from __future__ import annotations

from typing import Any

import pytest

from netem_lab.verdict import counts, expected, shares
from netem_lab.verdict.doubt import Doubt
from netem_lab.verdict.row import Verdict
from netem_lab.verdict.sampling import Pair, corruptible_flows
from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.link import Direction, Link

from .test_verdicts import sample

GOOD, BAD, UNSURE, SHOWN = Verdict.GOOD, Verdict.BAD, Verdict.UNSURE, Verdict.SHOWN
EGRESS = Direction.EGRESS
TWICE = Impairment(duplicate_ppm=50_000)
EARLY = Impairment(delay_us=50_000, reorder_ppm=50_000)
CORRUPT = Impairment(corrupt_ppm=50_000)
RUNS = Impairment(loss_ppm=50_000, loss_burst_hundredths=300)


# Binomial, n 2000, p 5 %: 99 % lie in 76 to 126.
@pytest.mark.parametrize(("hits", "verdict"), [(76, GOOD), (70, BAD), (126, GOOD), (132, BAD)])
def test_the_share_asked_lies_in_the_interval(hits: int, verdict: Verdict) -> None:
    rows = [
        shares.doubled(EGRESS, TWICE, sample(duplicates=hits, ordered=2000 + hits)),
        shares.reordered(EGRESS, EARLY, sample(overtaking=hits), 1000.0),
    ]
    assert [row.verdict for row in rows] == [verdict] * 2
    assert {row.doubt for row in rows} == {Doubt.RANDOM if verdict is BAD else Doubt.NONE}


@pytest.mark.parametrize(("hits", "verdict"), [(0, GOOD), (1, BAD)])
def test_not_one_where_none_is_asked(hits: int, verdict: Verdict) -> None:
    rows = [
        shares.doubled(EGRESS, NONE, sample(duplicates=hits)),
        shares.reordered(EGRESS, NONE, sample(overtaking=hits), 1000.0),
    ]
    assert [row.verdict for row in rows] == [verdict] * 2
    assert {row.doubt for row in rows} == {Doubt.NONE}


def test_who_skips_a_short_delay_overtakes_too_few_to_tell() -> None:
    short = Impairment(delay_us=1_000, reorder_ppm=50_000)
    assert shares.reordered(EGRESS, short, sample(overtaking=100), 1000.0).verdict is UNSURE


@pytest.mark.parametrize(
    ("hits", "bits", "verdict"),
    [(97, 97, GOOD), (97, 98, BAD), (60, 60, BAD), (140, 140, BAD), (0, 0, BAD)],
)
def test_corrupt_packets_have_one_bit_each(hits: int, bits: int, verdict: Verdict) -> None:
    (flow,) = corruptible_flows(Pair("vm1", "vm2"), Link(egress=CORRUPT))
    row = shares.corrupt(EGRESS, CORRUPT, sample(corrupt=hits, corrupt_bits=bits), flow)
    assert row.verdict is verdict


def test_a_dead_link_doubles_nothing() -> None:
    dead = Impairment(loss_ppm=1_000_000, duplicate_ppm=50_000)
    nothing = sample(received=0, ordered=0)
    assert shares.doubled(EGRESS, dead, nothing).verdict is SHOWN
    assert shares.doubled(EGRESS, TWICE, nothing).verdict is BAD


# Each of 100 lost packets ends its run with a chance of 1/3: 99 % lie in 22 to 46 runs.
@pytest.mark.parametrize(("runs", "verdict"), [(22, GOOD), (20, BAD), (46, GOOD), (49, BAD)])
def test_the_run_asked_lies_in_the_interval(runs: int, verdict: Verdict) -> None:
    row = counts.runs(EGRESS, RUNS, sample(received=1900, loss_runs=runs))
    assert row.verdict is verdict


def test_without_a_loss_there_is_no_run_to_judge() -> None:
    assert counts.runs(EGRESS, RUNS, sample()).verdict is UNSURE


def test_a_loss_in_runs_has_a_wider_interval() -> None:
    """130 of 2000 are too many of 5 % where each is lost by itself."""
    measured = sample(received=2000 - 130)
    assert counts.loss(EGRESS, Impairment(loss_ppm=50_000), measured).verdict is BAD
    assert counts.loss(EGRESS, RUNS, measured).verdict is GOOD
    assert counts.independent_share(Impairment(loss_ppm=50_000)) == 1
    assert counts.independent_share(RUNS) == pytest.approx(0.2125, abs=1e-3)


@pytest.mark.parametrize(("lost", "verdict"), [(60, BAD), (90, GOOD), (120, GOOD), (150, BAD)])
def test_what_is_corrupt_is_lost_too(lost: int, verdict: Verdict) -> None:
    assert counts.loss(EGRESS, CORRUPT, sample(received=2000 - lost)).verdict is verdict


@pytest.mark.parametrize(
    ("figure", "asked", "low", "high"),
    [
        (expected.lost, Impairment(loss_ppm=100_000, duplicate_ppm=500_000), 0.1, 0.1),
        (expected.lost, Impairment(corrupt_ppm=100_000), 0.088, 0.1),
        (expected.lost, Impairment(corrupt_ppm=100_000, duplicate_ppm=1_000_000), 0.0077, 0.01),
        (expected.doubled, Impairment(loss_ppm=100_000, duplicate_ppm=500_000), 0.5, 0.5),
        (expected.doubled, Impairment(corrupt_ppm=100_000, duplicate_ppm=1_000_000), 0.818, 0.838),
        (expected.overtaking, Impairment(reorder_ppm=100_000), 0, 0),
        (expected.overtaking, Impairment(delay_us=1, reorder_ppm=100_000), 0.1, 0.1),
        (expected.run_packets, RUNS, 3, 3),
    ],
)
def test_what_the_probe_is_to_see(figure: Any, asked: Impairment, low: float, high: float) -> None:
    assert figure(asked) == pytest.approx((low, high), abs=5e-4)
