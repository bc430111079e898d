# SPDX-License-Identifier: Apache-2.0
"""Open vSwitch's own qdiscs are taken off a port, and ours stay."""

from __future__ import annotations

from neutron.agent.l2.extensions import qos

from networking_netem.agent.switch import Switch
from networking_netem.agent_ovs.extension import NetemAgentExtension
from tests.contract.open_vswitch import ROW, Ovs
from tests.contract.qos import TAP
from tests.support.waiting import wait_until


def test_neutrons_limits_go_from_a_port_that_we_claim(ovs: Ovs) -> None:
    switch = Switch(ovs.bridge)
    ovs.bridge.create_egress_bw_limit_for_port(TAP, 1000, 100)
    ovs.bridge.update_ingress_bw_limit_for_port(TAP, 1000, 100)
    assert (ovs.policing_kbps(TAP), ovs.owner(TAP)) == (1000, "Neutron")

    assert switch.claim(TAP, has_root=False)
    assert ovs.policing_kbps(TAP) == 0, (
        "delete_egress_bw_limit_for_port no longer ends policing, which excludes our qdisc: "
        "nothing will be imposed on what instances receive"
    )
    assert ovs.owner(TAP) == ""
    left = ovs.vsctl("--bare", "--columns=type", "list", "QoS").split()
    assert left == [], "delete_ingress_bw_limit_for_port left its row behind"
    assert not switch.claim(TAP, has_root=False)
    assert not switch.claim("tap33333333-33", has_root=True)


def test_a_root_that_is_claimed_has_our_row(ovs: Ovs) -> None:
    switch = Switch(ovs.bridge)
    ovs.bridge.update_ingress_bw_limit_for_port(TAP, 1000, 100)
    assert switch.claim(TAP, has_root=True)
    assert not switch.claim(TAP, has_root=True)
    assert ovs.owner(TAP) == ROW, "Open vSwitch will take our qdiscs off the port"
    assert list(switch.kept_roots()) == [TAP]
    switch.release(TAP)
    assert ovs.owner(TAP) == ""
    assert list(switch.kept_roots()) == []


def test_a_qos_row_of_others_stays(ovs: Ovs) -> None:
    """Also one that this process has not yet heard of, as happens in some of the rounds."""
    switch = Switch(ovs.bridge)
    for _ in range(20):
        ovs.vsctl("set", "Port", TAP, "qos=@q", "--", "--id=@q", "create", "QoS", "type=linux-sfq")
        assert not switch.claim(TAP, has_root=True)
        row = ovs.vsctl("get", "Port", TAP, "qos")
        switch.release(TAP)
        assert ovs.vsctl("get", "Port", TAP, "qos") == row != "[]"
        assert ovs.vsctl("get", "QoS", row, "type") == "linux-sfq"
        ovs.vsctl("clear", "Port", TAP, "qos", "--", "destroy", "QoS", row)


def test_offloading_is_known(ovs: Ovs) -> None:
    switch = Switch(ovs.bridge)
    assert not switch.uses_hooks()
    # The agent has a copy of the database, which is told of changes.
    ovs.vsctl("set", "Open_vSwitch", ".", "other_config:hw-offload=true")
    wait_until(switch.uses_hooks)
    ovs.vsctl("remove", "Open_vSwitch", ".", "other_config", "hw-offload")
    wait_until(lambda: not switch.uses_hooks())


def test_neutrons_clearing_leaves_our_row(ovs: Ovs) -> None:
    switch = Switch(ovs.bridge)
    switch.claim(TAP, has_root=True)
    extension = NetemAgentExtension()
    extension.policy_map, extension.qos_driver = qos.PortPolicyMap(), ovs.driver()
    if hasattr(extension, "handle_switch_restart"):  # 29
        extension.handle_switch_restart()
    assert ovs.owner(TAP) == ROW, (
        "Neutron clears QoS rows that are not its own: links will end with Open vSwitch's restart"
    )
    switch.release(TAP)
