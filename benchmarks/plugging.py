# SPDX-License-Identifier: Apache-2.0
"""Ports plugged at once: the agent's CPU time with our extension against Neutron's own.

Both handle the same ports of a real Open vSwitch database. Ours also makes the qdiscs, in this
process. Neutron's leaves them to ovs-vswitchd, whose time is not counted.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any, Callable, Iterator, List

from neutron.agent.l2.extensions import qos
from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver

from benchmarks.figure import Figure, ratio
from benchmarks.links import batch, delete
from networking_netem.agent.switch import Switch
from networking_netem.agent_ovs.extension import NetemAgentExtension
from networking_netem.kernel.host import Host
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.edits import Edits
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.rules import register
from tests.contract import open_vswitch
from tests.contract.qos import limit, policy
from tests.contract.qos import port as made_port
from tests.kernel.alone import Sender

Handle = Callable[[Any], None]


def figures(count: int, turns: int) -> Iterator[Figure]:
    """CPU time of both, as a ratio: without rules, and with a bandwidth limit on each port."""
    register.apply()
    names = [f"tap{number:08x}-00" for number in range(count)]
    with open_vswitch.running() as socket, contextlib.ExitStack() as stack:
        ovs = open_vswitch.Ovs(socket)
        batch("ip", [f"link add {name} up type dummy" for name in names])
        stack.callback(delete, names)
        for name in names:
            ovs.vsctl("--no-wait", "add-port", open_vswitch.BRIDGE, name)
        for what, rules, bound in (
            ("without rules", (), 1.2),
            ("with a limit on each", (limit(1000, "egress"), limit(1000, "ingress")), 1.0),
        ):
            ours: List[float] = []
            neutrons: List[float] = []
            for _ in range(turns):
                ours.append(_cpu_s(*_ours(ovs), names, rules))
                neutrons.append(_cpu_s(*_neutrons(ovs), names, rules))
            yield ratio(f"{count} ports plugged {what}, CPU : stock qos", ours, neutrons, bound)


def _cpu_s(extension: Any, finish: Callable[[], None], names: List[str], rules: Any) -> float:
    """The CPU time to plug every port; afterwards they are unplugged, which is not counted."""
    extension.policy_map.update_policy(policy(*rules))
    ports = [made_port(name) for name in names]
    for number, port in enumerate(ports):
        port["port_id"] = f"{number:08x}-0000-0000-0000-000000000000"
        port["qos_policy_id"] = port["qos_policy_id"] if rules else None
    began_s = time.process_time()
    for port in ports:
        extension.handle_port(None, port)
    finish()
    taken_s = time.process_time() - began_s
    for port in ports:
        extension.delete_port(None, port)
    finish()
    return taken_s


def _ours(ovs: open_vswitch.Ovs) -> Any:
    extension = NetemAgentExtension()
    extension.policy_map, extension.qos_driver = qos.PortPolicyMap(), ovs.driver()
    host = Host(Sender().transact)
    reconciler = extension._reconciler = Reconciler(host, Switch(ovs.bridge), Budget(1 << 40))
    extension._edits = extension.qos_driver.edits = Edits(reconciler.link)
    extension._worker = _NoWorker()
    reconciler.audit()

    def finish() -> None:
        while reconciler.reconcile_due() is not None:
            time.sleep(0.01)

    return extension, finish


def _neutrons(ovs: open_vswitch.Ovs) -> Any:
    extension = qos.QosAgentExtension()
    driver = qos_driver.QosOVSAgentDriver()
    driver.consume_api(ovs.agent_api)
    driver.initialize()
    extension.policy_map, extension.qos_driver = qos.PortPolicyMap(), driver
    return extension, lambda: None


class _NoWorker:
    """The worker's part is played by `finish`, so that all of it is counted."""

    def wake(self) -> None:
        pass
