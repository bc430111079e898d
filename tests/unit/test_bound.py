# SPDX-License-Identifier: Apache-2.0
"""The kernel's own limits stay within the bound, whatever happens and in whatever order."""

from __future__ import annotations

import errno
from typing import Any, Dict, List, Set

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from networking_netem.domain.ifb import ifb_name, ifb_names
from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.observed import ObservedTree
from networking_netem.domain.step import Step
from networking_netem.domain.tree import LIMIT_PACKETS_MIN, LONGEST_WAY_S, in_flight_packets
from networking_netem.kernel.netlink import DumpInterrupted
from networking_netem.reconcile.budget import PACKET_BYTES, Budget
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.status import Failed
from tests.support.kernel_in_memory import KernelInMemory, with_tree
from tests.support.scene import Claims

DEVICES = [f"tap00000000-{number:02}" for number in range(6)]
BOUND = 12_000
SHARE = 1 / 2

device_names = st.sampled_from(DEVICES)
holders = st.sampled_from([*DEVICES, *(name for each in DEVICES for name in ifb_names(each))])
directions = st.sampled_from(
    [NONE, *(Impairment(delay_us) for delay_us in (1_000, 20_000, 700_000, 60_000_000))]
)
links = st.builds(Link, directions, directions)


class Kernel(KernelInMemory):
    """Fails when any step lifts the sum over the bound, or lowers a limit to what is inside."""

    def _carry_out(self, step: Step) -> bool:
        before = self.limits_packets()
        done = super()._carry_out(step)
        after = self.limits_packets()
        assert sum(after.values()) <= BOUND, (step, after)
        for holder in before.keys() & after.keys():
            assert (
                after[holder] >= before[holder] or after[holder] > self.tree(holder).backlog_packets
            ), (step, after)
        return done

    def tree(self, holder: str) -> ObservedTree:
        return self.trees().get(holder, ObservedTree())


class Bound(RuleBasedStateMachine):
    """An agent's life: edits, packets, failures, devices that come and go, restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = Kernel(*DEVICES)
        self.now_s = 0.0
        self.wanted: Dict[str, Link] = {}
        self.start()

    def start(self) -> None:
        budget = Budget(BOUND * PACKET_BYTES, SHARE)
        self.reconciler = Reconciler(self.kernel, Claims(), budget, clock=lambda: self.now_s)

    @rule(
        wanted=st.dictionaries(device_names, links, min_size=2),
        refused=st.sets(holders, max_size=2),
    )
    def edit(self, wanted: Dict[str, Link], refused: Set[str]) -> None:
        self.kernel.refusals = dict.fromkeys(refused, errno.EBUSY)
        self.wanted.update(wanted)
        for device, link in wanted.items():
            self.reconciler.want(device, link)
        self.reconciler.reconcile(list(wanted))
        self.kernel.refusals = {}

    @rule(order=st.permutations(DEVICES), count=st.integers(0, len(DEVICES)), at_once=st.booleans())
    def restart(self, order: List[str], count: int, at_once: bool) -> None:
        self.start()
        asked = order[:count]
        for device in asked:
            self.reconciler.want(device, self.wanted.get(device, Link.CLEAN))
        for devices in [asked] if at_once else [[device] for device in asked]:
            self.reconciler.reconcile(devices)
        self.wanted = {device: self.reconciler.link(device) for device in DEVICES}

    @rule(
        seconds=st.sampled_from([0.05, 31.0, LONGEST_WAY_S]),
        refused=st.sets(holders, max_size=1),
    )
    def time_goes_by(self, seconds: float, refused: Set[str]) -> None:
        self.now_s += seconds
        self.kernel.refusals = dict.fromkeys(refused, errno.EBUSY)
        self.reconciler.reconcile_due()
        self.kernel.refusals = {}

    @rule()
    def audit(self) -> None:
        self.reconciler.audit()

    @rule(egress=st.floats(0, 1), ingress=st.floats(0, 1))
    def packets_are_on_their_way(self, egress: float, ingress: float) -> None:
        for device, observed in self.kernel.devices.items():
            for direction, share in ((Direction.EGRESS, egress), (Direction.INGRESS, ingress)):
                netem = observed[direction].tree.netem
                if netem:
                    packets = int(netem.limit_packets * share)
                    observed = with_tree(observed, direction, backlog_packets=packets)
            self.kernel.devices[device] = observed

    @rule(device=device_names)
    def a_device_goes_or_comes(self, device: str) -> None:
        if device in self.kernel.devices:
            self.kernel.unplug(device)
        else:
            self.kernel.plug(device)
        self.reconciler.touch([device])

    @rule(fails=st.booleans())
    def ifbs_cannot_be_listed(self, fails: bool) -> None:
        def orphans() -> Any:
            raise DumpInterrupted

        self.kernel.__dict__.pop("orphans", None)
        if fails:
            self.kernel.orphans = orphans  # type: ignore[method-assign]

    @invariant()
    def the_bound_holds(self) -> None:
        assert sum(self.kernel.limits_packets().values()) <= BOUND

    def teardown(self) -> None:
        """When all is quiet, ports have what is theirs and nothing is held for nobody."""
        self.ifbs_cannot_be_listed(False)
        for device in DEVICES:
            if device not in self.kernel.devices:
                self.a_device_goes_or_comes(device)
        self.reconciler.reconcile(DEVICES)
        for _ in range(12):
            self.packets_are_on_their_way(0.0, 0.0)
            self.time_goes_by(LONGEST_WAY_S, set())
            self.audit()
        told = len(self.kernel.told)
        self.audit()
        assert len(self.kernel.told) == told
        limits = self.kernel.limits_packets()
        assert self.reconciler._budget._held.total == sum(limits.values())
        for device, link in self.wanted.items():
            self.gets_what_is_due(limits, device, link)

    def gets_what_is_due(self, limits: Dict[str, int], device: str, link: Link) -> None:
        got = {ifb_name(device, direction): link[direction] for direction in Direction}
        if isinstance(self.reconciler.statuses().get(device), Failed):
            assert sum(limits.values()) > BOUND - LIMIT_PACKETS_MIN
            return
        for holder, impairment in got.items():
            if impairment.is_none:
                assert holder not in limits
            else:
                assert LIMIT_PACKETS_MIN <= limits[holder] <= in_flight_packets(impairment)
        most = max(BOUND * SHARE, 2 * LIMIT_PACKETS_MIN)
        assert sum(limits.get(holder, 0) for holder in got) <= most


TestBound = Bound.TestCase
TestBound.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
