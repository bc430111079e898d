# SPDX-License-Identifier: Apache-2.0
"""Links between instances on two chassis: imposed through Neutron, and measured by two clocks."""

from __future__ import annotations

import json
from typing import Iterator

import pytest

from netem_lab.neutron_api import NeutronClient
from netem_lab.scenario import qdiscs
from netem_lab.scenario.port_policy import PortPolicy, asks_for
from netem_lab.scenario.scenario import UNSTABLE
from netem_lab.session import remote
from netem_lab.session.state import Lab
from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import IMPOSED
from tests.integration.netem_lab import netem_lab
from tests.support.waiting import wait_until

MOST_CLOCK_ERROR_MS = 0.25
"""Half of what a delay may be off."""


def test_each_instance_is_on_a_chassis_of_its_own(lab: Lab) -> None:
    hosts = [remote.run(node, ["hostname"]).stdout.strip() for node in lab.nodes]
    neutron = NeutronClient(lab.api_url)
    assert [neutron.port(name)["binding:host_id"] for name in lab.homes] == hosts
    for name, node in lab.homes.items():
        namespaces = remote.run(node, ["ip", "netns"]).stdout.split()
        assert name in namespaces
        assert set(lab.homes) & set(namespaces) == {name}
    done = netem_lab("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert ", backend ovn, 2 chassis\n" in done.stdout


def test_full_packets_cross_the_tunnel(lab: Lab) -> None:
    ping = ["ping", "-q", "-c3", "-i0.2", "-W5", "-M", "do", "-s", "1472", "10.0.0.12"]
    assert "3 received, 0% packet loss" in remote.run("vm1", ping).stdout
    for node in lab.nodes:
        assert "geneve" in remote.run(node, ["ovs-vsctl", "show"]).stdout


@pytest.fixture
def impaired(lab: Lab) -> Iterator[None]:
    """The port on the second chassis has an unstable link."""
    neutron, node = NeutronClient(lab.api_url), remote.other_node()
    assert node
    with PortPolicy(neutron, neutron.port("vm2"), "across", node.output) as policy:
        for direction in Direction:
            for rule_type in IMPOSED:
                if asks_for(rule_type, UNSTABLE[direction]):
                    policy.prepare(rule_type, direction, UNSTABLE[direction])
        policy.put_on()
        yield
    wait_until(lambda: not qdiscs.left(node.output))


def test_an_unstable_link_is_right_across_two_chassis(impaired: None) -> None:
    done = netem_lab("measure", "vm2", "vm1", "--json", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (step,) = json.loads(done.stdout)["steps"]
    assert [row["verdict"] for row in step["rows"]] == ["good"] * 10
    errors_ms = [
        row["figures"]["clock_error_ms"] for row in step["rows"] if row["what"] == "one-way delay"
    ]
    assert len(errors_ms) == 2
    assert 0 < min(errors_ms) <= max(errors_ms) < MOST_CLOCK_ERROR_MS
