# SPDX-License-Identifier: Apache-2.0
"""Any link that is applied is observed; a second apply does nothing; others' qdiscs stay."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Optional, Tuple

import pytest

from networking_netem.domain.diff import Difference, diff, obstacles
from networking_netem.domain.ifb import ifb_name, ifb_names
from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.observed import Observed, ObservedTree
from networking_netem.domain.plan import Conditions, Plan, plan
from networking_netem.domain.police import bandwidth_police
from networking_netem.domain.step import AddIfb, ChangeQdisc, Step
from networking_netem.domain.tree import Tree
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
    return reach_plan(netlink, device, plan(wanted, Conditions.of(seen(netlink, device))))


def reach_plan(netlink: Netlink, device: str, wanted: Plan) -> Tuple[Step, ...]:
    taken: Tuple[Step, ...] = ()
    for _ in range(ROUNDS):
        left = left_to(netlink, device, wanted)
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
    for direction in Direction:
        tree, found = plan(wanted)[direction].ifb_tree, observed[direction].tree
        if tree is not None:
            assert (found.tbf, found.netem, found.fifo) == (tree.tbf, tree.netem, tree.fifo)
            assert observed[direction].is_carrying
            assert observed[direction].passes == plan(wanted)[direction].passes
    assert observed.root == ObservedTree()
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
        for direction in Direction:
            assert_holds(observed[direction].tree, planned[direction].tree)


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
    assert steps[0].device == ifb_name(tap, Direction.EGRESS)
    tree = plan(edited).egress.tree
    assert tree
    assert steps[0].qdisc == tree.netem


def test_a_root_qdisc_of_others_is_no_obstacle(netlink: Netlink, tap: str) -> None:
    tc("qdisc", "add", "dev", tap, "root", "handle", "7:", "prio")
    reach(netlink, tap, LINKS["all"])
    assert obstacles(plan(LINKS["all"]), seen(netlink, tap)) == {}
    reach(netlink, tap, Link.CLEAN)
    assert "qdisc prio 7: root" in tc("qdisc", "show", "dev", tap)


FOREIGN = ("prio", "3", "matchall", "action", "ok")


@pytest.mark.parametrize("hook", ["ingress", "egress"])
def test_clsact_stays_while_somebody_elses_filter_is_on_it(
    netlink: Netlink, tap: str, hook: str
) -> None:
    reach(netlink, tap, LINKS["all"])
    tc("filter", "add", "dev", tap, hook, *FOREIGN)
    reach(netlink, tap, Link.CLEAN)
    assert "matchall" in tc("filter", "show", "dev", tap, hook)
    assert not seen(netlink, tap).is_ours


def test_clsact_that_was_there_before_stays(netlink: Netlink, tap: str) -> None:
    tc("qdisc", "add", "dev", tap, "clsact")
    reach(netlink, tap, LINKS["delay"])
    assert seen(netlink, tap).is_hook_foreign
    reach(netlink, tap, LINKS["all"])
    assert seen(netlink, tap).is_hook_foreign
    reach(netlink, tap, Link.CLEAN)
    assert "clsact" in tc("qdisc", "show", "dev", tap)
    assert not seen(netlink, tap).is_ours


@pytest.mark.parametrize("wanted", [LINKS["delay"], LINKS["jitter"], LINKS["all"]])
def test_a_bare_netem_of_an_earlier_version_gives_way(
    netlink: Netlink, tap: str, wanted: Link
) -> None:
    tc("qdisc", "add", "dev", tap, "root", "netem", "delay", "100ms")
    reach(netlink, tap, wanted)
    assert "netem 8" not in tc("qdisc", "show", "dev", tap)
    assert obstacles(plan(wanted), seen(netlink, tap)) == {}


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
        tbf = seen(netlink, tap).ingress.tree.tbf
        assert tbf
        return tbf.segment_bytes

    assert cut() == 1600
    ip("link", "set", tap, "mtu", "9000")
    assert cut() == 9600
    ip("link", "set", tap, "mtu", "1500")
    assert cut() == 9600


def test_an_ingress_qdisc_of_others_is_shared(netlink: Netlink, tap: str) -> None:
    """Open vSwitch has one on each port with hw-offload."""
    tc("qdisc", "add", "dev", tap, "ingress")
    tc("filter", "add", "dev", tap, "ingress", *FOREIGN)
    reach(netlink, tap, LINKS["all"])
    observed = seen(netlink, tap)
    assert observed.egress.is_carrying
    assert observed.root.netem
    assert observed.ingress.ifb is None
    reach(netlink, tap, Link.CLEAN)
    assert "qdisc ingress" in tc("qdisc", "show", "dev", tap)
    assert "matchall" in tc("filter", "show", "dev", tap, "ingress")
    assert not seen(netlink, tap).is_ours


def test_the_tree_of_an_older_version_leaves_the_root(netlink: Netlink, tap: str) -> None:
    at_root = plan(LINKS["all"], Conditions(is_hook_shared=True))
    for _ in range(ROUNDS):
        assert apply(netlink.transact, left_to(netlink, tap, at_root).steps) == ()
    assert seen(netlink, tap).root.netem
    reach(netlink, tap, LINKS["all"])
    assert seen(netlink, tap).root == ObservedTree()


@pytest.mark.parametrize("direction", Direction, ids=str)
def test_a_limit_without_a_tree_is_policed(
    netlink: Netlink, tap: str, direction: Direction
) -> None:
    reach(netlink, tap, LINKS["all"])
    policed = plan(LINKS["all"], Conditions(refused=frozenset({direction})))
    reach_plan(netlink, tap, policed)
    way = seen(netlink, tap)[direction]
    assert way.police == bandwidth_police(LINKS["all"][direction])
    assert (way.redirect_ifindex, way.ifb, way.passes) == (None, None, None)
    reach(netlink, tap, LINKS["all"])
    assert seen(netlink, tap)[direction].is_carrying
    reach_plan(netlink, tap, policed)
    reach(netlink, tap, Link.CLEAN)
    assert not seen(netlink, tap).is_ours


def test_nothing_is_put_on_a_strangers_device_of_the_name_of_an_ifb(
    netlink: Netlink, tap: str
) -> None:
    name = ifb_name(tap, Direction.EGRESS)
    ip("link", "add", name, "type", "dummy")
    left = left_to(netlink, tap, plan(LINKS["delay"]))
    failures = apply(netlink.transact, left.steps)
    assert [failure.step for failure in failures] == [AddIfb(name)]
    assert "tbf" not in tc("qdisc", "show", "dev", name)
    assert "clsact" not in tc("qdisc", "show", "dev", tap)


def test_a_redirect_to_a_lost_ifb_goes_first(netlink: Netlink, tap: str) -> None:
    reach(netlink, tap, LINKS["delay"])
    ip("link", "del", ifb_name(tap, Direction.EGRESS))
    assert seen(netlink, tap).egress.is_blind
    reach(netlink, tap, LINKS["delay"])
    assert not seen(netlink, tap).egress.is_blind
    ip("link", "set", ifb_name(tap, Direction.EGRESS), "down")
    assert seen(netlink, tap).egress.is_blind
    reach(netlink, tap, Link.CLEAN)
    assert ip("-br", "link", "show", "type", "ifb") == ""


@pytest.mark.parametrize(
    "damage",
    [
        ("qdisc", "del", "dev", "{back}", "root"),
        ("qdisc", "del", "dev", "{back}", "parent", "4e45:1", "handle", "4e46:"),
        ("qdisc", "del", "dev", "{back}", "parent", "4e46:1", "handle", "4e47:"),
        ("qdisc", "del", "dev", "{ifb}", "root"),
        ("qdisc", "del", "dev", "{tap}", "clsact"),
        ("filter", "del", "dev", "{tap}", "ingress"),
        ("filter", "del", "dev", "{tap}", "egress"),
        ("filter", "del", "dev", "{tap}", "egress", "prio", "20036"),
        ("filter", "replace", "dev", "{tap}", "ingress", "prio", "20036", "handle", "1", "bpf",
         "bytecode", "1,6 0 0 0,"),
        ("qdisc", "change", "dev", "{back}", "handle", "4e46:", "netem", "duplicate", "5%"),
        ("qdisc", "change", "dev", "{back}", "handle", "4e46:", "netem", "loss", "gemodel", "1%"),
        ("qdisc", "change", "dev", "{back}", "handle", "4e46:", "netem", "reorder", "5%", "gap",
         "2", "delay", "1ms"),
        ("qdisc", "change", "dev", "{back}", "handle", "4e46:", "netem", "corrupt", "3%"),
        ("qdisc", "change", "dev", "{back}", "handle", "4e46:", "netem", "slot", "10ms", "20ms"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_damage_is_seen_and_mended(netlink: Netlink, tap: str, damage: Tuple[str, ...]) -> None:
    reach(netlink, tap, LINKS["all"])
    before = seen(netlink, tap)
    ifb, back = ifb_names(tap)
    tc(*(word.format(tap=tap, ifb=ifb, back=back) for word in damage))
    assert reach(netlink, tap, LINKS["all"]) != ()
    assert seen(netlink, tap) == before


def test_removal_drains_before_it_deletes(netlink: Netlink, tap: str) -> None:
    reach(netlink, tap, Link(ingress=Impairment(delay_us=60_000_000)))
    ip("addr", "add", "10.9.9.1/24", "dev", tap)
    ip("neigh", "add", "10.9.9.2", "lladdr", "02:00:00:00:00:01", "dev", tap)
    _send_one("10.9.9.2")
    assert seen(netlink, tap).ingress.tree.backlog_packets >= 1
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
