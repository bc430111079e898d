# SPDX-License-Identifier: Apache-2.0
"""From a policy's rules to what is asked of a link, and how much is sent to judge it."""

from __future__ import annotations

import math

import pytest

from netem_lab.verdict import sampling
from netem_lab.verdict.asked import CLEAN, CLEAN_BOTH, Asked, across, asked_by
from netem_lab.verdict.sampling import Pair, delay_duration_s

PAIR = Pair("vm1", "vm2")


def test_rules_as_the_api_shows_them() -> None:
    rules = [
        {"type": "bandwidth_limit", "direction": "egress", "max_kbps": 10, "max_burst_kbps": 1},
        {"type": "delay", "direction": "egress", "delay_ms": 100, "delay_correlation_ms": 10},
        {"type": "delay", "direction": "ingress", "delay_ms": 0.5, "delay_correlation_ms": 0},
        {"type": "loss", "direction": "egress", "loss_pct": 10},
        {"type": "dscp_marking", "dscp_mark": 26},
    ]
    assert asked_by(rules) == {
        "egress": Asked(100, 10, 10, 10, 1),
        "ingress": Asked(delay_ms=0.5),
    }
    assert asked_by([]) == CLEAN_BOTH


def test_a_policy_on_both_ports_is_met_twice() -> None:
    first = {"egress": Asked(100, 3, 10, 10_000, 1), "ingress": Asked(delay_ms=7)}
    second = {"egress": Asked(delay_ms=1), "ingress": Asked(30, 4, 50, 20_000, 2)}
    assert across(first, second) == {
        "egress": Asked(130, 5, 55, 10_000, 1),
        "ingress": Asked(delay_ms=8),
    }
    assert across(CLEAN_BOTH, CLEAN_BOTH) == CLEAN_BOTH
    assert CLEAN.then(CLEAN) == CLEAN


def test_jitter_is_watched_until_chance_is_small() -> None:
    assert delay_duration_s(Asked(delay_ms=30)) == 0
    # 100 +- 10: the standard deviation decides, 5 m (2.4 / 0.15)^2; 101 +- 20: the mean.
    ten, twenty = 10 / math.sqrt(3) / 1000, 20 / math.sqrt(3) / 1000
    asked = Asked(delay_ms=100, delay_correlation_ms=10)
    assert delay_duration_s(asked) == pytest.approx(5 * ten * 256)
    asked = Asked(delay_ms=101, delay_correlation_ms=20)
    assert delay_duration_s(asked) == pytest.approx(2 * twenty**3 * (2.4 / 0.00101) ** 2)
    assert delay_duration_s(Asked(delay_ms=100, delay_correlation_ms=100)) == 60


def test_at_least_2000_packets_and_no_queue() -> None:
    slow = {"egress": Asked(max_kbps=1000), "ingress": CLEAN}
    egress, ingress = sampling.delay_flows(PAIR, slow)
    assert (egress.sender, egress.receiver) == (ingress.receiver, ingress.sender) == ("vm1", "vm2")
    assert egress.count == ingress.count == 2000
    assert egress.pps * egress.frame_bits == pytest.approx(0.2 * 1000e3)
    assert ingress.pps == 1000


def test_long_flows_spare_the_cpu_and_last_alike() -> None:
    asked = {"egress": Asked(delay_ms=101, delay_correlation_ms=20), "ingress": CLEAN}
    flows = sampling.delay_flows(PAIR, asked)
    assert [flow.pps for flow in flows] == [500, 500]
    assert [flow.count for flow in flows] == [round(500 * delay_duration_s(asked["egress"]))] * 2


@pytest.mark.parametrize(("loss_pct", "factor"), [(0, 1.5), (10, 1.5), (50, 2.4)])
def test_more_is_offered_than_the_limit_after_loss(loss_pct: float, factor: float) -> None:
    limited = {"egress": CLEAN, "ingress": Asked(max_kbps=20_000, loss_pct=loss_pct)}
    (flow,) = sampling.busy_flows(PAIR, limited)
    assert flow.name == "ingress udp"
    assert flow.pps * flow.frame_bits == pytest.approx(factor * 20e6)


def test_tcp_only_where_it_can_thrive() -> None:
    assert sampling.busy_flows(PAIR, {"egress": CLEAN, "ingress": Asked(0, 0, 100, 9)}) == []
    assert len(sampling.transfers(PAIR, CLEAN_BOTH)) == 2
    assert sampling.transfers(PAIR, {"egress": CLEAN, "ingress": Asked(loss_pct=1)}) == []
