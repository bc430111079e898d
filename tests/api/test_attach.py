# SPDX-License-Identifier: Apache-2.0
"""Policies with our rules go on the ports and networks that can have them; others are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api import attaching, hosts
from tests.support import neutron_api
from tests.support.neutron_api import NeutronApi

OURS = ["delay", "reorder"]


@pytest.fixture(scope="module", autouse=True)
def some_hosts(api: NeutronApi) -> None:
    database = api.root / "neutron.sqlite"
    hosts.add(database, "kernel", hosts.OVS, hosts.KERNEL)
    hosts.add(database, "userspace", hosts.OVS, hosts.USERSPACE)
    hosts.add(database, "vhost-user", hosts.OVS, hosts.VHOST_USER)


@pytest.fixture
def network(api: NeutronApi) -> str:
    return attaching.network(api)


@pytest.mark.parametrize("host", ["", "kernel"])
def test_a_policy_comes_and_goes_on_a_port(api: NeutronApi, network: str, host: str) -> None:
    port = attaching.port(api, network, host, qos_policy_id=attaching.policy(api, *attaching.RULES))
    for policy in (
        attaching.policy(api, "delay"),
        attaching.policy(api),
        attaching.policy(api, "loss"),
        None,
    ):
        changed = attaching.attach(api, port, policy)
        assert (changed.status, changed.body["port"]["qos_policy_id"]) == (200, policy)
        if policy and host:
            assert attaching.add_rule(api, policy, "bandwidth_limit").status == 201


def test_the_policy_of_a_port_is_before_that_of_its_network(api: NeutronApi) -> None:
    of_network, of_port = attaching.policy(api, "delay"), attaching.policy(api, "loss")
    network = attaching.network(api, qos_policy_id=of_network)
    port = attaching.port(api, network, "kernel")
    assert port["qos_policy_id"] is None
    assert port["qos_network_policy_id"] == of_network
    changed = attaching.attach(api, port, of_port).body["port"]
    assert (changed["qos_policy_id"], changed["qos_network_policy_id"]) == (of_port, of_network)
    assert api.delete(f"/qos/policies/{of_network}").status == 409
    assert api.put(f"/networks/{network}", {"network": {"qos_policy_id": None}}).status == 200
    assert api.delete(f"/qos/policies/{of_network}").status == 204


def test_a_default_policy_comes_with_a_network(api: NeutronApi) -> None:
    member = api.as_user("project with a default", "member,reader")
    policy = attaching.policy(api, "delay", is_default=True, project_id="project with a default")
    answer = member.post("/networks", {"network": {"name": "net"}})
    assert answer.body["network"]["qos_policy_id"] == policy


def test_a_shared_policy_is_for_all(api: NeutronApi, network: str) -> None:
    member = api.as_user("theirs", "member,reader")
    theirs = member.post("/networks", {"network": {"name": "net"}}).body["network"]["id"]
    port = member.post("/ports", {"port": {"network_id": theirs}}).body["port"]
    assert attaching.attach(member, port, attaching.policy(api, "delay")).status == 404
    assert attaching.attach(member, port, attaching.policy(api, "delay", shared=True)).status == 200


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
    port = attaching.port(api, network, host)
    attaching.assert_refused(
        attaching.attach(api, port, attaching.policy(api, rule_type)), rule_type, port, reason
    )

    # What Neutron serves there itself it still does, and a rule of ours cannot join it.
    policy = attaching.policy(api, "bandwidth_limit")
    assert attaching.attach(api, port, policy).status == 200
    attaching.assert_refused(attaching.add_rule(api, policy, rule_type), rule_type, port, reason)
    listed = api.get(f"/qos/policies/{policy}/{rule_type}_rules").body
    assert listed == {f"{rule_type}_rules": []}

    body = {"network": {"qos_policy_id": attaching.policy(api, rule_type)}}
    assert attaching.attach(api, port, None).status == 200
    attaching.assert_refused(api.put(f"/networks/{network}", body), rule_type, port, reason)


@pytest.mark.parametrize("host", ["", "kernel"])
def test_a_direct_port_is_refused(api: NeutronApi, network: str, host: str) -> None:
    direct = {"binding:vnic_type": "direct", "binding:profile": {"capabilities": ["switchdev"]}}
    port = attaching.port(api, network, host, **direct)
    assert port["binding:vif_type"] == ("ovs" if host else "unbound")
    reason = "its binding:vnic_type is direct,"
    attaching.assert_refused(
        attaching.attach(api, port, attaching.policy(api, "delay")), "delay", port, reason
    )


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

        network = attaching.network(
            api, **{"provider:network_type": "flat", "provider:physical_network": "physical"}
        )
        served = attaching.port(api, network, "kernel")
        assert attaching.attach(api, served, attaching.policy(api, *attaching.RULES)).status == 200
        slot = {
            "pci_slot": "0000:01:10.0",
            "pci_vendor_info": "8086:10ed",
            "physical_network": "physical",
        }
        direct = {"binding:vnic_type": "direct", "binding:profile": slot}
        port = attaching.port(api, network, "functions", **direct)
        assert port["binding:vif_type"] == "hw_veb"
        reason = "its binding:vnic_type is direct,"
        attaching.assert_refused(
            attaching.attach(api, port, attaching.policy(api, "delay")), "delay", port, reason
        )


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
