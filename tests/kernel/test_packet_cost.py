# SPDX-License-Identifier: Apache-2.0
"""What selectors and `pedit` cost a packet that goes through the link, within one run."""

from __future__ import annotations

import random
import statistics
import time
from typing import Callable, Dict, List, Sequence

import pytest

from networking_netem.domain.diff import diff
from networking_netem.domain.link import Direction
from networking_netem.domain.plan import UNSHARE_MODULES, Conditions, Plan, plan
from networking_netem.domain.selector import PASS, Selector
from networking_netem.kernel.apply import apply
from networking_netem.kernel.netlink import Netlink
from networking_netem.kernel.observe import observe
from tests.support.frame import HOP_BY_HOP, TCP, UDP, Frame

from .test_selectors import DEAD, ROOM, link_with
from .two_vms import TAP
from .wire import Batch

ROUNDS = 201
PACKETS = 5_000
MISSED = [
    Selector(n, PASS, "IPv4", TCP if n % 2 else UDP, 1000 * n + 1, 1000 * n + 9, f"10.{n}.0.0/16")
    for n in range(8)
]
MISSED_6 = [
    Selector(n, PASS, "IPv6", TCP if n % 2 else UDP, 1000 * n + 1, 1000 * n + 9, f"fd00:{n}::/64")
    for n in range(8)
]
FRAMES = {
    "IPv4": (Frame("10.0.0.1", "10.0.0.2", UDP, (999, 999), payload=ROOM), MISSED),
    "IPv6 with an extension header": (
        Frame("fd00::1", "fd00:0::2", UDP, (999, 999), headers=((HOP_BY_HOP, 0),), payload=ROOM),
        MISSED_6,
    ),
}


@pytest.mark.figures
@pytest.mark.parametrize("kind", FRAMES)
def test_what_selectors_cost_a_packet(two_vms: None, netlink: Netlink, kind: str) -> None:
    frame, selectors = FRAMES[kind]
    plans = {
        f"{count} selectors": plan(link_with(DEAD, selectors[:count], Direction.EGRESS))
        for count in (0, 1, 8)
    }
    compare(netlink, kind, frame, plans)


@pytest.mark.figures
def test_what_pedit_costs_a_packet(two_vms: None, netlink: Netlink) -> None:
    frame, _ = FRAMES["IPv4"]
    link = link_with(DEAD, (), Direction.EGRESS)
    without = plan(link, Conditions(missing_modules=UNSHARE_MODULES))
    assert without != plan(link)
    compare(netlink, "IPv4", frame, {"none": without, "pedit": plan(link)})


def compare(netlink: Netlink, kind: str, frame: Frame, plans: Dict[str, Plan]) -> None:
    """Print how long a packet takes with each plan, against the first, in one run."""
    batch = Batch(Direction.EGRESS, bytes(frame))
    taken_s: Dict[str, List[float]] = {name: [] for name in plans}
    dice = random.Random(1)
    for _ in range(ROUNDS):
        for name in dice.sample(list(plans), len(plans)):
            impose(netlink, plans[name])
            batch.send(PACKETS)  # the kernel frees what was there before
            taken_s[name].append(timed(lambda: batch.send(PACKETS)) / PACKETS)
    batch.close()
    first, *others = plans
    for name in others:
        ratios = sorted(some / none for some, none in zip(taken_s[name], taken_s[first]))
        # Of 201 values, the 87th and the 115th bound the median with 95 %.
        print(f"{kind}, {name}: {statistics.median(ratios):.3f} of the time without "
              f"({ratios[86]:.3f} to {ratios[114]:.3f}, n = {ROUNDS}); "
              f"{statistics.median(taken_s[first]) * 1e9:.0f} ns a packet without")  # fmt: skip


def timed(act: Callable[[], None]) -> float:
    began_s = time.monotonic()
    act()
    return time.monotonic() - began_s


def impose(netlink: Netlink, planned: Plan) -> None:
    steps: Sequence[object] = (None,)
    while steps:
        steps = diff(planned, observe(netlink, [TAP])[TAP]).steps
        assert not apply(netlink.transact, steps)  # type: ignore[arg-type]
