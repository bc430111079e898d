# SPDX-License-Identifier: Apache-2.0
"""A cloud of two hosts of one suite: the controller on this kernel, the compute node in a guest."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, List

from webob.client import send_request_app

from netem_lab.guest import namespace
from netem_lab.guest.host import require_guest
from netem_lab.guest.uml import SOURCE
from netem_lab.node.topology import Topology
from netem_lab.scenario.scenario import PAIR
from tests.releases import image, package
from tests.releases.backends import Backend
from tests.releases.chroot import Chroot
from tests.releases.compute import COMPUTE, Compute
from tests.releases.controller import URL, Controller
from tests.releases.suites import Suite
from tests.support.neutron_api import NeutronApi

_FILES_MIB = 6144


class Cloud:
    """The hosts of a cloud: the servers have our package, the compute node has it not yet."""

    def __init__(self, suite: Suite, backend: Backend) -> None:
        """Set the cloud up; this process moves into new namespaces and stays there."""
        require_guest()
        self.suite = suite
        self.backend = backend
        files = image.ensure(suite)
        folder = Path(tempfile.mkdtemp(prefix="netem-releases-"))
        namespace.enter(folder, _FILES_MIB)
        self.wheel = package.wheel(folder)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        services = backend.servers(suite)
        self.controller = Controller(Chroot(files, folder / "controller"), services, folder)
        self.compute = Compute(Chroot(files, folder / "compute"), backend.agent)
        self.neutron = self.controller.neutron
        self.topology = Topology(self.neutron)
        self.http = NeutronApi(send_request_app, folder, base_url=URL)
        self.folder = folder

    def start(self) -> None:
        """Start both hosts; the compute node is as the distribution has it."""
        for host in (self.controller.host, self.compute.host):
            host.show(SOURCE)
        self.controller.configure(self.backend.service_plugins, self.backend.ml2_conf)
        self.controller.start_services()
        self.backend.start_central(self.controller)
        self.compute.boot(self.backend.modules())
        package.install(self.controller.host, self.wheel)
        self.controller.manage("--subproject", "neutron", "upgrade", "heads")
        self.controller.manage("--subproject", "networking-netem", "upgrade", "head")
        self.controller.start_neutron()
        self.compute.start_switch()
        self.backend.start_host(self.compute)

    def plug(self) -> None:
        """Plug the two instances; waits for the agent, without which no port is bound."""
        topology = self.topology
        subnet = topology.create_subnet()
        self.compute.until(
            lambda: topology.agents_are_alive([self.backend.binds]), "the agent to report"
        )
        instances = [
            topology.create_instance(name, subnet, COMPUTE) for name in (PAIR.first, PAIR.second)
        ]
        self.compute.plug([each.port for each in instances], instances[0].prefix_length)
        self.wait_until_active()

    def wait_until_active(self) -> None:
        """Return when the agent has set up both ports."""
        ports = self.topology.ports
        self.compute.until(
            lambda: [port["status"] for port in ports()] == ["ACTIVE", "ACTIVE"],
            "the ports to be ACTIVE",
        )

    def start_links(self) -> None:
        """Install our package on the compute node, and have it impose links."""
        package.install(self.compute.host, self.wheel)
        self.backend.start_links(self.compute)

    def restart_links(self) -> None:
        """Stop what imposes links, and start it."""
        self.compute.stop(self.backend.agent)
        self.compute.start(self.backend.agent)

    def agents(self) -> List[Dict[str, Any]]:
        """Return the agents that impose links, as the API shows them: none, or one."""
        agents = self.neutron.get("agents")["agents"]
        return [agent for agent in agents if agent["agent_type"] == self.backend.imposes]

    def stop(self) -> None:
        """End the hosts, and remove the folder."""
        self.compute.shut_down()
        self.controller.shut_down()
        namespace.leave(self.folder)
        self.folder.rmdir()
