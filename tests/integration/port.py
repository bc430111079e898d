# SPDX-License-Identifier: Apache-2.0
"""The first VM's port with a link, and what the node's kernel holds of it."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from netem_lab.neutron_api import NeutronClient
from netem_lab.session import remote
from netem_lab.session.state import Lab

OURS = {("tbf", "4e45:"), ("netem", "4e46:"), ("bfifo", "4e47:")}


class Port:
    """The first VM's port with a policy that impairs both directions."""

    def __init__(self, lab: Lab) -> None:
        self.neutron = NeutronClient(lab.api_url)
        self.id = self.neutron.port("vm1")["id"]
        self.tap = f"tap{self.id[:11]}"
        self.ifb, self.back = f"nifb{self.id[:11]}", f"nifi{self.id[:11]}"
        self.devices = (self.tap, self.ifb, self.back)

    def impair(self) -> None:
        self.policy = policy = self.neutron.post("qos/policies", {"policy": {"name": "others"}})[
            "id"
        ]
        for kind, rule in (
            ("bandwidth_limit", {"max_kbps": 10_000}),
            ("bandwidth_limit", {"max_kbps": 20_000, "direction": "ingress"}),
            ("delay", {"delay_ms": 20, "delay_correlation_ms": 2}),
            ("loss", {"loss_pct": 1, "direction": "ingress"}),
        ):
            self.neutron.post(f"qos/policies/{policy}/{kind}_rules", {f"{kind}_rule": rule})
        self.attach(policy)

    def attach(self, policy: Optional[str]) -> None:
        self.neutron.put(f"ports/{self.id}", {"port": {"qos_policy_id": policy}})

    def rule(self, kind: str) -> str:
        """The path of the policy's one rule of a kind."""
        rules = self.neutron.get(f"qos/policies/{self.policy}")["policy"]["rules"]
        (found,) = (each["id"] for each in rules if each["type"] == kind)
        return f"qos/policies/{self.policy}/{kind}_rules/{found}"

    def netem(self, device: str) -> Dict[str, Any]:
        """The options of the netem of one of its ifbs, as tc shows them."""
        shown = json.loads(node("tc", "-j", "qdisc", "show", "dev", device) or "[]")
        (netem,) = (qdisc for qdisc in shown if qdisc["kind"] == "netem")
        return netem["options"]

    def is_whole(self) -> bool:
        return all(
            qdiscs(ifb) >= OURS and ifb in node("tc", "filter", "show", "dev", self.tap, hook)
            for hook, ifb in (("ingress", self.ifb), ("egress", self.back))
        )

    def is_clean(self) -> bool:
        links = node("ip", "-br", "link")
        return not (qdiscs(self.tap) & OURS or self.ifb in links or self.back in links)


def node(*argv: str) -> str:
    return remote.run("node", argv).stdout


def qdiscs(device: str) -> set:
    shown = node("tc", "-j", "qdisc", "show", "dev", device) or "[]"
    return {(qdisc["kind"], qdisc["handle"]) for qdisc in json.loads(shown)}


def netem_counters(port: Port) -> List[int]:
    """The number of packets that each netem has seen; a new qdisc begins at 0."""
    shown = (node("tc", "-s", "-j", "qdisc", "show", "dev", d) for d in (port.ifb, port.back))
    return [q["packets"] for text in shown for q in json.loads(text) if q["kind"] == "netem"]
