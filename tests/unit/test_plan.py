# SPDX-License-Identifier: Apache-2.0
"""Plans: what the kernel must hold for a link, in its own units."""

from __future__ import annotations

import math

import pytest

from networking_netem.domain import units
from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.plan import Conditions, Path, Plan, is_unselected, plan
from networking_netem.domain.selecting import selected
from networking_netem.domain.selector import PASS, Selector
from networking_netem.domain.tree import Tree, opened, tree


def bucket_bytes(of: Tree) -> float:
    return of.tbf.burst_ticks * units.TICK_NS * of.tbf.rate_bytes_per_s / units.NS_PER_S


def segment_bytes(of: Tree) -> float:
    return of.tbf.peak_ticks * units.TICK_NS * of.tbf.peak_bytes_per_s / units.NS_PER_S


def test_a_clean_link_plans_nothing() -> None:
    assert plan(Link.CLEAN) == Plan()
    assert plan(Link(egress=Impairment(burst_kbit=8))) == Plan()


def test_each_direction_has_its_own_tree() -> None:
    planned = plan(Link(egress=Impairment(delay_us=7)))
    assert planned.ingress == Path()
    assert planned.egress.ifb_tree == tree(Impairment(delay_us=7))


@pytest.mark.parametrize(
    ("loss_ppm", "probability"), [(0, 0), (1, 4295), (100_000, 429496730), (1_000_000, 2**32 - 1)]
)
def test_loss_in_units_of_the_kernels_random_number(loss_ppm: int, probability: int) -> None:
    assert tree(Impairment(loss_ppm=loss_ppm)).netem.loss == probability


def test_jitter_takes_its_spread_from_the_delay() -> None:
    netem = tree(Impairment(delay_us=100_000, jitter_us=10_000)).netem
    assert netem.jitter_ns == 0
    assert netem.latency_ns == 100_000_000 - round(10_000_000 / math.sqrt(3))


def test_no_packet_leaves_before_it_came() -> None:
    netem = tree(Impairment(delay_us=1_000, jitter_us=30_000)).netem
    assert netem.latency_ns == 0
    assert netem.slot is not None


@pytest.mark.parametrize("rate_kbps", [1, 64, 1_000, 100_000, 10_000_000, MAXIMA["rate_kbps"]])
@pytest.mark.parametrize("burst_kbit", [0, 1, 800, MAXIMA["burst_kbit"]])
@pytest.mark.parametrize("mtu_bytes", [68, 1500, 9000])
def test_the_bucket_always_holds_a_segment(rate_kbps: int, burst_kbit: int, mtu_bytes: int) -> None:
    planned = tree(Impairment(rate_kbps=rate_kbps, burst_kbit=burst_kbit), mtu_bytes)
    assert segment_bytes(planned) >= mtu_bytes + 22
    if planned.tbf.burst_ticks * units.TICK_NS < 2**32 - units.TICK_NS:
        assert bucket_bytes(planned) >= segment_bytes(planned)
    assert planned.tbf.burst_ticks * units.TICK_NS < 2**32
    assert planned.tbf.peak_bytes_per_s > planned.tbf.rate_bytes_per_s


def test_a_burst_is_what_the_rule_says() -> None:
    assert bucket_bytes(tree(Impairment(rate_kbps=8_000, burst_kbit=800))) == pytest.approx(100_000)
    assert bucket_bytes(tree(Impairment(rate_kbps=100_000))) == pytest.approx(125_000)


def test_the_queue_is_a_tenth_of_a_second() -> None:
    assert tree(Impairment(rate_kbps=10_000)).fifo.limit_bytes == 125_000


def test_a_tree_that_is_opened_still_cuts_segments_of_the_same_size() -> None:
    wide = tree(Impairment(delay_us=1, loss_ppm=1, rate_kbps=1), 9000)
    assert segment_bytes(opened(wide)) == segment_bytes(wide)
    assert opened(wide).netem == tree(Impairment()).netem


SSH = Selector(1, PASS, protocol=6, port_range_min=22, port_range_max=22)
SLOW = Impairment(delay_us=7, rate_kbps=1000)


def selective(impairment: Impairment = SLOW) -> Link:
    link = Link(egress=impairment, ingress=impairment)
    for direction in Direction:
        link = link.with_selector(direction, SSH)
    return link


@pytest.mark.parametrize("direction", Direction)
def test_selectors_let_packets_past_the_tree(direction: Direction) -> None:
    path = plan(selective())[direction]
    assert path.ifb_tree == tree(SLOW)
    assert path.selected == selected(direction, (SSH,))
    assert path.passes == plan(Link(egress=SLOW, ingress=SLOW))[direction].passes


def test_selectors_alone_plan_nothing() -> None:
    assert plan(selective(Impairment())) == Plan()
    assert selective(Impairment()).is_clean


@pytest.mark.parametrize(
    ("direction", "conditions"),
    [
        (Direction.EGRESS, Conditions(missing_modules=frozenset({"cls_bpf"}))),
        (Direction.INGRESS, Conditions(missing_modules=frozenset({"cls_bpf"}))),
        (Direction.INGRESS, Conditions(missing_modules=frozenset({"ifb"}))),
        (Direction.INGRESS, Conditions(is_hook_shared=True)),
        (Direction.EGRESS, Conditions(is_offloaded=True)),
    ],
    ids=str,
)
def test_without_selectors_an_exempted_service_is_not_delayed(
    direction: Direction, conditions: Conditions
) -> None:
    planned = plan(selective(), conditions)
    assert planned[direction].tree == tree(Impairment(rate_kbps=1000))
    assert is_unselected(selective(), planned, direction)
    assert plan(selective(Impairment(delay_us=7)), conditions)[direction] == Path()


def test_protected_traffic_needs_a_module_more_than_selectors() -> None:
    planned = plan(selective(), Conditions(missing_modules=frozenset({"act_police"})))
    assert planned.egress.passes is None
    assert planned.egress.selected
