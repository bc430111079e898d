# SPDX-License-Identifier: Apache-2.0
"""The backend ovn: OVN's databases, ovn-northd and ovn-controller, and the agent of a chassis."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

from netem_lab.guest import zones
from netem_lab.guest.namespace import GUEST_ADDRESS, HOST_ADDRESS
from netem_lab.guest.uml import SOURCE
from networking_netem.domain.channel import PROGRAM
from tests.releases import unit
from tests.releases.compute import COMPUTE, Compute, Service
from tests.releases.controller import Controller
from tests.releases.suites import MAINTENANCE, Suite

USER = "networking-netem"
"""Whom the unit names."""
_CONTROLLER = Service("ovn-controller", ("-x", "ovn-controller"), "/var/log/ovn/ovn-controller.log")
_DATABASES = {"nb": (6641, "127.0.0.1"), "sb": (6642, "0.0.0.0")}
_AGENT_CONF = f"""\
[ovn]
ovn_sb_connection = tcp:{HOST_ADDRESS}:6642
[ovs]
ovsdb_connection = tcp:127.0.0.1:6640
"""
_CHASSIS = {
    "hostname": COMPUTE,
    "ovn-remote": f"tcp:{HOST_ADDRESS}:6642",
    "ovn-encap-type": "geneve",
    "ovn-encap-ip": GUEST_ADDRESS,
}


class Ovn:
    """A chassis has no agent of ours before our package."""

    name = "ovn"
    tests = ("test_clients.py", "test_chassis.py", "test_links.py", "test_server.py")
    service_plugins = "qos,netem,ovn-router"
    ml2_conf = """\
[ml2]
type_drivers = geneve
tenant_network_types = geneve
mechanism_drivers = ovn
extension_drivers = port_security,qos
[ml2_type_geneve]
vni_ranges = 1:65536
max_header_size = 38
[ovn]
ovn_nb_connection = tcp:127.0.0.1:6641
ovn_sb_connection = tcp:127.0.0.1:6642
"""
    qos_driver = "OVNQosDriver"
    binds = "OVN Controller agent"
    imposes = "OVN netem agent"
    agent = Service(PROGRAM, ("-f", f"bin/{PROGRAM}"))
    metered = True

    def is_in(self, suite: Suite) -> bool:
        """Not each has OVN."""
        return bool(suite.ovn)

    def modules(self) -> Path:
        """With connection tracking zones."""
        return zones.ZoneModules().ensure(print)

    def servers(self, suite: Suite) -> Tuple[str, ...]:
        """The maintenance worker last, also where it is a service of its own."""
        return (*suite.server, *(each for each in suite.ovn if each == MAINTENANCE))

    def start_central(self, controller: Controller) -> None:
        """The databases, which listen once they are told to, and ovn-northd."""
        for name, (port, address) in _DATABASES.items():
            controller.start(f"ovn-ovsdb-server-{name}")
            controller.succeed(f"ovn-{name}ctl", "--timeout=10", "init")
            remote = f"ptcp:{port}:{address}"
            controller.succeed(f"ovn-{name}ctl", "--timeout=10", "set-connection", remote)
        controller.start("ovn-northd")

    def start_host(self, compute: Compute) -> None:
        """The host becomes a chassis."""
        settings = [f'external_ids:{name}="{value}"' for name, value in _CHASSIS.items()]
        compute.node.output(["ovs-vsctl", "set", "Open_vSwitch", ".", *settings])
        compute.start(_CONTROLLER)

    def start_links(self, compute: Compute) -> None:
        """As doc/ovn.md says."""
        host = compute.host
        service = (SOURCE / f"etc/systemd/{PROGRAM}.service").read_text()
        host.write(f"{unit.OURS}/{PROGRAM}.service", service)
        host.write("/etc/networking-netem/ovn-agent.ini", _AGENT_CONF)
        if USER not in host.read("/etc/passwd"):
            options = ("--system", "--no-create-home", "--shell", "/usr/sbin/nologin")
            host.output("useradd", *options, USER)
        compute.node.output(["ovs-vsctl", "set-manager", "ptcp:6640:127.0.0.1"])
        compute.start(self.agent)
