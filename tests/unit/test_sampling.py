# SPDX-License-Identifier: Apache-2.0
"""How long the flows that judge a link are, and how many packets they have."""

from __future__ import annotations

import math

import pytest

from netem_lab.verdict import sampling
from netem_lab.verdict.sampling import Pair, delay_duration_s
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link

PAIR = Pair("vm1", "vm2")


def test_jitter_is_watched_until_its_figures_are_steady() -> None:
    assert delay_duration_s(Impairment(delay_us=30_000)) == 0
    # 100 +- 10: the standard deviation decides, 5 m (2.4 / 0.15)^2; 101 +- 20: the mean.
    ten, twenty = 10 / math.sqrt(3) / 1000, 20 / math.sqrt(3) / 1000
    asked = Impairment(delay_us=100_000, jitter_us=10_000)
    assert delay_duration_s(asked) == pytest.approx(5 * ten * 256)
    asked = Impairment(delay_us=101_000, jitter_us=20_000)
    assert delay_duration_s(asked) == pytest.approx(2 * twenty**3 * (2.4 / 0.00101) ** 2)
    assert delay_duration_s(Impairment(delay_us=100_000, jitter_us=100_000)) == 60


def test_at_least_2000_packets_and_no_queue() -> None:
    slow = Link(egress=Impairment(rate_kbps=1000))
    egress, ingress = sampling.delay_flows(PAIR, slow)
    assert (egress.sender, egress.receiver) == (ingress.receiver, ingress.sender) == ("vm1", "vm2")
    assert egress.count == ingress.count == 2000
    assert egress.pps * egress.frame_bits == pytest.approx(0.2 * 1000e3)
    assert ingress.pps == 1000


def test_long_flows_spare_the_cpu_and_last_alike() -> None:
    asked = Link(egress=Impairment(delay_us=101_000, jitter_us=20_000))
    flows = sampling.delay_flows(PAIR, asked)
    assert [flow.pps for flow in flows] == [500, 500]
    assert [flow.count for flow in flows] == [round(500 * delay_duration_s(asked.egress))] * 2


@pytest.mark.parametrize(("loss_ppm", "factor"), [(0, 1.5), (100_000, 1.5), (500_000, 2.4)])
def test_more_is_offered_than_the_limit_after_loss(loss_ppm: int, factor: float) -> None:
    limited = Link(ingress=Impairment(rate_kbps=20_000, loss_ppm=loss_ppm))
    (flow,) = sampling.busy_flows(PAIR, limited)
    assert flow.key == ("ingress", "udp")
    assert flow.pps * flow.frame_bits == pytest.approx(factor * 20e6)


def test_tcp_only_where_it_can_thrive() -> None:
    assert (
        sampling.busy_flows(PAIR, Link(ingress=Impairment(loss_ppm=1_000_000, rate_kbps=9))) == []
    )
    assert len(sampling.transfers(PAIR, Link.CLEAN)) == 2
    assert sampling.transfers(PAIR, Link(ingress=Impairment(loss_ppm=10_000))) == []


def test_runs_of_losses_get_as_many_packets_as_they_are_worth_less() -> None:
    alone, runs = (
        Impairment(loss_ppm=50_000),
        Impairment(loss_ppm=50_000, loss_burst_hundredths=300),
    )
    assert delay_duration_s(alone) == 0
    assert delay_duration_s(runs) == pytest.approx(9.4, abs=0.1)


def test_large_packets_are_sent_where_some_are_corrupt() -> None:
    asked = Link(egress=Impairment(corrupt_ppm=1, rate_kbps=20_000), ingress=Impairment(loss_ppm=1))
    (flow,) = sampling.corruptible_flows(PAIR, asked)
    assert flow.key == ("egress", "corrupt")
    assert flow.compares_payload
    assert flow.pps * flow.frame_bits == pytest.approx(0.2 * 20e6)


def test_what_skips_a_delay_has_others_to_overtake() -> None:
    asked = Link(egress=Impairment(delay_us=101_000, jitter_us=20_000, reorder_ppm=1))
    assert [flow.pps for flow in sampling.delay_flows(PAIR, asked)] == [1000, 500]
