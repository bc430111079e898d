# SPDX-License-Identifier: Apache-2.0
"""What our driver relies on in Neutron's driver is still there, and works as before."""

from __future__ import annotations

from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver

from networking_netem.agent_ovs.driver import NetemQosDriver
from networking_netem.domain.link import Link
from networking_netem.reconcile.edits import Edits
from tests.contract.open_vswitch import VHOST, Ovs
from tests.contract.qos import PORT_ID, TAP, limit, port


def test_attributes_of_ours_are_not_neutrons(ovs: Ovs) -> None:
    taken = vars(qos_driver.QosOVSAgentDriver())
    assert not {"edits", "_devices"} & set(taken)
    assert "br_int" in taken, "QosOVSAgentDriver.br_int is gone: vhost-user ports are not known"


def test_every_rule_type_has_its_handlers(ovs: Ovs) -> None:
    driver = NetemQosDriver()
    for rule_type in driver.SUPPORTED_RULES:
        names = [f"create_{rule_type}", f"update_{rule_type}", f"delete_{rule_type}"]
        if driver._rule_type_has_ingress_direction(rule_type):
            names.append(f"delete_{rule_type}_ingress")
        for name in names:
            assert callable(getattr(driver, name, None)), (
                f"the agent's driver has no {name}: it will fail on every port without a policy"
            )


def test_a_vhost_user_port_keeps_neutrons_limits(ovs: Ovs) -> None:
    driver = ovs.driver()
    driver.edits = Edits(lambda device: Link.CLEAN)
    driver.create_bandwidth_limit(port(VHOST), limit(1000, "egress"))
    assert ovs.policing_kbps(VHOST) == 1000, (
        "Neutron no longer polices vhost-user ports in update_bandwidth_limit"
    )
    driver.delete_bandwidth_limit(port(VHOST))
    assert ovs.policing_kbps(VHOST) == 0
    assert driver.edits.take() == {}


def test_the_agent_finds_a_ports_device_by_this_name(ovs: Ovs) -> None:
    vif_port = ovs.bridge.get_vif_port_by_id(PORT_ID)
    assert vif_port.port_name == TAP, (
        "VifPort.port_name is no longer the device's name: no link will find its port"
    )
