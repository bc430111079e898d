# SPDX-License-Identifier: Apache-2.0
"""What TCP carries through a tree on an ifb, against the same tree at the root of the device."""

from __future__ import annotations

import statistics
from typing import Dict, List

import pytest

from netem_lab.probe.flow import Key, Transfer
from networking_netem.domain.diff import diff
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.plan import Conditions, Plan, plan
from networking_netem.kernel.apply import apply
from networking_netem.kernel.netlink import Netlink
from networking_netem.kernel.observe import observe

from .two_vms import PAIR, PROBER, TAP

DELAYED = Link(ingress=Impairment(delay_us=100))
LAYOUTS = {
    "root": plan(DELAYED, Conditions(is_hook_shared=True)),
    "ifb": plan(DELAYED, Conditions(protected=frozenset())),
    "ifb, protecting": plan(DELAYED),
}
TURNS = 9
SECONDS = 3.0
LEAST_RATIO = 0.6
"""An ifb costs each frame a second way through the stack. User-Mode Linux spends its one processor
on both; 0.71 to 0.83 was measured."""


@pytest.mark.figures
def test_an_ifb_carries_as_much_as_a_root(two_vms: None, netlink: Netlink) -> None:
    carried: Dict[str, List[float]] = {name: [] for name in LAYOUTS}
    for _ in range(TURNS):
        for name, wanted in LAYOUTS.items():
            reach(netlink, wanted)
            sender, receiver = PAIR.way(Direction.INGRESS)
            flow = Transfer(Key("ingress", "tcp"), sender, receiver, SECONDS, settle_s=1.0)
            carried[name].append(PROBER.run([[flow]])[flow.key].running_kbps / 1e3)
            reach(netlink, Plan())
    medians = {name: statistics.median(found) for name, found in carried.items()}
    for name, found in carried.items():
        print(f"{name}: median {medians[name]:.0f} Mbit/s, {min(found):.0f} to {max(found):.0f}, "
              f"n = {TURNS}, {medians[name] / medians['root']:.2f} of the root's")  # fmt: skip
    assert medians["ifb, protecting"] >= LEAST_RATIO * medians["root"]


def reach(netlink: Netlink, wanted: Plan) -> None:
    for _ in range(6):
        left = diff(wanted, observe(netlink, [TAP])[TAP])
        if left.is_none:
            return
        assert apply(netlink.transact, left.steps) == ()
    raise AssertionError(f"still to do: {left}")
