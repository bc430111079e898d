# SPDX-License-Identifier: Apache-2.0
"""Open vSwitch's own qdiscs are taken off a port, and ours stay."""

from __future__ import annotations

from neutron.agent.l2.extensions import qos

from networking_netem.agent.extension import NetemAgentExtension
from networking_netem.agent.switch import Switch
from tests.contract.open_vswitch import ROW, Ovs
from tests.contract.qos import TAP


def test_neutrons_limits_go_from_a_port_that_we_claim(ovs: Ovs) -> None:
    switch = Switch(ovs.bridge)
    ovs.bridge.create_egress_bw_limit_for_port(TAP, 1000, 100)
    ovs.bridge.update_ingress_bw_limit_for_port(TAP, 1000, 100)
    assert (ovs.policing_kbps(TAP), ovs.owner(TAP)) == (1000, "Neutron")

    assert switch.claim(TAP)
    assert ovs.policing_kbps(TAP) == 0, (
        "delete_egress_bw_limit_for_port no longer ends policing, which excludes our qdisc: "
        "nothing will be imposed on what instances send"
    )
    assert ovs.owner(TAP) == ROW, "Open vSwitch will take our qdiscs off the port"
    assert not switch.claim(TAP)
    left = ovs.vsctl("--bare", "--columns=type", "list", "QoS").split()
    assert left == ["linux-noop"], "delete_ingress_bw_limit_for_port left its row behind"

    assert not switch.claim("tap33333333-33")
    switch.release(TAP)
    assert ovs.owner(TAP) == ""


def test_neutrons_clearing_leaves_our_row(ovs: Ovs) -> None:
    switch = Switch(ovs.bridge)
    switch.claim(TAP)
    extension = NetemAgentExtension()
    extension.policy_map, extension.qos_driver = qos.PortPolicyMap(), ovs.driver()
    if hasattr(extension, "handle_switch_restart"):  # 29
        extension.handle_switch_restart()
    assert ovs.owner(TAP) == ROW, (
        "Neutron clears QoS rows that are not its own: links will end with Open vSwitch's restart"
    )
    switch.release(TAP)
