# SPDX-License-Identifier: Apache-2.0
"""An unstable link imposed, edited and removed through the API alone; measured all the while."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, List, Mapping, Sequence

from netem_lab.errors import LabError
from netem_lab.port_policy import PortPolicy
from netem_lab.probe.prober import Prober
from netem_lab.progress import Display
from netem_lab.remote import Node
from netem_lab.rest import Neutron
from netem_lab.verdict import sampling
from netem_lab.verdict.asked import CLEAN_BOTH, Asked, Both
from netem_lab.verdict.judging import NO_CLEAN_MS, judge, sound
from netem_lab.verdict.row import Row, Step, Verdict
from netem_lab.verdict.sampling import Pair
from netem_lab.verdict.verdicts import DELAY

PAIR = Pair("vm1", "vm2")
# What a bucket has saved before a measurement comes on top of the rate: 30 ms in 2 s are 1.5 %.
LIMITED: Both = {
    "egress": Asked(max_kbps=10_000, max_burst_kbps=300),
    "ingress": Asked(max_kbps=20_000, max_burst_kbps=600),
}
UNSTABLE: Both = {
    "egress": replace(LIMITED["egress"], delay_ms=100, delay_correlation_ms=10, loss_pct=10),
    "ingress": replace(LIMITED["ingress"], delay_ms=30),
}
_EDITED: Both = {
    "egress": replace(UNSTABLE["egress"], delay_ms=101, delay_correlation_ms=20, loss_pct=14),
    "ingress": UNSTABLE["ingress"],
}


class Scenario:
    """Four steps on vm1's port; each measurement judges against the clean link of the first."""

    def __init__(self, neutron: Neutron, node: Node, display: Display) -> None:
        self._neutron = neutron
        self._node = node
        self._display = display
        self._prober = Prober(node.spawn, display.working, node.python)
        self._clean_ms = NO_CLEAN_MS
        self._steps: List[Step] = []

    def play(self) -> List[Step]:
        """Return the steps with their rows."""
        self._begin("1. Clean link")
        clean = [row for row in self._measure(CLEAN_BOTH) if row.what == DELAY]
        self._clean_ms = {row.direction: row.figures.get("mean_ms", 0.0) for row in clean}

        self._begin("2. Policy with bandwidth rules on vm1's port")
        with self._policy() as policy:
            self._impose(policy)
        return self._steps

    def _impose(self, policy: PortPolicy) -> None:
        for direction, asked in LIMITED.items():
            policy.prepare(
                "bandwidth_limit_rule",
                direction=direction,
                max_kbps=asked.max_kbps,
                max_burst_kbps=asked.max_burst_kbps,
            )
        policy.put_on()
        self._measure(LIMITED)

        self._begin("2. With delay, jitter and loss beside them")
        policy.add("delay_rule", delay_ms=100, delay_correlation_ms=10)
        policy.add("loss_rule", loss_pct=10)
        policy.add("delay_rule", delay_ms=30, direction="ingress")
        self._measure(UNSTABLE)

        self._begin("3. Edited while packets run: delay 101 ± 20 ms, loss 14 %")
        self._measure_edit(policy)

        self._begin("4. Rules deleted")
        self._steps[-1].rows.append(_left(policy.delete_rules()))
        self._measure(CLEAN_BOTH)

    def _policy(self) -> PortPolicy:
        port = self._neutron.port(PAIR.first)
        if self._neutron.policy_id(port):
            raise LabError("vm1's port has a QoS policy; take it off: the demo sets its own")
        return PortPolicy(self._neutron, port, "unstable", self._node.output)

    def _begin(self, title: str) -> None:
        self._display.step(title)
        self._steps.append(Step(title))

    def _measure(self, asked: Both) -> List[Row]:
        return self._judge(asked, sound(self._prober, PAIR, asked))

    def _judge(self, asked: Both, answers: Mapping[str, Any]) -> List[Row]:
        rows = judge(self._prober, PAIR, asked, answers, self._clean_ms)
        self._steps[-1].rows += rows
        return rows

    def _measure_edit(self, policy: PortPolicy) -> None:
        """Edit at the head of a flow, which begins to measure once the edit is in force."""
        flows = sampling.delay_flows(PAIR, _EDITED, awaits_edit=True, netem={"egress": policy.ifb})
        self._judge(_EDITED, self._prober.run([flows], partial(_edit, policy)))


def _edit(policy: PortPolicy) -> None:
    policy.edit("delay_rule egress", delay_ms=101, delay_correlation_ms=20)
    policy.edit("loss_rule egress", loss_pct=14)


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
