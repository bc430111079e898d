# SPDX-License-Identifier: Apache-2.0
"""Selectors from the API to packets between two instances."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator

import pytest

from netem_lab.neutron_api import NeutronClient
from netem_lab.session import remote
from netem_lab.session.state import Lab
from tests.integration.netem_lab import netem_lab
from tests.integration.port import node
from tests.support.waiting import wait_until

ICMP = {"action": "pass", "priority": 1, "protocol": "icmp"}


class DeadLine:
    """A policy on the first VM's port that loses all it sends, and no more."""

    def __init__(self, lab: Lab) -> None:
        self.neutron = NeutronClient(lab.api_url)
        port = self.neutron.port("vm1")
        self._port, self.tap = f"ports/{port['id']}", f"tap{port['id'][:11]}"
        made = self.neutron.post("qos/policies", {"policy": {"name": "dead"}})
        self._id = made["id"]
        self.path = f"qos/policies/{self._id}"
        self.neutron.post(f"{self.path}/loss_rules", {"loss_rule": {"loss_pct": 100}})
        self._attach(self._id)

    def select(self, **values: Any) -> str:
        made = self.neutron.post(f"{self.path}/selector_rules", {"selector_rule": values})
        return f"{self.path}/selector_rules/{made['id']}"

    def remove(self) -> None:
        self._attach(None)
        self.neutron.delete(self.path)

    def _attach(self, policy_id: Any) -> None:
        self.neutron.put(self._port, {"port": {"qos_policy_id": policy_id}})


@pytest.fixture
def line(lab: Lab) -> Iterator[DeadLine]:
    made = DeadLine(lab)
    yield made
    made.remove()


def pings() -> bool:
    return remote.run("vm1", ["ping", "-q", "-c1", "-W1", "10.0.0.12"]).returncode == 0


def connects() -> bool:
    """Whether an answer comes from a port where nothing listens."""
    script = """
import socket
try:
    socket.create_connection(("10.0.0.12", 9), timeout=1)
except ConnectionRefusedError:
    print("refused")
except OSError:
    pass
"""
    return "refused" in remote.run("vm1", ["python3", "-c", script]).stdout


def verdicts() -> Dict[str, str]:
    """The verdicts on what leaves the first VM, by what was measured."""
    (step,) = json.loads(netem_lab("measure", "vm1", "vm2", "--json").stdout)["steps"]
    rows = (row for row in step["rows"] if row["direction"] == "egress")
    return {row["what"]: row["verdict"] for row in rows}


def test_what_is_named_passes_and_all_else_does_not(line: DeadLine) -> None:
    wait_until(lambda: not pings())
    rule = line.select(**ICMP)
    wait_until(pings)
    assert not connects()
    line.neutron.put(rule, {"selector_rule": {"action": "impair"}})
    wait_until(connects)
    assert not pings()
    line.neutron.put(rule, {"selector_rule": {"protocol": "tcp"}})
    wait_until(pings)
    assert not connects()
    line.neutron.delete(rule)
    wait_until(lambda: not pings())
    assert "prio 20035" not in node("tc", "filter", "show", "dev", line.tap, "ingress")


def test_a_measurement_knows_whether_the_probe_is_hit(line: DeadLine) -> None:
    line.select(**{**ICMP, "action": "impair"})
    wait_until(lambda: connects() and not pings())
    missed = verdicts()
    # Times are unsure where the machine was stalled; what is counted never is.
    assert missed["loss"] == "good"
    assert set(missed.values()) <= {"good", "unsure", "-"}
    line.select(action="impair", priority=2, protocol="udp", remote_ip_prefix="10.0.0.0/8")
    hit = verdicts()
    assert hit["loss"] == "unsure"
    assert set(hit.values()) <= {"unsure", "-"}
