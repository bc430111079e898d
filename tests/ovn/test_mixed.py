# SPDX-License-Identifier: Apache-2.0
"""A cloud with both backends: each port is served, or refused, as its host's backend does it."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.api import attaching, hosts
from tests.ovn import central, chassis
from tests.ovn.central import Central
from tests.ovn.conftest import configure
from tests.ovn.rows import link, meters
from tests.support import neutron_api
from tests.support.neutron_api import NeutronApi

LINK = {"v": 1, "egress": {"delay_us": 1000, "rate_kbps": 1000, "burst_kbit": 100}}


@pytest.fixture(scope="module")
def mixed_ovn() -> Iterator[Central]:
    with central.running() as running:
        yield running


@pytest.fixture(scope="module")
def mixed(mixed_ovn: Central, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NeutronApi]:
    root = tmp_path_factory.mktemp("mixed")
    conf = configure(root, mixed_ovn, mechanism_drivers="openvswitch,ovn")
    hosts.add(root / "neutron.sqlite", "agent", hosts.OVS, hosts.KERNEL)
    hosts.add(root / "neutron.sqlite", "userspace", hosts.OVS, hosts.USERSPACE)
    with neutron_api.serving(conf) as api:
        for host in ("chassis", "bare"):
            chassis.add(mixed_ovn, host)
        chassis.announce(mixed_ovn, api, "chassis")
        yield api


@pytest.fixture(scope="module")
def network(mixed: NeutronApi) -> str:
    # The network type that both backends have.
    provider = {"provider:network_type": "flat", "provider:physical_network": "physical"}
    return attaching.network(mixed, **provider)


def test_all_rule_types_are_listed(mixed: NeutronApi) -> None:
    listed = {each["type"] for each in mixed.get("/qos/rule-types").body["rule_types"]}
    assert {"delay", "loss", "bandwidth_limit"} <= listed


@pytest.mark.parametrize("host", ["agent", "chassis"])
def test_a_port_of_either_backend_is_served(
    mixed: NeutronApi, mixed_ovn: Central, network: str, host: str
) -> None:
    policy = attaching.policy(mixed, "delay", "bandwidth_limit")
    port = attaching.port(mixed, network, host, qos_policy_id=policy)
    assert port["binding:vif_type"] == "ovs"
    assert link(mixed_ovn, port) == LINK
    assert meters(mixed_ovn, port) == {}


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("userspace", "its host runs Open vSwitch's userspace"),
        ("bare", "its host bare is a chassis"),
    ],
)
def test_a_port_that_its_host_does_not_serve_is_refused(
    mixed: NeutronApi, network: str, host: str, reason: str
) -> None:
    port = attaching.port(mixed, network, host)
    answer = attaching.attach(mixed, port, attaching.policy(mixed, "delay"))
    attaching.assert_refused(answer, "delay", port, reason)
