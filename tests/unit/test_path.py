# SPDX-License-Identifier: Apache-2.0
"""The path between two VMs follows from the rules of both ports' policies."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Optional

import pytest

from netem_lab.errors import LabError
from netem_lab.verdict import moving
from netem_lab.verdict.path import across, link_of
from netem_lab.verdict.row import Row, Verdict
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.selector import IMPAIR, IPV6, PASS, Selector


def test_rules_as_the_api_shows_them() -> None:
    rules = [
        {"type": "bandwidth_limit", "direction": "egress", "max_kbps": 10, "max_burst_kbps": 1},
        {"type": "delay", "direction": "egress", "delay_ms": 100, "delay_correlation_ms": 10},
        {"type": "delay", "direction": "ingress", "delay_ms": 0.5, "delay_correlation_ms": 0},
        {"type": "loss", "direction": "egress", "loss_pct": 10},
        {"type": "dscp_marking", "dscp_mark": 26},
    ]
    assert link_of(rules) == Link(
        egress=Impairment(100_000, 10_000, 100_000, 10, 1), ingress=Impairment(delay_us=500)
    )
    assert link_of([]) == Link.CLEAN


def test_a_policy_on_both_ports_is_met_twice() -> None:
    first = Link(Impairment(100_000, 3_000, 100_000, 10_000, 1), Impairment(delay_us=7_000))
    second = Link(Impairment(delay_us=1_000), Impairment(30_000, 4_000, 500_000, 20_000, 2))
    assert across(first, second) == Link(
        egress=Impairment(130_000, 5_000, 550_000, 10_000, 1), ingress=Impairment(delay_us=8_000)
    )
    assert across(Link.CLEAN, Link.CLEAN) == Link.CLEAN


def test_a_timeline_for_any_direction_counts_in_both_and_is_unsure_while_it_runs() -> None:
    steps = [{"at_ms": 0, "loss_pct": 100}]
    rule = {"type": "timeline", "steps": steps, "length_ms": 1000, "direction": "any"}
    link = link_of([{**rule, "start_at": "1970-01-01T00:00:10.000Z"}])
    running = across(link.at(10_500), Link.CLEAN)
    assert running.egress == running.ingress == Impairment(loss_ppm=1_000_000)
    row = Row("egress", "loss", "100 %", "100 %", Verdict.GOOD)
    assert moving.judged(running, row).verdict is Verdict.UNSURE
    assert moving.judged(across(link.at(9_999), Link.CLEAN), row).verdict is Verdict.UNSURE
    over = across(link.at(11_000), Link.CLEAN)
    assert over == Link.CLEAN
    assert moving.judged(over, row) == row


UDP_53 = Selector(1, PASS, protocol=17, port_range_min=53, port_range_max=53)
SLOW = Link(egress=Impairment(delay_us=1000))


@pytest.mark.parametrize(
    ("selectors", "seen"),
    [
        ([UDP_53], SLOW),
        ([replace(UDP_53, action=IMPAIR)], Link.CLEAN),
        ([replace(UDP_53, port_range_max=65_535)], None),
        ([replace(UDP_53, port_range_max=40_000)], None),
        ([replace(UDP_53, ethertype=IPV6), Selector(2, PASS)], Link.CLEAN),
        ([Selector(1, PASS, IPV6), Selector(2, IMPAIR, IPV6)], Link.CLEAN),
        ([Selector(1, PASS, protocol=1)], SLOW),
        ([Selector(1, PASS, protocol=17)], None),
        ([Selector(1, IMPAIR, remote_ip_prefix="0.0.0.0/0")], SLOW),
        ([Selector(1, IMPAIR, remote_ip_prefix="10.0.0.0/8")], None),
    ],
    ids=str,
)
def test_selectors_count_as_far_as_they_hit_the_probe(
    selectors: List[Selector], seen: Optional[Link]
) -> None:
    link = SLOW.with_selectors(Direction.EGRESS, tuple(selectors))
    back = Link(ingress=SLOW.egress).with_selectors(Direction.INGRESS, tuple(selectors))
    for path in (across(link, Link.CLEAN), across(Link.CLEAN, back)):
        assert path == (link if seen is None else seen)


def test_links_that_no_impairment_describes_together_are_refused() -> None:
    longest = Link(Impairment(delay_us=60_000_000), Impairment(delay_us=60_000_000))
    with pytest.raises(LabError, match=r"cannot be judged: delay_us is 120000000; it must be 0"):
        across(longest, longest)


def test_loss_of_both_and_its_runs() -> None:
    runs = Impairment(loss_ppm=100_000, loss_burst_hundredths=300)
    alone = Link(egress=runs)
    assert across(alone, Link.CLEAN) == alone
    assert across(Link.CLEAN, Link(ingress=runs)) == alone
    # Runs of 3 beside a loss of each by itself: 0.19 lost; a run begins at 0.81 - 0.8667 * 0.81.
    both = across(alone, Link(ingress=Impairment(loss_ppm=100_000))).egress
    assert (both.loss_ppm, both.loss_burst_hundredths) == (190_000, 176)


def test_a_packet_skips_the_delay_of_the_port_that_reorders() -> None:
    reordered, slow = Impairment(delay_us=1_000, reorder_ppm=7), Impairment(delay_us=50_000)
    met = across(Link(egress=reordered), Link(ingress=slow)).egress
    assert (met.delay_us, met.reorder_ppm) == (51_000, 7)
    in_vain = across(Link(egress=Impairment(reorder_ppm=7)), Link(ingress=slow)).egress
    assert in_vain.reorder_ppm == 0


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        *(
            ({field: 1}, {field: 1}, what)
            for field, what in {
                "duplicate_ppm": "packets are doubled at both ports",
                "corrupt_ppm": "packets are made corrupt at both ports",
                "reorder_ppm": "packets are reordered at both ports",
            }.items()
        ),
        ({"duplicate_ppm": 1}, {"loss_ppm": 1}, "packets are doubled at one port and lost at the"),
    ],
)
def test_what_one_link_does_to_the_others_work_is_refused(
    first: dict, second: dict, why: str
) -> None:
    with pytest.raises(LabError, match=f"cannot be judged: {why}"):
        across(Link(egress=Impairment(**first)), Link(ingress=Impairment(**second)))
