# SPDX-License-Identifier: Apache-2.0
"""What has no device of the host's kernel to itself: trunks, routers, DHCP, floating IPs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.api import attaching
from tests.support import neutron_api
from tests.support.neutron_api import Answer, NeutronApi

OURS = ["delay", "reorder"]
IN_A_TRUNK = "it is in a trunk, whose ports have no device of their own"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NeutronApi]:
    """A server with trunks and routers, in a process of its own."""
    root: Path = tmp_path_factory.mktemp("routed")
    neutron_api.create_sqlite(root / "neutron.sqlite")
    conf = neutron_api.configure(root, service_plugins="trunk,router,qos,netem")
    with neutron_api.serving(conf) as served:
        yield served


@pytest.fixture
def network(server: NeutronApi) -> str:
    return attaching.network(server)


@pytest.fixture(scope="module")
def outside(server: NeutronApi) -> str:
    """An external network with addresses."""
    network = attaching.network(server, **{"router:external": True})
    subnet = {"network_id": network, "ip_version": 4, "cidr": "198.51.100.0/24"}
    assert server.post("/subnets", {"subnet": subnet}).status == 201
    return network


def _create(server: NeutronApi, resource: str, **values: Any) -> dict[str, Any]:
    answer = server.post(f"/{resource}s", {resource: values})
    assert answer.status == 201, answer.body
    return answer.body[resource]


def _subport(port: dict[str, Any]) -> dict[str, Any]:
    return {"port_id": port["id"], "segmentation_type": "vlan", "segmentation_id": 7}


def _add_subport(server: NeutronApi, trunk: dict[str, Any], port: dict[str, Any]) -> Answer:
    return server.put(f"/trunks/{trunk['id']}/add_subports", {"sub_ports": [_subport(port)]})


def _trunk(server: NeutronApi, port: dict[str, Any], *subports: dict[str, Any]) -> Answer:
    members = [_subport(each) for each in subports]
    return server.post("/trunks", {"trunk": {"port_id": port["id"], "sub_ports": members}})


@pytest.mark.parametrize("rule_type", OURS)
def test_ports_of_a_trunk_are_refused(server: NeutronApi, network: str, rule_type: str) -> None:
    parent, subport = attaching.port(server, network), attaching.port(server, network)
    assert _trunk(server, parent, subport).status == 201
    for port in (parent, subport):
        policy = attaching.policy(server, rule_type)
        answer = attaching.attach(server, port, policy)
        attaching.assert_refused(answer, rule_type, port, IN_A_TRUNK)

        # Neutron's own limits stay possible, and a rule of ours cannot join them.
        policy = attaching.policy(server, "bandwidth_limit")
        assert attaching.attach(server, port, policy).status == 200
        answer = attaching.add_rule(server, policy, rule_type)
        attaching.assert_refused(answer, rule_type, port, IN_A_TRUNK)


@pytest.mark.parametrize("rule_type", OURS)
@pytest.mark.parametrize("of", ["port", "network"])
def test_a_port_with_our_rules_joins_no_trunk(
    server: NeutronApi, network: str, of: str, rule_type: str
) -> None:
    policy = attaching.policy(server, "bandwidth_limit", rule_type)
    if of == "network":
        impaired = attaching.port(server, attaching.network(server, qos_policy_id=policy))
    else:
        impaired = attaching.port(server, network, qos_policy_id=policy)
    clean = attaching.port(server, network)

    refused = [_trunk(server, impaired), _trunk(server, clean, impaired)]
    trunk = _trunk(server, clean).body["trunk"]
    refused.append(_add_subport(server, trunk, impaired))
    for answer in refused:
        attaching.assert_refused(answer, rule_type, impaired, IN_A_TRUNK)
    assert server.get(f"/trunks?port_id={impaired['id']}").body["trunks"] == []
    assert server.get(f"/trunks/{trunk['id']}").body["trunk"]["sub_ports"] == []

    assert attaching.attach(server, impaired, attaching.policy(server)).status == 200
    assert _add_subport(server, trunk, impaired).status == 200


@pytest.mark.parametrize("owner", ["network:dhcp", "network:router_interface", "network:local_ip"])
def test_a_port_of_the_network_is_refused(server: NeutronApi, network: str, owner: str) -> None:
    reason = f"its device_owner is {owner}, whose device is in a network namespace"
    port = attaching.port(server, network, device_owner=owner)
    policy = attaching.policy(server, "delay")
    attaching.assert_refused(attaching.attach(server, port, policy), "delay", port, reason)

    values = {"network_id": network, "device_owner": owner, "qos_policy_id": policy}
    answer = server.post("/ports", {"port": values})
    assert (answer.status, reason in answer.message) == (409, True)

    # Neutron does not put the policy of the network on such ports.
    body = {"network": {"qos_policy_id": policy}}
    assert server.put(f"/networks/{network}", body).status == 200
    assert attaching.add_rule(server, policy, "loss").status == 201


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"device_owner": "network:dhcp"}, "its device_owner is network:dhcp,"),
        ({"binding:vnic_type": "direct"}, "its binding:vnic_type is direct,"),
    ],
)
def test_a_port_with_our_rules_becomes_none_of_these(
    server: NeutronApi, network: str, change: dict[str, Any], reason: str
) -> None:
    port = attaching.port(server, network, qos_policy_id=attaching.policy(server, "delay"))
    at = f"/ports/{port['id']}"
    attaching.assert_refused(server.put(at, {"port": change}), "delay", port, reason)
    assert server.get(at).body["port"]["device_owner"] == ""

    assert server.put(at, {"port": {"device_owner": "compute:nova"}}).status == 200
    assert server.put(at, {"port": {**change, "qos_policy_id": None}}).status == 200


def test_a_port_with_our_rules_does_not_become_a_routers(server: NeutronApi, network: str) -> None:
    subnet = {"network_id": network, "ip_version": 4, "cidr": "192.0.2.0/24"}
    _create(server, "subnet", **subnet)
    port = attaching.port(server, network, qos_policy_id=attaching.policy(server, "delay"))
    router = _create(server, "router", name="router")
    answer = server.put(f"/routers/{router['id']}/add_router_interface", {"port_id": port["id"]})
    reason = "its device_owner is network:router_interface,"
    attaching.assert_refused(answer, "delay", port, reason)


def _assert_refused(answer: Answer, rule_type: str, target: str) -> None:
    assert answer.status == 409, answer.body
    assert answer.body["NeutronError"]["type"] == "QosRuleNotSupported"
    reason = "the L3 agent imposes bandwidth limits only"
    assert answer.message == f"Rule {rule_type} is not supported by {target}: {reason}"


@pytest.mark.parametrize("rule_type", OURS)
def test_a_floating_ip_is_refused(server: NeutronApi, outside: str, rule_type: str) -> None:
    ours = attaching.policy(server, "bandwidth_limit", rule_type)
    limit = attaching.policy(server, "bandwidth_limit")
    new = {"floatingip": {"floating_network_id": outside, "qos_policy_id": ours}}
    refused = server.post("/floatingips", new)
    assert refused.status == 409
    assert f"Rule {rule_type} is not supported by floating IP " in refused.message

    floating = _create(server, "floatingip", floating_network_id=outside, qos_policy_id=limit)
    at, target = f"/floatingips/{floating['id']}", f"floating IP {floating['id']}"
    body = {"floatingip": {"qos_policy_id": ours}}
    _assert_refused(server.put(at, body), rule_type, target)
    assert server.get(at).body["floatingip"]["qos_policy_id"] == limit

    _assert_refused(attaching.add_rule(server, limit, rule_type), rule_type, target)
    assert len(server.get(f"/qos/policies/{limit}").body["policy"]["rules"]) == 1
    assert server.delete(at).status == 204
    assert attaching.add_rule(server, limit, rule_type).status == 201


@pytest.mark.parametrize("rule_type", OURS)
def test_a_gateway_is_refused(server: NeutronApi, outside: str, rule_type: str) -> None:
    ours = attaching.policy(server, "bandwidth_limit", rule_type)
    limit = attaching.policy(server, "bandwidth_limit")
    gateway = {"network_id": outside, "qos_policy_id": limit}
    router = _create(server, "router", name="router", external_gateway_info=gateway)
    at, target = f"/routers/{router['id']}", f"the gateway of router {router['id']}"
    body = {"router": {"external_gateway_info": {**gateway, "qos_policy_id": ours}}}
    _assert_refused(server.put(at, body), rule_type, target)
    shown = server.get(at).body["router"]["external_gateway_info"]
    assert shown["qos_policy_id"] == limit

    _assert_refused(attaching.add_rule(server, limit, rule_type), rule_type, target)
    assert len(server.get(f"/qos/policies/{limit}").body["policy"]["rules"]) == 1
