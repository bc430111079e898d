# SPDX-License-Identifier: Apache-2.0
"""Policies with our rules go on the ports and networks that can have them; others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import pytest

from tests.api import hosts
from tests.support import neutron_api
from tests.support.neutron_api import Answer, NeutronApi

RULES = {
    "delay": {"delay_ms": 1},
    "loss": {"loss_pct": 1},
    "bandwidth_limit": {"max_kbps": 1000, "max_burst_kbps": 100},
}
OURS = ["delay", "loss"]


@pytest.fixture(scope="module", autouse=True)
def some_hosts(api: NeutronApi) -> None:
    database = api.root / "neutron.sqlite"
    hosts.add(database, "kernel", hosts.OVS, hosts.KERNEL)
    hosts.add(database, "userspace", hosts.OVS, hosts.USERSPACE)
    hosts.add(database, "vhost-user", hosts.OVS, hosts.VHOST_USER)


@pytest.fixture
def network(api: NeutronApi) -> str:
    return _network(api)


def _network(api: NeutronApi, **values: Any) -> str:
    answer = api.post("/networks", {"network": {"name": "net", **values}})
    assert answer.status == 201
    return answer.body["network"]["id"]


def _policy(api: NeutronApi, *rule_types: str, **values: Any) -> str:
    """Return the id of a new policy with a rule of each type."""
    answer = api.post("/qos/policies", {"policy": {"name": "some", **values}})
    policy = answer.body["policy"]["id"]
    for rule_type in rule_types:
        assert _add_rule(api, policy, rule_type).status == 201
    return policy


def _add_rule(api: NeutronApi, policy: str, rule_type: str) -> Answer:
    path = f"/qos/policies/{policy}/{rule_type}_rules"
    return api.post(path, {f"{rule_type}_rule": RULES[rule_type]})


def _port(api: NeutronApi, network: str, host: str = "", **values: Any) -> dict[str, Any]:
    if host:
        values["binding:host_id"] = host
    # Only a service such as Nova may set a profile (29).
    nova = api.as_user("ours", "admin,service,reader")
    answer = nova.post("/ports", {"port": {"network_id": network, **values}})
    assert answer.status == 201, answer.body
    return answer.body["port"]


def _attach(api: NeutronApi, port: dict[str, Any], policy: Optional[str]) -> Answer:
    return api.put(f"/ports/{port['id']}", {"port": {"qos_policy_id": policy}})


def _assert_refused(answer: Answer, rule_type: str, port: dict[str, Any], reason: str) -> None:
    assert answer.status == 409, answer.body
    assert answer.body["NeutronError"]["type"] == "QosRuleNotSupported"
    said = f"Rule {rule_type} is not supported by port {port['id']}: {reason}"
    assert answer.message.startswith(said)


@pytest.mark.parametrize("host", ["", "kernel"])
def test_a_policy_comes_and_goes_on_a_port(api: NeutronApi, network: str, host: str) -> None:
    port = _port(api, network, host, qos_policy_id=_policy(api, *RULES))
    for policy in (_policy(api, "delay"), _policy(api), _policy(api, "loss"), None):
        changed = _attach(api, port, policy)
        assert (changed.status, changed.body["port"]["qos_policy_id"]) == (200, policy)
        if policy and host:
            assert _add_rule(api, policy, "bandwidth_limit").status == 201


def test_the_policy_of_a_port_is_before_that_of_its_network(api: NeutronApi) -> None:
    of_network, of_port = _policy(api, "delay"), _policy(api, "loss")
    network = _network(api, qos_policy_id=of_network)
    port = _port(api, network, "kernel")
    assert port["qos_policy_id"] is None
    assert port["qos_network_policy_id"] == of_network
    changed = _attach(api, port, of_port).body["port"]
    assert (changed["qos_policy_id"], changed["qos_network_policy_id"]) == (of_port, of_network)
    assert api.delete(f"/qos/policies/{of_network}").status == 409
    assert api.put(f"/networks/{network}", {"network": {"qos_policy_id": None}}).status == 200
    assert api.delete(f"/qos/policies/{of_network}").status == 204


def test_a_default_policy_comes_with_a_network(api: NeutronApi) -> None:
    member = api.as_user("project with a default", "member,reader")
    policy = _policy(api, "delay", is_default=True, project_id="project with a default")
    answer = member.post("/networks", {"network": {"name": "net"}})
    assert answer.body["network"]["qos_policy_id"] == policy


def test_a_shared_policy_is_for_all(api: NeutronApi, network: str) -> None:
    member = api.as_user("theirs", "member,reader")
    theirs = member.post("/networks", {"network": {"name": "net"}}).body["network"]["id"]
    port = member.post("/ports", {"port": {"network_id": theirs}}).body["port"]
    assert _attach(member, port, _policy(api, "delay")).status == 404
    assert _attach(member, port, _policy(api, "delay", shared=True)).status == 200


@pytest.mark.parametrize("rule_type", OURS)
@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("vhost-user", "its binding:vif_type is vhostuser,"),
        ("userspace", "its host runs Open vSwitch's userspace datapath (netdev)"),
    ],
)
def test_a_port_without_a_kernel_device_is_refused(
    api: NeutronApi, network: str, rule_type: str, host: str, reason: str
) -> None:
    port = _port(api, network, host)
    _assert_refused(_attach(api, port, _policy(api, rule_type)), rule_type, port, reason)

    # Neutron's own rule is still served there, but a rule of ours cannot be added to its policy.
    policy = _policy(api, "bandwidth_limit")
    assert _attach(api, port, policy).status == 200
    _assert_refused(_add_rule(api, policy, rule_type), rule_type, port, reason)
    listed = api.get(f"/qos/policies/{policy}/{rule_type}_rules").body
    assert listed == {f"{rule_type}_rules": []}

    body = {"network": {"qos_policy_id": _policy(api, rule_type)}}
    assert _attach(api, port, None).status == 200
    _assert_refused(api.put(f"/networks/{network}", body), rule_type, port, reason)


@pytest.mark.parametrize("host", ["", "kernel"])
def test_a_direct_port_is_refused(api: NeutronApi, network: str, host: str) -> None:
    direct = {"binding:vnic_type": "direct", "binding:profile": {"capabilities": ["switchdev"]}}
    port = _port(api, network, host, **direct)
    assert port["binding:vif_type"] == ("ovs" if host else "unbound")
    reason = "its binding:vnic_type is direct,"
    _assert_refused(_attach(api, port, _policy(api, "delay")), "delay", port, reason)


def test_beside_the_driver_of_virtual_functions(tmp_path: Path) -> None:
    database = tmp_path / "neutron.sqlite"
    neutron_api.create_sqlite(database)
    hosts.add(database, "kernel", hosts.OVS, hosts.KERNEL)
    hosts.add(database, "functions", hosts.SRIOV, hosts.VIRTUAL_FUNCTIONS)
    conf = neutron_api.configure(tmp_path, mechanism_drivers="openvswitch,sriovnicswitch")
    with neutron_api.serving(conf) as api:
        # Neutron lists what all its drivers support. Ours are not in that list, and need not be.
        listed = {each["type"] for each in api.get("/qos/rule-types").body["rule_types"]}
        assert "bandwidth_limit" in listed
        assert listed.isdisjoint(OURS)
        every = api.get("/qos/rule-types?all_supported=True").body["rule_types"]
        assert {each["type"] for each in every} >= {"bandwidth_limit", *OURS}
        (driver,) = api.get("/qos/rule-types/delay").body["rule_type"]["drivers"]
        assert driver["name"] == "openvswitch"

        network = _network(
            api, **{"provider:network_type": "flat", "provider:physical_network": "physical"}
        )
        served = _port(api, network, "kernel")
        assert _attach(api, served, _policy(api, *RULES)).status == 200
        slot = {
            "pci_slot": "0000:01:10.0",
            "pci_vendor_info": "8086:10ed",
            "physical_network": "physical",
        }
        direct = {"binding:vnic_type": "direct", "binding:profile": slot}
        port = _port(api, network, "functions", **direct)
        assert port["binding:vif_type"] == "hw_veb"
        reason = "its binding:vnic_type is direct,"
        _assert_refused(_attach(api, port, _policy(api, "delay")), "delay", port, reason)


def test_beside_the_driver_of_ovn(api: NeutronApi) -> None:
    """Its mechanism driver wants OVN's databases; its QoS driver is what counts here.

    Of our rules that one says in the log that it does not support them (17-29, _qos_rules).
    """
    from neutron.services.qos.drivers.ovn import driver as ovn
    from neutron_lib.plugins import directory

    drivers = directory.get_plugin("QOS").driver_manager._drivers
    drivers.insert(0, ovn.OVNQosDriver.create(plugin_driver=None))
    try:
        listed = {each["type"] for each in api.get("/qos/rule-types").body["rule_types"]}
        assert "bandwidth_limit" in listed
        assert listed.isdisjoint(OURS)
        every = api.get("/qos/rule-types?all_supported=True").body["rule_types"]
        assert {each["type"] for each in every} >= {"bandwidth_limit", *OURS}
        (driver,) = api.get("/qos/rule-types/loss").body["rule_type"]["drivers"]
        assert driver["name"] == "openvswitch"
    finally:
        drivers.pop(0)
