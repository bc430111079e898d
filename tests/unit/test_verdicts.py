# SPDX-License-Identifier: Apache-2.0
"""The verdicts at the borders of their tolerances."""

from __future__ import annotations

import math
from typing import Any

import pytest

from netem_lab.probe.flow import Goodput, NetemCount, Sample
from netem_lab.verdict import verdicts
from netem_lab.verdict.asked import Asked
from netem_lab.verdict.row import Row, Verdict

GOOD, BAD, SHOWN = Verdict.GOOD, Verdict.BAD, Verdict.SHOWN
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
        (50, 50.59, GOOD), (50, 50.61, BAD),  # here 1 % takes over
        (100, 101.09, GOOD), (100, 101.11, BAD), (100, 99.11, GOOD), (100, 99.09, BAD),
    ],
)  # fmt: skip
def test_mean_within_half_a_millisecond_or_a_percent(
    delay_ms: float, mean_ms: float, verdict: Verdict
) -> None:
    row = verdicts.delay("egress", Asked(delay_ms=delay_ms), sample(mean_ms=mean_ms), 0.1)
    assert row.verdict is verdict


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.84, BAD), (0.86, GOOD), (1, GOOD), (1.14, GOOD), (1.16, BAD)]
)
def test_spread_within_15_percent_of_a_uniform_one(share: float, verdict: Verdict) -> None:
    asked = Asked(delay_ms=100, delay_correlation_ms=10)
    measured = sample(sd_ms=share * 10 / math.sqrt(3))
    assert verdicts.jitter("egress", asked, measured).verdict is verdict


def test_spread_asked_is_what_fits_under_the_delay() -> None:
    asked = Asked(delay_ms=2, delay_correlation_ms=10)
    assert verdicts.jitter("egress", asked, sample(sd_ms=2)).verdict is GOOD


@pytest.mark.parametrize(("middle90_ms", "verdict"), [(0.5, GOOD), (0.51, BAD)])
def test_no_jitter_bears_single_late_packets(middle90_ms: float, verdict: Verdict) -> None:
    measured = sample(sd_ms=9.9, middle90_ms=middle90_ms)
    assert verdicts.jitter("egress", Asked(), measured).verdict is verdict


@pytest.mark.parametrize(
    ("asked_pct", "lost", "verdict"),
    [
        (0, 0, GOOD), (0, 1, BAD), (100, 2000, GOOD), (100, 1999, BAD),
        # Binomial, n 2000, p 10 %: 99 % lie in 166 to 235.
        (10, 166, GOOD), (10, 160, BAD), (10, 235, GOOD), (10, 241, BAD), (0.1, 0, GOOD),
    ],
)  # fmt: skip
def test_loss_asked_lies_in_the_interval(asked_pct: float, lost: int, verdict: Verdict) -> None:
    row = verdicts.loss("egress", Asked(loss_pct=asked_pct), sample(received=2000 - lost))
    assert row.verdict is verdict


@pytest.mark.parametrize(
    ("different", "verdict"),
    [({}, GOOD), ({"reordered": 1}, BAD), ({"duplicates": 1}, BAD), ({"received": 9}, GOOD)],
)
def test_not_one_packet_out_of_order_or_twice(different: dict, verdict: Verdict) -> None:
    assert verdicts.order("egress", sample(**different)).verdict is verdict


@pytest.mark.parametrize(
    ("kbps", "verdict"), [(8999, BAD), (9000, GOOD), (10200, GOOD), (10201, BAD)]
)
def test_throughput_within_90_to_102_percent(kbps: float, verdict: Verdict) -> None:
    asked = Asked(max_kbps=10_000)
    measured = sample(wire_kbps=kbps, offered_kbps=15_000)
    assert verdicts.throughput("egress", asked, measured).verdict is verdict
    assert verdicts.goodput("egress", asked, Goodput(0.95 * kbps, kbps)).verdict is verdict


def test_a_limit_that_was_not_reached_is_not_judged() -> None:
    measured = sample(wire_kbps=8000, offered_kbps=8000)
    assert verdicts.throughput("egress", Asked(max_kbps=10_000), measured).verdict is SHOWN
    lossy = Asked(max_kbps=10_000, loss_pct=50)
    measured = sample(wire_kbps=7500, offered_kbps=15_000)
    assert verdicts.throughput("egress", lossy, measured).verdict is SHOWN
    assert verdicts.goodput("egress", Asked(), Goodput(5e6, 5.2e6)).verdict is SHOWN


@pytest.mark.parametrize(
    ("kbps", "verdict"), [(5399, BAD), (5400, SHOWN), (8999, SHOWN), (9000, GOOD), (10201, BAD)]
)
def test_a_rate_tells_nothing_that_the_machine_stood_still_for(
    kbps: float, verdict: Verdict
) -> None:
    asked = Asked(max_kbps=10_000)
    carried = Goodput(0.95 * kbps, kbps, stalled_share=0.4)
    assert verdicts.goodput("egress", asked, carried).verdict is verdict
    measured = sample(wire_kbps=kbps, offered_kbps=15_000, stalled=800)
    assert verdicts.throughput("egress", asked, measured).verdict is verdict


@pytest.mark.parametrize(
    ("received", "passed", "dropped", "verdict"),
    [
        (2000, 2000, 300, GOOD),  # each missing packet fell to the dice
        (1999, 2000, 300, BAD),  # one more is missing
        (1999, 1999, 301, GOOD),
        (2000, 2001, 301, GOOD),  # two strangers crossed: one of them was dropped
        (2000, 1999, 301, BAD),  # more dropped than missing, and no stranger
        (2000, 900, 100, BAD),  # a new qdisc counts anew
    ],
)
def test_each_packet_is_accounted_for(
    received: int, passed: int, dropped: int, verdict: Verdict
) -> None:
    measured = sample(all_received=received, netem=NetemCount(passed, dropped))
    assert verdicts.edit("egress", measured).verdict is verdict


def test_counters_since() -> None:
    assert NetemCount(50, 7).since(NetemCount(20, 3)) == NetemCount(30, 4)


@pytest.mark.parametrize(
    ("loss_pct", "received", "verdict", "said"),
    [
        (100, 0, SHOWN, "nothing arrived"),
        (10, 0, BAD, "nothing arrived"),
        (10, 5, BAD, "the machine stood still"),
    ],
)
def test_without_a_delay_only_a_dead_link_is_right(
    loss_pct: float, received: int, verdict: Verdict, said: str
) -> None:
    asked = Asked(delay_ms=30, loss_pct=loss_pct)
    unseen = sample(received=received, mean_ms=None, sd_ms=None, middle90_ms=None)
    rows: list[Row] = [
        verdicts.delay("egress", asked, unseen, 0),
        verdicts.jitter("egress", asked, unseen),
    ]
    assert [(row.verdict, row.measured) for row in rows] == [(verdict, said)] * 2
