# SPDX-License-Identifier: Apache-2.0
"""Any link that is applied is observed; a second apply does nothing; others' qdiscs stay."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Optional, Tuple

import pytest

from networking_netem.domain.diff import Difference, diff, obstacles
from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.observed import Observed, ObservedTree
from networking_netem.domain.plan import Conditions, Plan, Tree, plan
from networking_netem.domain.step import ChangeQdisc, Step
from networking_netem.kernel.apply import apply
from networking_netem.kernel.netlink import Netlink
from networking_netem.kernel.observe import observe

from .conftest import ip, tc

ROUNDS = 4
LINKS = {
    "clean": Link.CLEAN,
    "delay": Link(egress=Impairment(delay_us=100_000)),
    "jitter": Link(ingress=Impairment(delay_us=100_000, jitter_us=10_000)),
    "loss": Link(egress=Impairment(loss_ppm=1), ingress=Impairment(loss_ppm=1_000_000)),
    "rate": Link(egress=Impairment(rate_kbps=1), ingress=Impairment(rate_kbps=10_000_000)),
    "burst": Link(egress=Impairment(rate_kbps=1, burst_kbit=2**31 - 1)),
    "all": Link(
        egress=Impairment(
            delay_us=100_000, jitter_us=10_000, loss_ppm=100_000, rate_kbps=10_000, burst_kbit=1_000
        ),
        ingress=Impairment(delay_us=30_000, loss_ppm=1_000, rate_kbps=20_000),
    ),
    "extremes": Link(egress=Impairment(**MAXIMA), ingress=Impairment(**MAXIMA)),
}


def reach(netlink: Netlink, device: str, wanted: Link) -> Tuple[Step, ...]:
    """Reconcile until the diff is empty; return all steps."""
    taken: Tuple[Step, ...] = ()
    for _ in range(ROUNDS):
        left = left_to(netlink, device, plan(wanted))
        if left.is_none:
            return taken
        assert apply(netlink.transact, left.steps) == ()
        taken += left.steps
    raise AssertionError(f"not reached after {ROUNDS} rounds: {left}")


def left_to(netlink: Netlink, device: str, wanted: Plan) -> Difference:
    return diff(wanted, seen(netlink, device))


def seen(netlink: Netlink, device: str) -> Observed:
    return observe(netlink, [device])[device]


@pytest.mark.parametrize("wanted", LINKS.values(), ids=LINKS)
def test_what_is_applied_is_observed(netlink: Netlink, tap: str, wanted: Link) -> None:
    reach(netlink, tap, wanted)
    observed = seen(netlink, tap)
    for tree, found in (
        (plan(wanted).ingress, observed.tree),
        (plan(wanted).egress, observed.ifb.tree if observed.ifb else None),
    ):
        if tree is not None:
            assert found is not None
            assert (found.tbf, found.netem, found.fifo) == (tree.tbf, tree.netem, tree.fifo)
    assert left_to(netlink, tap, plan(wanted)).is_none


@pytest.mark.parametrize("wanted", LINKS.values(), ids=LINKS)
def test_clean_leaves_nothing(netlink: Netlink, tap: str, wanted: Link) -> None:
    before = seen(netlink, tap)
    reach(netlink, tap, wanted)
    reach(netlink, tap, Link.CLEAN)
    assert seen(netlink, tap) == before
    assert ip("-br", "link", "show", "type", "ifb") == ""


def test_any_sequence_leaves_exactly_the_last_link(netlink: Netlink, tap: str) -> None:
    draw = random.Random(20)
    for _ in range(60):
        wanted = Link(egress=_any(draw), ingress=_any(draw))
        reach(netlink, tap, wanted)
        observed, planned = seen(netlink, tap), plan(wanted)
        assert_holds(observed.tree, planned.ingress)
        assert_holds(observed.ifb.tree if observed.ifb else ObservedTree(), planned.egress)


def assert_holds(found: ObservedTree, planned: Optional[Tree]) -> None:
    """Assert that the kernel holds the plan; netem's limit may still be that of an earlier link."""
    if planned is None:
        assert found == ObservedTree()
        return
    assert (found.tbf, found.fifo) == (planned.tbf, planned.fifo)
    assert planned.netem
    assert found.netem
    assert found.netem.limit_packets >= planned.netem.limit_packets
    assert replace(found.netem, limit_packets=0) == replace(planned.netem, limit_packets=0)


def _any(draw: random.Random) -> Impairment:
    if draw.random() < 0.25:
        return Impairment()
    values = {name: draw.choice((0, 1, draw.randint(0, top))) for name, top in MAXIMA.items()}
    return Impairment(**values)


def test_one_rules_edit_is_one_change_in_place(netlink: Netlink, tap: str) -> None:
    reach(netlink, tap, LINKS["all"])
    edited = Link(
        egress=Impairment(101_000, 20_000, 100_000, 10_000, 1_000), ingress=LINKS["all"].ingress
    )
    steps = left_to(netlink, tap, plan(edited)).steps
    assert [type(step) for step in steps] == [ChangeQdisc]
    assert steps[0].device == ifb_name(tap)
    assert steps[0].qdisc == plan(edited).egress.netem


def test_a_foreign_root_is_left_alone_and_egress_is_built(netlink: Netlink, tap: str) -> None:
    tc("qdisc", "add", "dev", tap, "root", "handle", "7:", "prio")
    wanted = plan(LINKS["all"])
    assert apply(netlink.transact, left_to(netlink, tap, wanted).steps) == ()
    assert obstacles(wanted, seen(netlink, tap)) == (
        f"{tap} has a root qdisc that is not ours: prio 7:",
    )
    assert "qdisc prio 7: root" in tc("qdisc", "show", "dev", tap)
    assert seen(netlink, tap).ifb is not None
    reach(netlink, tap, Link.CLEAN)
    assert "qdisc prio 7: root" in tc("qdisc", "show", "dev", tap)


