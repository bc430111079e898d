# SPDX-License-Identifier: Apache-2.0
"""The verdicts at the borders of their tolerances."""

from __future__ import annotations

import math
from typing import Any

import pytest

from netem_lab.probe.flow import Goodput, NetemCount, Sample
from netem_lab.verdict import counts, delays, judged, rates
from netem_lab.verdict.delays import Clean
from netem_lab.verdict.doubt import Doubt
from netem_lab.verdict.row import Row, Verdict
from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.link import Direction

GOOD, BAD, UNSURE, SHOWN = Verdict.GOOD, Verdict.BAD, Verdict.UNSURE, Verdict.SHOWN
EGRESS = Direction.EGRESS
RIGHT = {
    "sent": 2000, "received": 2000, "stalled": 0, "mean_ms": 0.1, "sd_ms": 0.02,
    "middle90_ms": 0.02, "offered_kbps": 480.0, "wire_kbps": 480.0, "duplicates": 0,
    "reordered": 0, "ordered": 2000, "all_sent": 2300, "all_received": 2300,
}  # fmt: skip


def sample(**different: Any) -> Sample:
    return Sample(**{**RIGHT, **different})


@pytest.mark.parametrize(
    ("delay_ms", "mean_ms", "verdict"),
    [
        (0, 0.59, GOOD), (0, 0.61, BAD),
        (30, 30.59, GOOD), (30, 30.61, BAD), (30, 29.61, GOOD), (30, 29.59, BAD),
        (50, 50.59, GOOD), (50, 50.61, BAD),  # from here on, the tolerance is 1 %
        (100, 101.09, GOOD), (100, 101.11, BAD), (100, 99.11, GOOD), (100, 99.09, BAD),
    ],
)  # fmt: skip
def test_mean_within_half_a_millisecond_or_a_percent(
    delay_ms: int, mean_ms: float, verdict: Verdict
) -> None:
    asked = Impairment(delay_us=delay_ms * 1000)
    row = delays.delay(EGRESS, asked, sample(mean_ms=mean_ms), Clean(0.1))
    assert row.verdict is verdict


@pytest.mark.parametrize(
    ("mean_ms", "verdict"),
    [(0.42, GOOD), (0.44, UNSURE), (0.56, UNSURE), (0.58, BAD)],
)
def test_what_two_clocks_are_off_may_leave_a_delay_unsure(mean_ms: float, verdict: Verdict) -> None:
    row = delays.delay(EGRESS, NONE, sample(mean_ms=mean_ms, clock_error_ms=0.07))
    assert (row.verdict, row.doubt) == (verdict, Doubt.NONE)
    assert row.measured == f"{mean_ms} ms ±0.07"


def test_the_clean_link_was_measured_by_two_clocks_too() -> None:
    measured = sample(mean_ms=30.6, clock_error_ms=0.05)
    row = delays.delay(EGRESS, Impairment(delay_us=30_000), measured, Clean(0.2, 0.06))
    assert row.verdict is UNSURE
    assert row.measured == "30.60 ms ±0.05, clean 0.20"


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.84, BAD), (0.86, GOOD), (1, GOOD), (1.14, GOOD), (1.16, BAD)]
)
def test_spread_within_15_percent_of_a_uniform_one(share: float, verdict: Verdict) -> None:
    asked = Impairment(delay_us=100_000, jitter_us=10_000)
    measured = sample(sd_ms=share * 10 / math.sqrt(3))
    assert delays.jitter(EGRESS, asked, measured).verdict is verdict


def test_spread_asked_is_what_fits_under_the_delay() -> None:
    asked = Impairment(delay_us=2_000, jitter_us=10_000)
    assert delays.jitter(EGRESS, asked, sample(sd_ms=2)).verdict is GOOD


@pytest.mark.parametrize(("middle90_ms", "verdict"), [(0.5, GOOD), (0.51, BAD)])
def test_no_jitter_bears_single_late_packets(middle90_ms: float, verdict: Verdict) -> None:
    measured = sample(sd_ms=9.9, middle90_ms=middle90_ms)
    assert delays.jitter(EGRESS, NONE, measured).verdict is verdict


