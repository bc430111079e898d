# SPDX-License-Identifier: Apache-2.0
"""A chassis of OVN, in this order: without our agent, with it as its unit starts it."""

from __future__ import annotations

import json
import re
from typing import Iterator, List

import pytest

from netem_lab.errors import LabError
from netem_lab.scenario.port_policy import PortPolicy
from netem_lab.scenario.scenario import PAIR, UNSTABLE
from networking_netem.domain import channel
from networking_netem.domain.channel import PROGRAM
from networking_netem.domain.link import DIRECTIONS
from networking_netem.domain.rule_types import BANDWIDTH_LIMIT, DELAY
from tests.releases.cloud import Cloud
from tests.releases.compute import COMPUTE

NO_AGENT = f"its host {COMPUTE} is a chassis of OVN without {PROGRAM}"
NET_ADMIN = 1 << 12
"""CAP_NET_ADMIN (linux/capability.h)."""


@pytest.fixture(scope="module")
def late(plugged: Cloud) -> Iterator[str]:
    """A port that got its policy before it was bound to the chassis."""
    neutron = plugged.neutron
    network = neutron.port(PAIR.first)["network_id"]
    port = neutron.post("ports", {"port": {"name": "late", "network_id": network}})
    with PortPolicy(neutron, port, "late", plugged.compute.node.output) as policy:
        for direction in DIRECTIONS:
            policy.prepare(BANDWIDTH_LIMIT, direction, UNSTABLE[direction])
            policy.prepare(DELAY, direction, UNSTABLE[direction])
        policy.attach()
        neutron.put(f"ports/{port['id']}", {"port": {"binding:host_id": COMPUTE}})
        yield port["id"]
    neutron.delete(f"ports/{port['id']}")


def test_a_policy_is_refused_without_the_agent(plugged: Cloud, policy: PortPolicy) -> None:
    assert plugged.agents() == []
    with pytest.raises(LabError, match=NO_AGENT):
        policy.attach()


def test_ovn_limits_a_port_over_a_restart_of_the_server(plugged: Cloud, late: str) -> None:
    limits = _limits(plugged, late)
    assert limits
    _look_at_all_ports(plugged, late)
    assert _limits(plugged, late) == limits


def test_the_agent_runs_as_its_unit_says(plugged: Cloud) -> None:
    compute = plugged.compute
    plugged.start_links()
    compute.until(lambda: [each["alive"] for each in plugged.agents()] == [True], "the agent")
    (agent,) = plugged.agents()
    assert (agent["binary"], agent["host"]) == (PROGRAM, COMPUTE)
    pid = compute.node.output(["pgrep", *compute.agent.process]).strip()
    status = compute.node.output(["cat", f"/proc/{pid}/status"])
    for kind in ("Prm", "Eff", "Bnd"):
        assert int(_field(status, f"Cap{kind}"), 16) == NET_ADMIN
    assert _field(status, "NoNewPrivs") == "1"
    assert "0" not in _field(status, "Uid").split()
    columns = ("-c", "Host", "-c", "Alive", "-c", "Binary")
    said = plugged.controller.openstack("network", "agent", "list", *columns, "-f", "json")
    assert {"Host": COMPUTE, "Alive": True, "Binary": PROGRAM} in json.loads(said)


def test_the_next_look_gives_the_limit_to_the_agent(plugged: Cloud, late: str) -> None:
    plugged.controller.restart_last()
    plugged.compute.until(lambda: not _limits(plugged, late), "OVN's limit to go")


def test_a_lost_link_is_healed(plugged: Cloud, lossless: PortPolicy) -> None:
    compute, controller = plugged.compute, plugged.controller
    lossless.put_on()
    port_id = plugged.neutron.port(PAIR.first)["id"]
    # Neutron writes the rules of all ports anew 10 s after its start (21), so it must not run.
    controller.stop_last()
    row = ("Logical_Switch_Port", port_id, "external_ids")
    _northbound(plugged, "remove", *row, f'"{channel.LINK}"')
    compute.until(lambda: not lossless.is_held(), "the link to go")
    controller.start_last()
    compute.until(lossless.is_held, "the link")
    assert controller.lines_with(f"Port {port_id}: OVN's database says ")
    assert _limits(plugged, port_id) == []


def _look_at_all_ports(cloud: Cloud, unserved: str) -> None:
    """Return when the maintenance worker has looked at all ports; it names each unserved one."""
    words = f"Port {unserved} has no link"
    before = len(cloud.controller.lines_with(words))
    cloud.controller.restart_last()
    cloud.compute.until(lambda: len(cloud.controller.lines_with(words)) > before, "a warning")


def _limits(cloud: Cloud, port_id: str) -> List[str]:
    """Return OVN's limits of a port's bandwidth."""
    rows = _northbound(cloud, "--bare", "--columns=match,bandwidth", "list", "QoS").split("\n\n")
    return sorted(row for row in rows if port_id in row and "rate=" in row)


def _northbound(cloud: Cloud, *command: str) -> str:
    return cloud.controller.host.output("ovn-nbctl", "--timeout=30", *command)


def _field(status: str, name: str) -> str:
    (value,) = re.findall(rf"^{name}:\s*(.*)$", status, re.MULTILINE)
    return str(value)
