# SPDX-License-Identifier: Apache-2.0
"""A chassis without a living agent of ours is told of, and keeps OVN's own limits."""

from __future__ import annotations

import pytest

from tests.api import attaching
from tests.ovn import chassis
from tests.ovn.central import Central
from tests.ovn.rows import link, meters
from tests.support.neutron_api import NeutronApi

WITHOUT = "its host bare is a chassis of OVN without networking-netem-ovn-agent"
METERED = {"egress": {"rate": 1000, "burst": 100}}


@pytest.fixture(scope="module", autouse=True)
def hosts(ovn: Central, api: NeutronApi) -> None:
    for host in ("bare", "with-agent"):
        chassis.add(ovn, host)
    chassis.announce(ovn, api, "with-agent")


@pytest.fixture
def network(api: NeutronApi) -> str:
    return attaching.network(api)


def _move(api: NeutronApi, port: dict, host: str) -> None:
    nova = api.as_user("ours", "admin,service,reader")
    answer = nova.put(f"/ports/{port['id']}", {"port": {"binding:host_id": host}})
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("rule_type", ["delay", "loss"])
def test_a_port_there_is_refused(api: NeutronApi, network: str, rule_type: str) -> None:
    port = attaching.port(api, network, "bare")
    attaching.assert_refused(
        attaching.attach(api, port, attaching.policy(api, rule_type)), rule_type, port, WITHOUT
    )
    policy = attaching.policy(api, "bandwidth_limit")
    assert attaching.attach(api, port, policy).status == 200
    attaching.assert_refused(attaching.add_rule(api, policy, rule_type), rule_type, port, WITHOUT)
    body = {"network": {"qos_policy_id": attaching.policy(api, rule_type)}}
    assert attaching.attach(api, port, None).status == 200
    attaching.assert_refused(api.put(f"/networks/{network}", body), rule_type, port, WITHOUT)


def test_a_host_that_is_no_chassis_is_not_ovns_affair(api: NeutronApi, network: str) -> None:
    port = attaching.port(api, network, "another-backend")
    assert attaching.attach(api, port, attaching.policy(api, "delay")).status == 200


def test_bandwidth_stays_with_ovn_until_an_agent_serves_the_host(
    api: NeutronApi, ovn: Central, network: str, caplog: pytest.LogCaptureFixture
) -> None:
    policy = attaching.policy(api, "delay", "bandwidth_limit")
    port = attaching.port(api, network, "with-agent", qos_policy_id=policy)
    said = link(ovn, port)
    assert said["egress"] == {"delay_us": 1000, "rate_kbps": 1000, "burst_kbit": 100}
    assert meters(ovn, port) == {}

    _move(api, port, "bare")
    assert link(ovn, port) == said
    assert meters(ovn, port) == METERED
    assert [
        each for each in caplog.records if port["id"] in each.message and WITHOUT in each.message
    ]

    _move(api, port, "with-agent")
    assert meters(ovn, port) == {}


def test_a_trunk_is_refused(api: NeutronApi, network: str) -> None:
    parent, child = (attaching.port(api, network) for _ in range(2))
    trunk = {
        "port_id": parent["id"],
        "sub_ports": [{"port_id": child["id"], "segmentation_type": "vlan", "segmentation_id": 5}],
    }
    assert api.post("/trunks", {"trunk": trunk}).status == 201
    for port in (parent, child):
        answer = attaching.attach(api, port, attaching.policy(api, "delay"))
        attaching.assert_refused(answer, "delay", port, "it is in a trunk")
