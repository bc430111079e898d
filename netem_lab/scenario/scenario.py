# SPDX-License-Identifier: Apache-2.0
"""An unstable link is imposed, edited and removed through the API, and measured after each step."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import List, Optional, Sequence

from netem_lab.errors import LabError
from netem_lab.guest.runner import Runner
from netem_lab.neutron_api import NeutronClient
from netem_lab.probe.prober import Answers, Prober
from netem_lab.progress import Display
from netem_lab.scenario import meters
from netem_lab.scenario.port_policy import PortPolicy, asks_for
from netem_lab.verdict import sampling
from netem_lab.verdict.delays import Clean
from netem_lab.verdict.judging import NO_CLEAN, judge, probe
from netem_lab.verdict.row import Row, Section, Verdict
from netem_lab.verdict.sampling import Pair
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.rule_types import BANDWIDTH_LIMIT, DELAY, LOSS, RULE_TYPES

PAIR = Pair("vm1", "vm2")
# A full bucket adds to the rate that is measured: a bucket of 30 ms adds 1.5 % in 2 s.
LIMITED = Link(
    egress=Impairment(rate_kbps=10_000, burst_kbit=300),
    ingress=Impairment(rate_kbps=20_000, burst_kbit=600),
)
UNSTABLE = Link(
    egress=replace(LIMITED.egress, delay_us=100_000, jitter_us=10_000, loss_ppm=100_000),
    ingress=replace(LIMITED.ingress, delay_us=30_000),
)
_EDITED = Link(
    egress=replace(UNSTABLE.egress, delay_us=101_000, jitter_us=20_000, loss_ppm=140_000),
    ingress=UNSTABLE.ingress,
)


class Scenario:
    """Five steps on vm1's port; the first measures the clean link's delay for all others.

    `metered` says that OVN's meters impose the second step's limits. `other` is the node that has
    vm2 where `node` has not.
    """

    def __init__(
        self,
        neutron: NeutronClient,
        node: Runner,
        display: Display,
        metered: bool = False,
        other: Optional[Runner] = None,
    ) -> None:
        self._neutron = neutron
        self._node = node
        self._display = display
        self._metered = metered
        self._prober = Prober(node, display.working, other)
        self._clean = NO_CLEAN
        self._sections: List[Section] = []

    def play(self) -> List[Section]:
        """Return a section for each step, with its rows."""
        self._begin("1. Clean link")
        delays = [row for row in self._measure(Link.CLEAN) if "mean_ms" in row.figures]
        clean = {
            Direction(row.direction): Clean(row.figures["mean_ms"], row.figures["clock_error_ms"])
            for row in delays
        }
        self._clean = {**NO_CLEAN, **clean}

        self._begin("2. Policy with bandwidth rules on vm1's port")
        with self._policy() as policy:
            self._impose(policy)
        return self._sections

    def _impose(self, policy: PortPolicy) -> None:
        for direction in Direction:
            policy.prepare(BANDWIDTH_LIMIT, direction, LIMITED[direction])
        policy.put_on(self._limits_hold if self._metered else None)
        self._measure(LIMITED)

        self._begin("3. With delay, jitter and loss beside them")
        for direction in Direction:
            for rule_type in RULE_TYPES:
                if asks_for(rule_type, UNSTABLE[direction]):
                    policy.add(rule_type, direction, UNSTABLE[direction])
        self._measure(UNSTABLE)

        self._begin("4. Edited while packets run: delay 101 ± 20 ms, loss 14 %")
        self._measure_edit(policy)

        self._begin("5. Rules deleted")
        self._sections[-1].rows.append(_left(policy.delete_rules()))
        self._measure(Link.CLEAN)

    def _limits_hold(self) -> bool:
        asked_kbps = {LIMITED[direction].rate_kbps for direction in Direction}
        return asked_kbps <= meters.rates_kbps(self._node.output)

    def _policy(self) -> PortPolicy:
        port = self._neutron.port(PAIR.first)
        if self._neutron.policy_id(port):
            raise LabError("vm1's port has a QoS policy; take it off: the demo sets its own")
        return PortPolicy(self._neutron, port, "unstable", self._node.output)

    def _begin(self, title: str) -> None:
        self._display.step(title)
        self._sections.append(Section(title))

    def _measure(self, asked: Link) -> List[Row]:
        return self._judge(asked, probe(self._prober, PAIR, asked))

    def _judge(self, asked: Link, answers: Answers) -> List[Row]:
        rows = judge(self._prober, PAIR, asked, answers, self._clean, self._metered)
        self._sections[-1].rows += rows
        return rows

    def _measure_edit(self, policy: PortPolicy) -> None:
        """Edit the rules while packets are sent, and measure once the kernel holds the edit."""
        netem = {Direction.EGRESS: policy.ifbs[Direction.EGRESS]}
        flows = sampling.delay_flows(PAIR, _EDITED, awaits_edit=True, netem=netem)
        self._judge(_EDITED, self._prober.run([flows], partial(_edit, policy)))


def _edit(policy: PortPolicy) -> None:
    for rule_type in (DELAY, LOSS):
        policy.edit(rule_type, Direction.EGRESS, _EDITED.egress)


def _left(left: Sequence[str]) -> Row:
    found = ", ".join(left) or "nothing"
    return Row(
        "kernel",
        "left behind",
        "nothing",
        found,
        Verdict.of(not left),
        {"left": list(left)},
    )