def test_clsact_stays_while_somebody_elses_filter_is_on_it(netlink: Netlink, tap: str) -> None:
    tc("qdisc", "add", "dev", tap, "clsact")
    tc("filter", "add", "dev", tap, "ingress", "prio", "3", "matchall", "action", "ok")
    reach(netlink, tap, LINKS["delay"])
    reach(netlink, tap, Link.CLEAN)
    assert "matchall" in tc("filter", "show", "dev", tap, "ingress")
    assert seen(netlink, tap).redirect_ifindex is None


@pytest.mark.parametrize("wanted", [LINKS["delay"], LINKS["jitter"], LINKS["all"]])
def test_a_bare_netem_of_an_earlier_version_gives_way(
    netlink: Netlink, tap: str, wanted: Link
) -> None:
    tc("qdisc", "add", "dev", tap, "root", "netem", "delay", "100ms")
    reach(netlink, tap, wanted)
    assert "netem 8" not in tc("qdisc", "show", "dev", tap)
    assert obstacles(plan(wanted), seen(netlink, tap)) == ()


def test_a_netem_by_hand_on_a_clean_port_is_left_alone(netlink: Netlink, tap: str) -> None:
    tc("qdisc", "add", "dev", tap, "root", "netem", "delay", "100ms")
    reach(netlink, tap, Link.CLEAN)
    assert "netem" in tc("qdisc", "show", "dev", tap)


def test_the_segment_size_follows_a_larger_mtu_but_not_a_smaller_one(
    netlink: Netlink, tap: str
) -> None:
    def cut() -> int:
        found = seen(netlink, tap)
        left = diff(plan(LINKS["all"], Conditions(found.plan_mtu_bytes)), found)
        assert apply(netlink.transact, left.steps) == ()
        tbf = seen(netlink, tap).tree.tbf
        assert tbf
        return tbf.segment_bytes

    assert cut() == 1600
    ip("link", "set", tap, "mtu", "9000")
    assert cut() == 9600
    ip("link", "set", tap, "mtu", "1500")
    assert cut() == 9600


def test_an_ingress_qdisc_in_the_way_is_named(netlink: Netlink, tap: str) -> None:
    tc("qdisc", "add", "dev", tap, "ingress")
    wanted = plan(LINKS["all"])
    assert apply(netlink.transact, left_to(netlink, tap, wanted).steps) == ()
    assert "ingress qdisc" in obstacles(wanted, seen(netlink, tap))[0]
    assert seen(netlink, tap).tree.tbf is not None


def test_a_redirect_to_a_lost_ifb_goes_first(netlink: Netlink, tap: str) -> None:
    reach(netlink, tap, LINKS["delay"])
    ip("link", "del", ifb_name(tap))
    assert seen(netlink, tap).has_blind_redirect
    reach(netlink, tap, LINKS["delay"])
    assert not seen(netlink, tap).has_blind_redirect
    ip("link", "set", ifb_name(tap), "down")
    assert seen(netlink, tap).has_blind_redirect
    reach(netlink, tap, Link.CLEAN)
    assert ip("-br", "link", "show", "type", "ifb") == ""


@pytest.mark.parametrize(
    "damage",
    [
        ("qdisc", "del", "dev", "{tap}", "root"),
        ("qdisc", "del", "dev", "{tap}", "parent", "4e45:1", "handle", "4e46:"),
        ("qdisc", "del", "dev", "{tap}", "parent", "4e46:1", "handle", "4e47:"),
        ("qdisc", "del", "dev", "{ifb}", "root"),
        ("qdisc", "del", "dev", "{tap}", "clsact"),
        ("filter", "del", "dev", "{tap}", "ingress"),
        ("qdisc", "change", "dev", "{tap}", "handle", "4e46:", "netem", "duplicate", "5%"),
        ("qdisc", "change", "dev", "{tap}", "handle", "4e46:", "netem", "loss", "gemodel", "1%"),
        ("qdisc", "change", "dev", "{tap}", "handle", "4e46:", "netem", "reorder", "5%", "gap", "2",
         "delay", "1ms"),
        ("qdisc", "change", "dev", "{tap}", "handle", "4e46:", "netem", "corrupt", "3%"),
        ("qdisc", "change", "dev", "{tap}", "handle", "4e46:", "netem", "slot", "10ms", "20ms"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_damage_is_seen_and_mended(netlink: Netlink, tap: str, damage: Tuple[str, ...]) -> None:
    reach(netlink, tap, LINKS["all"])
    before = seen(netlink, tap)
    tc(*(word.format(tap=tap, ifb=ifb_name(tap)) for word in damage))
    assert reach(netlink, tap, LINKS["all"]) != ()
    assert seen(netlink, tap) == before


def test_removal_drains_before_it_deletes(netlink: Netlink, tap: str) -> None:
    reach(netlink, tap, Link(ingress=Impairment(delay_us=60_000_000)))
    ip("addr", "add", "10.9.9.1/24", "dev", tap)
    ip("neigh", "add", "10.9.9.2", "lladdr", "02:00:00:00:00:01", "dev", tap)
    _send_one("10.9.9.2")
    assert seen(netlink, tap).tree.backlog_packets >= 1
    left = left_to(netlink, tap, Plan())
    assert [type(step) for step in left.steps] == [ChangeQdisc]
    assert apply(netlink.transact, left.steps) == ()
    left = left_to(netlink, tap, Plan())
    assert left.steps == ()
    assert left.awaited_packets >= 1


def _send_one(address: str) -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (address, 9))
