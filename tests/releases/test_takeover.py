# SPDX-License-Identifier: Apache-2.0
"""A node with Neutron's Open vSwitch agent, in this order: without our package, with it."""

from __future__ import annotations

from typing import Any

from netem_lab.scenario import qdiscs
from netem_lab.scenario.port_policy import PortPolicy
from netem_lab.scenario.scenario import LIMITED
from tests.releases.cloud import Cloud


def test_an_agent_without_the_package_imposes_the_rest(plugged: Cloud, policy: PortPolicy) -> None:
    compute, tap = plugged.compute, policy.tap
    before = len(compute.trouble())
    policy.attach()
    compute.until(lambda: _policing_kbps(plugged, tap) == LIMITED.egress.rate_kbps, "policing")
    compute.until(lambda: "htb" in compute.node.output(["tc", "qdisc", "show", "dev", tap]), "HTB")
    assert not qdiscs.left(compute.node.output)
    assert compute.trouble()[before:] == []


def test_the_package_takes_over_what_the_agent_had_imposed(
    plugged: Cloud, policy: PortPolicy
) -> None:
    compute, before = plugged.compute, len(plugged.compute.trouble())
    policy.attach()
    compute.until(lambda: _policing_kbps(plugged, policy.tap) > 0, "policing")
    compute.stop(compute.agent)
    plugged.start_links()
    compute.until(policy.is_held, "the link")
    compute.until(lambda: _policing_kbps(plugged, policy.tap) == 0, "policing to end")
    compute.until(lambda: _extensions(plugged) == ["netem"], "report")
    assert compute.trouble()[before:] == []


def _policing_kbps(cloud: Cloud, tap: str) -> int:
    get = ["ovs-vsctl", "get", "Interface", tap, "ingress_policing_rate"]
    return int(cloud.compute.node.output(get))


def _extensions(cloud: Cloud) -> Any:
    (agent,) = cloud.agents()
    return agent["configurations"]["extensions"]
