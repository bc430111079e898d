# SPDX-License-Identifier: Apache-2.0
"""What the agent's side relies on in Neutron is still there, and does what it did."""

from __future__ import annotations

import importlib
import uuid
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List

import pytest
from neutron.agent.common import ovs_lib
from neutron.agent.l2.extensions import qos
from neutron.api.rpc.callbacks import events
from neutron.api.rpc.callbacks.consumer import registry
from neutron.conf.plugins.ml2.drivers import ovs_conf
from neutron.objects.qos import policy as qos_policy
from neutron.objects.qos import rule as qos_rule
from neutron.plugins.ml2.drivers.openvswitch.agent import ovs_agent_extension_api
from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver
from neutron.plugins.ml2.drivers.openvswitch.agent.openflow import br_cookie
from oslo_concurrency import lockutils
from oslo_config import cfg

from networking_netem.agent import seam
from networking_netem.agent.driver import VHOST_USER, NetemQosDriver
from networking_netem.agent.extension import NetemAgentExtension
from networking_netem.agent.switch import Switch
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.rules import objects
from tests.contract import open_vswitch
from tests.unit.kernel_in_memory import KernelInMemory

TAP, VHOST = "tap11111111-11", "vhu22222222-22"
PORT_ID, POLICY_ID = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
ROW = "networking-netem"


class Bridge(br_cookie.OVSBridgeCookieMixin, ovs_lib.OVSBridge):
    """The integration bridge without OpenFlow: no flows, no meters."""

    def add_flow(self, **_: Any) -> None:
        pass

    def uninstall_flows(self, **_: Any) -> None:
        pass

    def list_meter_features(self) -> List[Any]:
        return []


