# SPDX-License-Identifier: Apache-2.0
"""The node in the guest: Neutron, its backend and two instances on one network."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import Callable, Sequence

from netem_lab.errors import LabError
from netem_lab.neutron_api import NeutronClient
from netem_lab.node import files
from netem_lab.node.backend import BACKENDS, Backend
from netem_lab.node.files import LOG_FOLDER
from netem_lab.node.instance import boot_here
from netem_lab.node.neutron import API_PORT
from netem_lab.node.part import Part
from netem_lab.node.processes import Processes
from netem_lab.node.topology import Topology

READY = "ready"


def _start_neutron(
    backend: Backend, configuration: Sequence[str], database: str
) -> subprocess.Popen[bytes]:
    # Neutron's root helper must find privsep-helper on the PATH.
    path = f"{sys.prefix}/bin:{os.environ['PATH']}"
    # Neutron 29 does not use eventlet, but each of its processes warns that eventlet is deprecated.
    environment = dict(os.environ, PATH=path, PYTHONWARNINGS="ignore", **backend.variables)
    command = [sys.executable, "-m", "netem_lab.node.neutron", backend.name]
    command += [database, str(files.DATABASE), *configuration]
    with (LOG_FOLDER / "neutron.out").open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
        )


def main() -> None:
    """Start the node, print `ready`, and keep it running; argv: its part."""
    part = Part.decode(sys.argv[1])
    backend = BACKENDS[part.backend]
    files.make_folders()
    settings = backend.settings(part)
    # Neutron takes longest, so it is started first. It waits for what it needs by itself.
    files.configure("policy.yaml", settings)
    configuration = [
        files.configure(f"{each}.conf", settings) for each in ("neutron", part.backend)
    ]
    start_neutron = partial(_start_neutron, backend, configuration, part.database)
    starts = backend.starts(LOG_FOLDER, configuration[-1], part)
    processes = Processes({"neutron": start_neutron, **starts})
    neutron = NeutronClient(f"http://127.0.0.1:{API_PORT}")
    processes.wait_until(neutron.answers, "Neutron's API")
    topology = Topology(neutron)
    subnet = topology.create_subnet()
    agents, hosts = " and the ".join(backend.agents), set(part.hosts.values())
    processes.wait_until(lambda: topology.agents_are_alive(backend.agents, hosts), f"the {agents}")
    instances = [topology.create_instance(name, subnet, host) for name, host in part.hosts.items()]
    here = boot_here(instances)
    processes.wait_until(
        lambda: all(port["status"] == "ACTIVE" for port in topology.ports()),
        "both ports to be ACTIVE",
    )
    processes.wait_until(
        lambda: all(one.reaches(other) for one in here for other in instances if one != other),
        "the instances to ping",
    )
    print(READY, flush=True)
    processes.run()


def run(main: Callable[[], None]) -> None:
    """Run the program of a node; an error is its last line."""
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}: exit status {error.returncode}")
    except LabError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    run(main)
