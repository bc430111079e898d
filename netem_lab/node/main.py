# SPDX-License-Identifier: Apache-2.0
"""The node in the guest: Open vSwitch, Neutron and two instances on one network."""

from __future__ import annotations

import os
import socket
import string
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List, Tuple

from netem_lab.errors import LabError
from netem_lab.neutron_api import NeutronClient
from netem_lab.node import ovs
from netem_lab.node.neutron import API_PORT
from netem_lab.node.topology import NAMES, Topology

LOG_FOLDER = Path("/var/log/netem-lab")
RUN_FOLDER = Path("/run/neutron")
READY = "ready"
START_TIMEOUT_S = 180


class _Processes:
    """The processes of the node, each with the function that starts it."""

    def __init__(self, database: str) -> None:
        for folder in (LOG_FOLDER, RUN_FOLDER):
            folder.mkdir(parents=True)
        self._deadline = time.monotonic() + START_TIMEOUT_S
        # Neutron takes longest, so it is started first. It waits for the switch by itself.
        self._starts: Dict[str, Callable[[], subprocess.Popen[bytes]]] = {
            "neutron": lambda: _start_neutron(database),
            "ovsdb-server": lambda: ovs.start_database(LOG_FOLDER),
            "ovs-vswitchd": lambda: ovs.start_switch(LOG_FOLDER),
        }
        self._processes = {name: start() for name, start in self._starts.items()}

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Return once it holds; exit when a process of the node ends, or 180 s after the start."""
        print(f"waiting for {what}", flush=True)
        while not holds():
            self._check()
            if time.monotonic() > self._deadline:
                sys.exit(f"waited {START_TIMEOUT_S} s in vain for {what}")
            time.sleep(0.1)

    def run(self) -> None:
        """Start a process again when it ends, as the init system of a host does; never return."""
        while True:
            for name, process in self._ended():
                print(f"{name} has ended with status {process.returncode}; starting it again")
                self._processes[name] = self._starts[name]()
            time.sleep(0.2)

    def _check(self) -> None:
        for name, process in self._ended():
            sys.exit(f"{name} has ended with status {process.returncode}")

    def _ended(self) -> List[Tuple[str, subprocess.Popen[bytes]]]:
        return [(name, each) for name, each in self._processes.items() if each.poll() is not None]


def _start_neutron(database: str) -> subprocess.Popen[bytes]:
    template = string.Template(Path(__file__).with_name("neutron.conf").read_text())
    configuration = RUN_FOLDER / "neutron.conf"
    values = {
        "prefix": sys.prefix,
        "log_folder": LOG_FOLDER,
        "run_folder": RUN_FOLDER,
        "hostname": socket.gethostname(),
        "database": RUN_FOLDER / "neutron.sqlite",
    }
    configuration.write_text(template.substitute(values))
    # Neutron's root helper must find privsep-helper on the PATH.
    path = f"{sys.prefix}/bin:{os.environ['PATH']}"
    # Neutron 29 does not use eventlet, but each of its processes warns that eventlet is deprecated.
    environment = dict(os.environ, PATH=path, PYTHONWARNINGS="ignore")
    command = [sys.executable, "-m", "netem_lab.node.neutron", str(configuration)]
    with (LOG_FOLDER / "neutron.out").open("ab") as output:
        return subprocess.Popen(
            [*command, database, str(values["database"])],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
        )


def main() -> None:
    """Start the node, print `ready`, and keep it running; argv[1] is the host's database file."""
    processes = _Processes(sys.argv[1])
    neutron = NeutronClient(f"http://127.0.0.1:{API_PORT}")
    processes.wait_until(neutron.answers, "Neutron's API")
    topology = Topology(neutron)
    subnet = topology.create_subnet()
    processes.wait_until(topology.agent_is_alive, "the Open vSwitch agent")
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