@pytest.mark.parametrize(
    ("asked_pct", "lost", "verdict"),
    [
        (0, 0, GOOD), (0, 1, BAD), (100, 2000, GOOD), (100, 1999, BAD),
        # Binomial, n 2000, p 10 %: 99 % lie in 166 to 235.
        (10, 166, GOOD), (10, 160, BAD), (10, 235, GOOD), (10, 241, BAD), (0.1, 0, GOOD),
    ],
)  # fmt: skip
def test_loss_asked_lies_in_the_interval(asked_pct: float, lost: int, verdict: Verdict) -> None:
    row = counts.loss(
        EGRESS, Impairment(loss_ppm=round(asked_pct * 10_000)), sample(received=2000 - lost)
    )
    assert row.verdict is verdict


@pytest.mark.parametrize(
    ("different", "verdict"),
    [({}, GOOD), ({"reordered": 1}, BAD), ({"duplicates": 1}, BAD), ({"received": 9}, GOOD)],
)
def test_not_one_packet_out_of_order_or_twice(different: dict, verdict: Verdict) -> None:
    assert counts.order(EGRESS, sample(**different)).verdict is verdict


@pytest.mark.parametrize(
    ("kbps", "verdict"), [(8999, BAD), (9000, GOOD), (10200, GOOD), (10201, BAD)]
)
def test_throughput_within_90_to_102_percent(kbps: float, verdict: Verdict) -> None:
    asked = Impairment(rate_kbps=10_000)
    measured = sample(wire_kbps=kbps, offered_kbps=15_000)
    assert rates.throughput(EGRESS, asked, measured).verdict is verdict
    assert rates.goodput(EGRESS, asked, Goodput(0.95 * kbps, kbps)).verdict is verdict


@pytest.mark.parametrize(
    ("stalled", "mean_ms", "sd_ms", "verdict", "doubt"),
    [
        (1000, 100.0, 5.8, GOOD, Doubt.NONE),  # just half of the packets
        (1000, 102.0, 8.0, BAD, Doubt.STALLED),
        (1001, 100.0, 5.8, UNSURE, Doubt.STALLED),
        (1001, 102.0, 8.0, UNSURE, Doubt.STALLED),
        (100, 102.0, 8.0, BAD, Doubt.RANDOM),  # 5 %
        (101, 102.0, 8.0, BAD, Doubt.STALLED),
    ],
)
def test_delay_and_jitter_are_unsure_when_more_than_half_of_the_packets_are_left_out(
    stalled: int, mean_ms: float, sd_ms: float, verdict: Verdict, doubt: Doubt
) -> None:
    asked = Impairment(delay_us=100_000, jitter_us=10_000)
    measured = sample(stalled=stalled, mean_ms=mean_ms, sd_ms=sd_ms)
    rows = [delays.delay(EGRESS, asked, measured), delays.jitter(EGRESS, asked, measured)]
    assert [(row.verdict, row.doubt) for row in rows] == [(verdict, doubt)] * 2
    left_out = ["50.0 % left out" in row.measured for row in rows]
    assert left_out == [verdict is UNSURE] * 2


def test_what_is_fixed_leaves_no_doubt_on_a_machine_that_runs() -> None:
    late = delays.delay(EGRESS, NONE, sample(mean_ms=1.0))
    assert (late.verdict, late.doubt) == (BAD, Doubt.NONE)
    lost = counts.loss(EGRESS, NONE, sample(received=1999, stalled=1999))
    assert (lost.verdict, lost.doubt) == (BAD, Doubt.NONE)
    odds = counts.loss(EGRESS, Impairment(loss_ppm=100_000), sample(received=1500))
    assert (odds.verdict, odds.doubt) == (BAD, Doubt.RANDOM)


