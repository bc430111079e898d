# SPDX-License-Identifier: Apache-2.0
"""The backend openvswitch: Neutron's Open vSwitch agent, which has links as an extension."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

from netem_lab.guest.host import UML_MODULES
from netem_lab.guest.namespace import GUEST_ADDRESS
from tests.releases.compute import COMPUTE, Compute, Service
from tests.releases.controller import TRANSPORT_URL, Controller
from tests.releases.suites import Suite

_NEUTRON_CONF = f"""\
[DEFAULT]
host = {COMPUTE}
transport_url = {TRANSPORT_URL}
[oslo_concurrency]
lock_path = /var/lock/neutron
[agent]
root_helper = sudo neutron-rootwrap /etc/neutron/rootwrap.conf
"""
_AGENT_CONF = """\
[agent]
extensions = {extension}
[ovs]
local_ip = {address}
[securitygroup]
enable_security_group = false
firewall_driver = noop
"""


class OpenVSwitch:
    """The agent is there before our package; it is stopped, and started with the extension."""

    name = "openvswitch"
    # It is the one that plays what is the same whatever the backend.
    tests = (
        *("test_clients.py", "test_takeover.py", "test_links.py", "test_neutrons_own.py"),
        *("test_ovn_seam.py", "test_server.py"),
    )
    service_plugins = "qos,netem"
    ml2_conf = """\
[ml2]
type_drivers = local
tenant_network_types = local
mechanism_drivers = openvswitch
extension_drivers = qos
"""
    qos_driver = "openvswitch"
    binds = "Open vSwitch agent"
    imposes = "Open vSwitch agent"
    agent = Service(
        "neutron-openvswitch-agent",
        ("-f", "bin/neutron-openvswitch-agent"),
        "/var/log/neutron/neutron-openvswitch-agent.log",
    )
    metered = False

    def is_in(self, suite: Suite) -> bool:
        """Each has it."""
        return True

    def modules(self) -> Path:
        """Those of the guest's kernel."""
        return UML_MODULES

    def servers(self, suite: Suite) -> Tuple[str, ...]:
        """The API, and what listens to agents."""
        return suite.server

    def start_central(self, controller: Controller) -> None:
        """Nothing."""

    def start_host(self, compute: Compute) -> None:
        """The agent with Neutron's own extension."""
        compute.host.write("/etc/neutron/neutron.conf", _NEUTRON_CONF)
        self._start(compute, "qos")

    def start_links(self, compute: Compute) -> None:
        """The agent with ours."""
        self._start(compute, "netem")

    def _start(self, compute: Compute, extension: str) -> None:
        conf = _AGENT_CONF.format(extension=extension, address=GUEST_ADDRESS)
        compute.host.write("/etc/neutron/plugins/ml2/openvswitch_agent.ini", conf)
        compute.start(self.agent)
