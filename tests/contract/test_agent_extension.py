# SPDX-License-Identifier: Apache-2.0
"""What our extension relies on in Neutron's extension is still there, and works as before."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, Iterator, List

import pytest
from neutron.agent.l2.extensions import qos
from neutron.api.rpc.callbacks import events
from neutron.api.rpc.callbacks.consumer import registry
from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver
from oslo_concurrency import lockutils

from networking_netem.agent.switch import Switch
from networking_netem.agent_ovs import seam
from networking_netem.agent_ovs.driver import NetemQosDriver
from networking_netem.agent_ovs.extension import NetemAgentExtension
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.plan import plan
from networking_netem.domain.selector import IMPAIR, IPV6, PASS, Selector
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.edits import Edits
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.rules import objects
from tests.contract.open_vswitch import Ovs
from tests.contract.qos import PORT_ID, TAP, delay, limit, policy, port
from tests.support.kernel_in_memory import KernelInMemory


def _is_locked() -> bool:
    lock = lockutils.internal_lock("qos-port")
    free = lock.acquire(blocking=False)
    if free:
        lock.release()
    return not free


# First an agent with Neutron's own extension and driver, then one with ours.
LOADED = """
import json, sys

import neutron
from neutron.agent.l2.extensions import qos
from neutron.plugins.ml2.drivers.openvswitch.agent import main, ovs_neutron_agent
from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver

before = set(sys.modules)
from networking_netem.agent_ovs import driver, extension

