# SPDX-License-Identifier: Apache-2.0
"""A bandwidth limit is never weaker than the one that stock Neutron imposes on the same port.

Both drivers impose it through a real Open vSwitch with the kernel's datapath. Packets are counted.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from types import SimpleNamespace
from typing import Any, Callable, Dict, Iterator, Tuple

import pytest
from neutron.agent.common import ovs_lib
from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver

from netem_lab.probe.endpoint import inside
from networking_netem.agent.switch import Switch
from networking_netem.domain.ifb import ifb_name, ifb_names
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.kernel.host import Host
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.reconciler import Reconciler
from tests.contract import open_vswitch
from tests.contract.qos import PORT_ID, TAP
from tests.kernel.alone import Sender
from tests.kernel.counted import between, payloads

from .conftest import hide_module, ip, ip_batch, load_modules, new_namespace, tc

LIMIT_KBPS, BURST_KBIT = 1000, 100
PACKET_BYTES, INTERVAL_S, FLOOD_S, QUIET_S = 1000, 0.002, 2.4, 1.5
"""Sent at 4 Mbit/s: of 1200 packets some 300 pass in that time, and the burst and the queue."""
MORE = 1.1
"""A limit may let through a tenth more than the other: the ends of the count are not sharp."""
LINK = Link(
    egress=Impairment(rate_kbps=LIMIT_KBPS, burst_kbit=BURST_KBIT),
    ingress=Impairment(rate_kbps=LIMIT_KBPS, burst_kbit=BURST_KBIT),
)
ADDRESSES = {"instance": "10.9.9.1", "network": "10.9.9.2"}
WAYS = {Direction.EGRESS: ("instance", "network"), Direction.INGRESS: ("network", "instance")}


@pytest.fixture(scope="module")
def ovs() -> Iterator[Any]:
    """Neutron connects to one Open vSwitch for as long as its process lives."""
    subprocess.run(["modprobe", "openvswitch"], check=True)
    with new_namespace(), open_vswitch.running(()) as socket:
        made = open_vswitch.Ovs(socket)
        for name in (TAP, open_vswitch.VHOST):
            made.vsctl("--if-exists", "del-port", name)
        yield made
        # Neutron's threads keep the namespace, and only Open vSwitch ends the bridge's own devices,
        # which have a qdisc `ingress` after hw-offload.
        made.vsctl("del-br", open_vswitch.BRIDGE)


class Port:
    """A port of Open vSwitch with an instance behind it, and a network on the other side."""

    def __init__(self, device: str) -> None:
        self.device = device
        for name, end in (("instance", device), ("network", "uplink")):
            ip_batch(
                f"netns add {name}",
                f"link add {end} type veth peer name eth0 netns {name}",
                f"link set {end} up",
            )
            with inside(name):
                ip_batch(f"address add {ADDRESSES[name]}/24 dev eth0", "link set eth0 up")

    def share(self, direction: Direction) -> float:
        """The packets of a flood that pass in one direction, for each second that it took."""
        with between(*WAYS[direction], ADDRESSES) as (sender, receiver):
            begin_s, number = time.monotonic(), 0
            while time.monotonic() < begin_s + FLOOD_S:
                sender.send(bytes(PACKET_BYTES - 42))
                number += 1
                time.sleep(max(0.0, begin_s + number * INTERVAL_S - time.monotonic()))
            took_s = time.monotonic() - begin_s
            count = len(payloads(receiver, QUIET_S))
        print(f"{direction.value}: {count} packets in {took_s:.1f} s")
        return count / took_s


CONDITIONS: Dict[str, Tuple[str, Callable[[Scene], None]]] = {
    "plain": (TAP, lambda scene: None),
    "hybrid": ("qvo11111111-11", lambda scene: None),
    "foreign root": (
        TAP,
        lambda scene: tc("qdisc", "add", "dev", TAP, "root", "handle", "7:", "prio"),
    ),
    "no ifb module": (TAP, lambda scene: scene.hide("ifb")),
    "no tbf module": (TAP, lambda scene: scene.hide("sch_tbf")),
    "egress refused": (TAP, lambda scene: scene.occupy(Direction.EGRESS)),
    "ingress refused": (TAP, lambda scene: scene.occupy(Direction.INGRESS)),
    # The last: Open vSwitch never ends it before it is started anew.
    "hw-offload": (TAP, lambda scene: scene.offload()),
}


class Scene:
    """Open vSwitch with one port, under a condition."""

    def __init__(self, ovs: Any, port: Port, stack: contextlib.ExitStack) -> None:
        self.ovs, self.port, self._stack = ovs, port, stack

    def offload(self) -> None:
        """Open vSwitch puts a qdisc `ingress` on each port."""
        self.ovs.vsctl("set", "Open_vSwitch", ".", "other_config:hw-offload=true")
        self.ovs.vsctl("del-port", self.port.device)
        self.ovs.vsctl("add-port", open_vswitch.BRIDGE, self.port.device)

    def occupy(self, direction: Direction) -> None:
        """A stranger's device has the name that our ifb would have."""
        name = ifb_name(self.port.device, direction)
        ip("link", "add", name, "type", "dummy")
        self._stack.callback(ip, "link", "del", name)

    def hide(self, module: str) -> None:
        self._stack.enter_context(hide_module(module))

    def impose_neutrons(self) -> Callable[[], None]:
        driver = qos_driver.QosOVSAgentDriver()
        driver.consume_api(self.ovs.agent_api)
        driver.initialize()
        name = self.port.device
        port = {
            "port_id": PORT_ID,
            "device_owner": "compute:nova",
            "vif_port": ovs_lib.VifPort(name, 1, PORT_ID, "", None),
        }
        for direction in Direction:
            rule = SimpleNamespace(
                max_kbps=LIMIT_KBPS, max_burst_kbps=BURST_KBIT, direction=direction.value, id="1"
            )
            driver.update_bandwidth_limit(port, rule)

        def lift() -> None:
            driver.delete_bandwidth_limit(port)
            driver.delete_bandwidth_limit_ingress(port)

        return lift

    def impose_ours(self) -> Callable[[], None]:
        switch = Switch(self.ovs.bridge)
        reconciler = Reconciler(Host(Sender().transact), switch, Budget(1 << 30))
        name = self.port.device

        def want(link: Link) -> None:
            reconciler.want(name, link)
            deadline_s = time.monotonic() + 30
            while reconciler.reconcile_due() is not None and time.monotonic() < deadline_s:
                status = reconciler.statuses().get(name)
                if status is not None and "failed" in str(status):
                    break  # what can be had of it is there
                time.sleep(0.05)

        want(LINK)
        return lambda: want(Link.CLEAN)