@pytest.mark.parametrize(("stalled", "doubt"), [(0, Doubt.NONE), (101, Doubt.STALLED)])
def test_a_limit_that_was_not_reached_is_unsure(stalled: int, doubt: Doubt) -> None:
    few = sample(wire_kbps=8000, offered_kbps=8000, stalled=stalled)
    row = rates.throughput(EGRESS, Impairment(rate_kbps=10_000), few)
    assert (row.verdict, row.doubt) == (UNSURE, doubt)
    lossy = Impairment(rate_kbps=10_000, loss_ppm=500_000)
    few = sample(wire_kbps=7500, offered_kbps=15_000, stalled=stalled)
    assert rates.throughput(EGRESS, lossy, few).verdict is UNSURE


def test_a_rate_without_a_limit_is_shown() -> None:
    assert rates.goodput(EGRESS, NONE, Goodput(5e6, 5.2e6)).verdict is SHOWN


@pytest.mark.parametrize(
    ("kbps", "verdict", "doubt"),
    [
        (5399, BAD, Doubt.STALLED),
        (5400, UNSURE, Doubt.STALLED),
        (8999, UNSURE, Doubt.STALLED),
        (9000, GOOD, Doubt.NONE),
        (10201, BAD, Doubt.STALLED),
    ],
)
def test_a_rate_that_stalls_may_have_made_too_low_is_unsure(
    kbps: float, verdict: Verdict, doubt: Doubt
) -> None:
    asked = Impairment(rate_kbps=10_000)
    carried = rates.goodput(EGRESS, asked, Goodput(0.95 * kbps, kbps, stalled_share=0.4))
    assert (carried.verdict, carried.doubt) == (verdict, doubt)
    measured = sample(wire_kbps=kbps, offered_kbps=15_000, stalled=800)
    passed = rates.throughput(EGRESS, asked, measured)
    assert (passed.verdict, passed.doubt) == (verdict, doubt)


@pytest.mark.parametrize(
    ("received", "passed", "dropped", "verdict"),
    [
        (2000, 2000, 300, GOOD),  # netem has dropped each missing packet
        (1999, 2000, 300, BAD),  # one more is missing
        (1999, 1999, 301, GOOD),
        (2000, 2001, 301, GOOD),  # two strangers crossed, and one of them was dropped
        (2000, 1999, 301, BAD),  # more dropped than missing, without strangers
        (2000, 900, 100, BAD),  # a new qdisc counts from 0
    ],
)
def test_each_packet_is_accounted_for(
    received: int, passed: int, dropped: int, verdict: Verdict
) -> None:
    measured = sample(all_received=received, netem=NetemCount(passed, dropped))
    assert counts.edit(EGRESS, measured).verdict is verdict


def test_counters_since() -> None:
    assert NetemCount(50, 7).since(NetemCount(20, 3)) == NetemCount(30, 4)


@pytest.mark.parametrize(
    ("loss_ppm", "received", "verdict", "said"),
    [
        (1_000_000, 0, SHOWN, "nothing arrived"),
        (100_000, 0, BAD, "nothing arrived"),
        (100_000, 5, UNSURE, "the machine was stalled"),
    ],
)
def test_without_a_delay_only_a_dead_link_is_right(
    loss_ppm: int, received: int, verdict: Verdict, said: str
) -> None:
    asked = Impairment(delay_us=30_000, loss_ppm=loss_ppm)
    unseen = sample(received=received, stalled=received, mean_ms=None, sd_ms=None, middle90_ms=None)
    rows: list[Row] = [
        delays.delay(EGRESS, asked, unseen),
        delays.jitter(EGRESS, asked, unseen),
    ]
    assert [(row.verdict, row.measured) for row in rows] == [(verdict, said)] * 2


def test_what_has_no_verdict_is_unsure_where_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every field has a verdict today, so the test takes that of loss away."""
    asked = Impairment(delay_us=30_000, loss_ppm=12_500)
    assert judged.unjudged(EGRESS, asked) == []
    monkeypatch.setattr(judged, "JUDGED_FIELDS", judged.JUDGED_FIELDS - {"loss_ppm"})
    (row,) = judged.unjudged(EGRESS, asked)
    assert (row.what, row.asked, row.verdict) == ("loss_pct", "1.25 percent", UNSURE)
    assert judged.unjudged(EGRESS, Impairment(delay_us=30_000)) == []
