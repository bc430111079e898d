# SPDX-License-Identifier: Apache-2.0
"""A node that is a chassis only: Neutron is in the first node, and so are OVN's databases."""

from __future__ import annotations

import sys

from netem_lab.neutron_api import NeutronClient
from netem_lab.node import files
from netem_lab.node.backend import BACKENDS
from netem_lab.node.files import LOG_FOLDER
from netem_lab.node.instance import boot_here
from netem_lab.node.main import run
from netem_lab.node.neutron import API_PORT
from netem_lab.node.part import Part
from netem_lab.node.processes import Processes
from netem_lab.node.topology import NAMES, Topology


def main() -> None:
    """Start the chassis and the instances that Neutron has bound to it; argv: its part."""
    part = Part.decode(sys.argv[1])
    backend = BACKENDS[part.backend]
    files.make_folders()
    configuration = files.configure(f"{part.backend}.conf", backend.settings(part))
    processes = Processes(backend.starts(LOG_FOLDER, configuration, part))
    neutron = NeutronClient(f"http://{part.central}:{API_PORT}")
    processes.wait_until(neutron.answers, "Neutron's API")
    topology = Topology(neutron)
    processes.wait_until(lambda: len(topology.ports()) == len(NAMES), "the instances' ports")
    boot_here(topology.instances())
    processes.run()


if __name__ == "__main__":
    run(main)
