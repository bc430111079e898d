# SPDX-License-Identifier: Apache-2.0
"""The node in the guest: Neutron, its backend and two instances on one network."""

from __future__ import annotations

import os
import socket
import string
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Sequence

from netem_lab.errors import LabError
from netem_lab.neutron_api import NeutronClient
from netem_lab.node.backend import BACKENDS, Backend
from netem_lab.node.neutron import API_PORT
from netem_lab.node.processes import Processes
from netem_lab.node.topology import NAMES, Topology

LOG_FOLDER = Path("/var/log/netem-lab")
RUN_FOLDER = Path("/run/neutron")
READY = "ready"
_DATABASE = RUN_FOLDER / "neutron.sqlite"


def _start_neutron(
    backend: Backend, configuration: Sequence[str], database: str
) -> subprocess.Popen[bytes]:
    # Neutron's root helper must find privsep-helper on the PATH.
    path = f"{sys.prefix}/bin:{os.environ['PATH']}"
    # Neutron 29 does not use eventlet, but each of its processes warns that eventlet is deprecated.
    environment = dict(os.environ, PATH=path, PYTHONWARNINGS="ignore", **backend.variables)
    command = [sys.executable, "-m", "netem_lab.node.neutron", backend.name]
    command += [database, str(_DATABASE), *configuration]
    with (LOG_FOLDER / "neutron.out").open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
        )


def _configure(name: str) -> str:
    """Fill in a file of options that is beside this one, and return where it is."""
    values = {
        "prefix": sys.prefix,
        "log_folder": LOG_FOLDER,
        "run_folder": RUN_FOLDER,
        "hostname": socket.gethostname(),
        "database": _DATABASE,
    }
    template = string.Template(Path(__file__).with_name(name).read_text())
    configuration = RUN_FOLDER / name
    configuration.write_text(template.substitute(values))
    return str(configuration)


def main() -> None:
    """Start the node, print `ready`, and keep it running; argv: backend, the host's database."""
    name, database = sys.argv[1:]
    backend = BACKENDS[name]
    for folder in (LOG_FOLDER, RUN_FOLDER):
        folder.mkdir(parents=True)
    # Neutron takes longest, so it is started first. It waits for what it needs by itself.
    configuration = [_configure(f"{each}.conf") for each in ("neutron", name)]
    neutron_starts = {"neutron": partial(_start_neutron, backend, configuration, database)}
    processes = Processes({**neutron_starts, **backend.starts(LOG_FOLDER, configuration[-1])})
    neutron = NeutronClient(f"http://127.0.0.1:{API_PORT}")
    processes.wait_until(neutron.answers, "Neutron's API")
    topology = Topology(neutron)
    subnet = topology.create_subnet()
    agents = " and the ".join(backend.agents)
    processes.wait_until(lambda: topology.agents_are_alive(backend.agents), f"the {agents}")
    one, other = instances = [
        topology.create_instance(name, subnet, socket.gethostname()) for name in NAMES
    ]
    for instance in instances:
        instance.boot(peers=[peer for peer in instances if peer is not instance])
    processes.wait_until(
        lambda: all(port["status"] == "ACTIVE" for port in topology.ports()),
        "both ports to be ACTIVE",
    )
    processes.wait_until(lambda: one.reaches(other) and other.reaches(one), "the instances to ping")
    print(READY, flush=True)
    processes.run()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}: exit status {error.returncode}")
    except LabError as error:
        sys.exit(str(error))