more = {each for each in set(sys.modules) - before if each.split(".")[0] == "neutron"}
print(json.dumps(sorted(more)))
"""


class Recording(qos.QosAgentDriver):
    """A driver with every handler; it records each call and whether the lock was held."""

    SUPPORTED_RULES = {"delay": NetemQosDriver.SUPPORTED_RULES["delay"]}  # noqa: RUF012

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
    """The RPC connection of an agent; it delivers nothing."""

    def create_consumer(self, *_: Any, **__: Any) -> None:
        pass


def _extension(driver: Any) -> NetemAgentExtension:
    """An extension as `initialize` leaves it, with this driver and without a kernel."""
    extension = NetemAgentExtension()
    extension.policy_map = qos.PortPolicyMap()
    extension.qos_driver = driver
    extension._worker = SimpleNamespace(wake=lambda: None)
    return extension


@pytest.fixture
def recorded() -> Iterator[Any]:
    driver = Recording()
    driver.device = lambda port: ""
    driver.forget = lambda port: None
    extension = _extension(driver)
    extension._edits = Edits(lambda device: Link.CLEAN)
    extension._reconciler = SimpleNamespace(reconcile=lambda devices: None)
    yield extension
    registry.clear()


@pytest.fixture
def unlocked_deletion() -> None:
    """Neutron deletes ports without the lock. If it took the lock, ours would wait for ever."""
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
    pytest.fail(
        "EXTENSION_DRIVER_TYPE has moved: is the agent's type still as in agent_ovs/seam.py?"
    )


def test_the_agent_loads_nothing_more_of_neutron_than_without_us() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [], (
        "our side of the agent loads modules of Neutron that the agent itself does without; "
        "what servers need belongs into networking_netem/server"
    )


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
    recorded.policy_map.update_policy(policy(delay(1, "egress"), delay(2, "ingress")))
    both = ["delete_delay", "delete_delay_ingress"]

    recorded.handle_port(None, port())
    assert driver.since() == [*both, "create_delay", "create_delay"], (
        "QosAgentExtension.handle_port calls other handlers: links will lack rules, or keep them"
    )
    recorded.handle_port(None, port())
    assert driver.since() == []

    changed = [policy(delay(3, "egress"))]
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


def test_a_policy_that_was_overtaken_is_passed_over(recorded: Any, unlocked_deletion: None) -> None:
    driver = recorded.qos_driver

    def pushed(revision: int, *rules: Any) -> List[str]:
        changed = policy(*rules)
        changed.revision_number = revision
        recorded._handle_notification(None, "QosPolicy", [changed], events.UPDATED)
        return driver.since()

    first = policy(delay(1, "egress"), delay(2, "ingress"))
    first.revision_number = 4
    recorded.policy_map.update_policy(first)
    recorded.handle_port(None, port())
    driver.since()
    assert pushed(6) == ["delete_delay", "delete_delay_ingress"]
    assert pushed(5, delay(2, "ingress")) == [], "an older policy is in force"
    assert pushed(6, delay(3, "ingress")) == ["update_delay"]


def test_pushed_policies_come_through_the_method_that_we_override(recorded: Any) -> None:
    locked: List[bool] = []
    recorded.policies_changed = lambda: locked.append(_is_locked())
    recorded._register_rpc_consumers(Connection())
    registry.push(None, "QosPolicy", [policy()], events.UPDATED)
    assert locked == [False], (
        "QosAgentExtension no longer registers _handle_notification, or calls it under the lock: "
        "changed rules will reach no port, or the agent will block for ever"
    )


def test_neutron_has_what_we_override_and_takes_no_name_of_ours() -> None:
    for ours, neutrons, overridden in (
        (
            NetemAgentExtension,
            qos.QosAgentExtension,
            {
                "initialize",
                "handle_port",
                "delete_port",
                "_handle_notification",
                "_process_update_policy",
            },
        ),
        (
            NetemQosDriver,
            qos_driver.QosOVSAgentDriver,
            {
                "create_bandwidth_limit",
                "update_bandwidth_limit",
                "delete_bandwidth_limit",
                "delete_bandwidth_limit_ingress",
                "SUPPORTED_RULES",
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


def test_a_policy_of_neutrons_becomes_a_link_and_ends(ovs: Ovs, unlocked_deletion: None) -> None:
    kernel = KernelInMemory(TAP)
    extension = _extension(ovs.driver())
    reconciler = extension._reconciler = Reconciler(kernel, Switch(ovs.bridge), Budget(1 << 40))
    extension._edits = extension.qos_driver.edits = Edits(reconciler.link)
    rules = delay(100, "egress"), limit(1000, "ingress")
    extension.policy_map.update_policy(policy(*rules))

    extension.handle_port(None, port())
    reconciler.reconcile_due()
    asked = Link(
        egress=Impairment(delay_us=100_000), ingress=Impairment(rate_kbps=1000, burst_kbit=1000)
    )
    assert reconciler.link(TAP) == asked
    assert kernel.devices[TAP].egress.is_carrying
    assert ovs.owner(TAP) == ""

    kernel.plug("qvr11111111-11")
    extension.handle_port(None, port("qvr11111111-11"))
    reconciler.reconcile_due()
    assert reconciler.link("qvr11111111-11") == asked
    assert not kernel.devices[TAP].is_ours
    extension.handle_port(None, port())

    extension.delete_port(None, {"port_id": PORT_ID})
    reconciler.reconcile_due()
    assert reconciler.statuses() == {}
    assert not kernel.devices[TAP].is_ours
    assert ovs.owner(TAP) == ""


def test_selectors_of_a_policy_become_those_of_the_link(ovs: Ovs, unlocked_deletion: None) -> None:
    kernel = KernelInMemory(TAP)
    extension = _extension(ovs.driver())
    reconciler = extension._reconciler = Reconciler(kernel, Switch(ovs.bridge), Budget(1 << 40))
    extension._edits = extension.qos_driver.edits = Edits(reconciler.link)

    def pushed(*rules: Any) -> Link:
        changed = policy(delay(100, "egress"), *rules)
        extension._handle_notification(None, "QosPolicy", [changed], events.UPDATED)
        reconciler.reconcile_due()
        return reconciler.link(TAP)

    extension.policy_map.update_policy(policy(delay(100, "egress")))
    extension.handle_port(None, port())
    slow = Link(egress=Impairment(delay_us=100_000))
    one, other = Selector(5, PASS, protocol=6), Selector(2, IMPAIR, IPV6)
    link = pushed(
        objects.QosSelectorRule(
            action="pass", priority=5, ethertype="IPv4", protocol="tcp", direction="egress"
        ),
        objects.QosSelectorRule(
            action="impair", priority=2, ethertype="IPv6", protocol=None, direction="egress"
        ),
    )
    assert link == slow.with_selectors(Direction.EGRESS, (other, one))
    assert kernel.devices[TAP].egress.selected == plan(link).egress.selected
    assert pushed() == slow
    assert kernel.devices[TAP].egress.selected is None