class Ovs:
    """Open vSwitch with a port and a vhost-user port, and the bridge that extensions get."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.vsctl("add-port", open_vswitch.BRIDGE, TAP)
        self.vsctl("set", "Interface", TAP, f"external_ids:iface-id={PORT_ID}")
        self.vsctl("set", "Interface", TAP, 'external_ids:attached-mac="fa:16:3e:00:00:01"')
        # The dummy Open vSwitch has no such device; its database has.
        self.vsctl("--no-wait", "add-port", open_vswitch.BRIDGE, VHOST)
        self.vsctl("--no-wait", "set", "Interface", VHOST, f"type={VHOST_USER[1]}")
        cfg.CONF.set_override("ovsdb_connection", f"unix:{socket}", "OVS")
        bridge = Bridge(open_vswitch.BRIDGE)
        self.agent_api = ovs_agent_extension_api.OVSAgentExtensionAPI(bridge, None, {})
        self.bridge = self.agent_api.request_int_br()

    def driver(self) -> NetemQosDriver:
        """Our driver as `QosAgentExtension.initialize` leaves it."""
        driver = NetemQosDriver()
        driver.consume_api(self.agent_api)
        driver.initialize()
        return driver

    def vsctl(self, *arguments: str) -> str:
        return open_vswitch.vsctl(self.socket, *arguments).strip()

    def owner(self, device: str) -> str:
        """Who made the QoS row that the port has; empty without one."""
        row = self.vsctl("get", "Port", device, "qos")
        if row == "[]":
            return ""
        known = self.vsctl("--if-exists", "get", "QoS", row, "external_ids:owner")
        return known.strip('"') or "Neutron"

    def policing_kbps(self, device: str) -> int:
        return int(self.vsctl("get", "Interface", device, "ingress_policing_rate"))


@pytest.fixture(scope="module")
def ovs() -> Iterator[Ovs]:
    ovs_conf.register_ovs_agent_opts(cfg.CONF)
    with open_vswitch.running() as socket:
        yield Ovs(socket)


def _policy(*rules: Any) -> Any:
    for rule in rules:
        rule.id, rule.qos_policy_id = str(uuid.uuid4()), POLICY_ID
    return qos_policy.QosPolicy(id=POLICY_ID, rules=list(rules))


def _delay(delay_ms: int, direction: str) -> Any:
    return objects.QosDelayRule(delay_ms=delay_ms, delay_correlation_ms=0, direction=direction)


def _limit(max_kbps: int, direction: str) -> Any:
    return qos_rule.QosBandwidthLimitRule(
        max_kbps=max_kbps, max_burst_kbps=max_kbps, direction=direction
    )


def _port(device: str = TAP) -> Dict[str, Any]:
    """A port as the Open vSwitch agent hands it over."""
    return {
        "port_id": PORT_ID,
        "qos_policy_id": POLICY_ID,
        "network_qos_policy_id": None,
        "device_owner": "compute:nova",
        "vif_port": ovs_lib.VifPort(device, 1, PORT_ID, "fa:16:3e:00:00:01", None),
    }


def _is_locked() -> bool:
    lock = lockutils.internal_lock("qos-port")
    free = lock.acquire(blocking=False)
    if free:
        lock.release()
    return not free


class Recording(qos.QosAgentDriver):
    """Has any handler; remembers which were called, and whether the lock was held each time."""

    SUPPORTED_RULES = {"delay": qos_driver.QosOVSAgentDriver.SUPPORTED_RULES["delay"]}  # noqa: RUF012

    def __init__(self) -> None:
        self.called: List[str] = []
        self.locked: List[bool] = []

    def initialize(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        def handler(port: Any, rule: Any = None) -> None:
            self.called.append(name)
            self.locked.append(_is_locked())

        return handler

    def since(self) -> List[str]:
        called, self.called = self.called, []
        return called


class Connection:
    """The RPC connection of an agent; nobody sends."""

    def create_consumer(self, *_: Any, **__: Any) -> None:
        pass


def _extension(driver: Any) -> NetemAgentExtension:
    """The extension as it is after `initialize`, with this driver and no kernel."""
    extension = NetemAgentExtension()
    extension.policy_map = qos.PortPolicyMap()
    extension.qos_driver = driver
    extension._worker = SimpleNamespace(wake=lambda: None)
    return extension


@pytest.fixture
def recorded() -> Iterator[Any]:
    driver = Recording()
    driver.links, driver.touched = {}, set()
    driver.device = lambda port: ""
    driver.forget = lambda port: None
    extension = _extension(driver)
    extension._reconciler = SimpleNamespace(reconcile=lambda devices: None)
    yield extension
    registry.clear()


@pytest.fixture
def unlocked_deletion() -> None:
    """Neutron deletes ports without the lock; else a test that deletes one would never end."""
    extension = qos.QosAgentExtension()
    extension.policy_map, extension.qos_driver = qos.PortPolicyMap(), Recording()
    extension.delete_port(None, {"port_id": PORT_ID})
    assert not any(extension.qos_driver.locked), (
        "QosAgentExtension.delete_port takes the lock qos-port itself now: ours, which takes it "
        "around that, will block the agent for ever"
    )


def test_the_agent_calls_itself_as_we_expect() -> None:
    for home in (
        "neutron_lib.plugins.ml2.ovs_constants",
        "neutron.plugins.ml2.drivers.openvswitch.agent.common.constants",
    ):
        try:
            constants = importlib.import_module(home)
            assert constants.EXTENSION_DRIVER_TYPE == seam.OPEN_VSWITCH, (
                "the Open vSwitch agent calls itself otherwise: the extension will refuse it"
            )
            return
        except (ImportError, AttributeError):
            continue
    pytest.fail("EXTENSION_DRIVER_TYPE has moved: is the agent's type still as in agent/seam.py?")


@pytest.mark.parametrize("other", ["linuxbridge", "sriov", "macvtap"])
def test_another_agent_ends_at_its_start(other: str) -> None:
    extension = NetemAgentExtension()
    with pytest.raises(seam.OtherAgent) as refusal:
        extension.initialize(connection=None, driver_type=other)
    assert f"type {other}: take netem out of extensions" in str(refusal.value)
    assert not vars(extension), "something was done before the agent was refused"


def test_handlers_are_called_by_these_names_under_this_lock(
    recorded: Any, unlocked_deletion: None
) -> None:
    driver = recorded.qos_driver
    recorded.policy_map.update_policy(_policy(_delay(1, "egress"), _delay(2, "ingress")))
    both = ["delete_delay", "delete_delay_ingress"]

    recorded.handle_port(None, _port())
    assert driver.since() == [*both, "create_delay", "create_delay"], (
        "QosAgentExtension.handle_port calls other handlers: links will lack rules, or keep them"
    )
    recorded.handle_port(None, _port())
    assert driver.since() == []

    changed = [_policy(_delay(3, "egress"))]
    recorded._handle_notification(None, "QosPolicy", changed, events.UPDATED)
    assert driver.since() == [*both, "update_delay"], (
        "a changed policy is no longer deleted as it was and updated as it is: "
        "links will keep rules that are gone"
    )
    assert all(driver.locked), (
        "Neutron edits without the lock qos-port, which agent.seam.editing() takes: "
        "ports will get links that are half edited"
    )
    recorded.delete_port(None, {"port_id": PORT_ID})
    assert driver.since() == both, "a port that goes no longer loses its rules"
    assert all(driver.locked)


def test_pushed_policies_come_through_the_method_that_we_override(recorded: Any) -> None:
    locked: List[bool] = []
    recorded.policies_changed = lambda: locked.append(_is_locked())
    recorded._register_rpc_consumers(Connection())
    registry.push(None, "QosPolicy", [_policy()], events.UPDATED)
    assert locked == [False], (
        "QosAgentExtension no longer registers _handle_notification, or calls it under the lock: "
        "changed rules will reach no port, or the agent will block for ever"
    )


def test_neutron_has_what_we_override_and_takes_no_name_of_ours() -> None:
    for ours, neutrons, overridden in (
        (
            NetemAgentExtension,
            qos.QosAgentExtension,
            {"initialize", "handle_port", "delete_port", "_handle_notification"},
        ),
        (
            NetemQosDriver,
            qos_driver.QosOVSAgentDriver,
            {
                "create_bandwidth_limit",
                "update_bandwidth_limit",
                "delete_bandwidth_limit",
                "delete_bandwidth_limit_ingress",
            },
        ),
    ):
        defined = {
            name
            for cls in ours.__mro__[: ours.__mro__.index(neutrons)]
            for name in vars(cls)
            if not name.startswith("__") and not name.startswith("_abc_")
        }
        clashing = {name for name in defined if hasattr(neutrons, name)}
        assert clashing == overridden, (
            f"{neutrons}: {sorted(overridden - clashing)} are gone, and ours are never called; "
            f"{sorted(clashing - overridden)} are new there, and ours stand in their way"
        )


def test_attributes_of_ours_are_not_neutrons(ovs: Ovs) -> None:
    taken = vars(qos_driver.QosOVSAgentDriver())
    assert not {"links", "touched", "_devices"} & set(taken)
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


def test_a_policy_of_neutrons_becomes_a_link_and_ends(ovs: Ovs, unlocked_deletion: None) -> None:
    kernel = KernelInMemory(TAP)
    extension = _extension(ovs.driver())
    extension._reconciler = Reconciler(kernel, Switch(ovs.bridge), Budget(1 << 40))
    rules = _delay(100, "egress"), _limit(1000, "ingress")
    extension.policy_map.update_policy(_policy(*rules))

    extension.handle_port(None, _port())
    asked = Link(
        egress=Impairment(delay_us=100_000), ingress=Impairment(rate_kbps=1000, burst_kbit=1000)
    )
    assert extension.qos_driver.links == {TAP: asked}
    assert kernel.devices[TAP].ifb
    assert ovs.owner(TAP) == ROW

    extension.delete_port(None, {"port_id": PORT_ID})
    assert extension.qos_driver.links == {}
    assert kernel.devices[TAP].ifb is None
    assert ovs.owner(TAP) == ""


def test_a_vhost_user_port_keeps_neutrons_limits(ovs: Ovs) -> None:
    driver = ovs.driver()
    driver.create_bandwidth_limit(_port(VHOST), _limit(1000, "egress"))
    assert ovs.policing_kbps(VHOST) == 1000, (
        "Neutron no longer polices vhost-user ports in update_bandwidth_limit"
    )
    driver.delete_bandwidth_limit(_port(VHOST))
    assert ovs.policing_kbps(VHOST) == 0
    assert driver.links == {}


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
    extension = _extension(ovs.driver())
    if hasattr(extension, "handle_switch_restart"):  # 29
        extension.handle_switch_restart()
    assert ovs.owner(TAP) == ROW, (
        "Neutron clears QoS rows that are not its own: links will end with Open vSwitch's restart"
    )
    switch.release(TAP)


def test_the_agent_finds_a_ports_device_by_this_name(ovs: Ovs) -> None:
    vif_port = ovs.bridge.get_vif_port_by_id(PORT_ID)
    assert vif_port.port_name == TAP, (
        "VifPort.port_name is no longer the device's name: no link will find its port"
    )