@pytest.fixture
def scene(ovs: Any, request: pytest.FixtureRequest) -> Iterator[Scene]:
    device, condition = CONDITIONS[request.param]
    load_modules()
    with contextlib.ExitStack() as stack:
        for namespace in ADDRESSES:
            stack.callback(ip, "netns", "del", namespace)
        port = Port(device)
        for name in (device, "uplink"):
            ovs.vsctl("add-port", open_vswitch.BRIDGE, name)
            stack.callback(ovs.vsctl, "--if-exists", "del-port", name)
        # Where ours was refused something, the case ends before the link is gone.
        for ifb in ifb_names(device):
            command = ["ip", "link", "del", ifb]
            stack.callback(subprocess.run, command, check=False, capture_output=True)
        made = Scene(ovs, port, stack)
        condition(made)
        yield made


@pytest.mark.parametrize("scene", CONDITIONS, indirect=True)
def test_no_limit_is_weaker_than_neutrons(scene: Scene) -> None:
    free = 1 / INTERVAL_S
    passed: Dict[str, Dict[Direction, float]] = {}
    for whose, impose in (("Neutron's", scene.impose_neutrons), ("ours", scene.impose_ours)):
        print(whose)
        lift = impose()
        passed[whose] = {direction: scene.port.share(direction) for direction in Direction}
        lift()
    for direction in Direction:
        ours, neutrons = passed["ours"][direction], passed["Neutron's"][direction]
        assert ours <= max(neutrons * MORE, LIMIT_KBPS / 8 * MORE), direction
        assert ours < free / 2, f"{direction}: nothing limits it"
