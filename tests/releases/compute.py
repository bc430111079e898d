# SPDX-License-Identifier: Apache-2.0
"""The compute node: a guest kernel with netem on a suite's own files, and its agent."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from netem_lab.guest.frames import Command
from netem_lab.guest.namespace import mount
from netem_lab.guest.runner import Remote, Runner
from netem_lab.guest.uml import SOURCE, Guest, Userland
from netem_lab.guest.urgency import urgent
from netem_lab.node.ovs import EARLIEST_UPTIME_S
from tests.releases import unit
from tests.releases.chroot import Chroot

COMPUTE = "compute"
"""The name of the one compute node."""
PYTHON = "/usr/bin/python3"
_STOP_TIMEOUT_S = 15
_MEMORY_MIB = 1024
_TIMEOUT_S = 180
# Each poll costs the guest 20 ms or more.
_POLL_EVERY_S = 0.7
# Neutron logs errors of its own when an agent starts (connection refused) and stops (pipe closed).
_TROUBLE = ("ERROR networking_netem", "CRITICAL", "Traceback")
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True)
class Service:
    """A service of the node by its unit's name: what pgrep finds it by, and the log that it has.

    What a service prints is kept beside its log.
    """

    name: str
    process: Tuple[str, ...]
    log: str = ""

    @property
    def output(self) -> str:
        """The file of what it prints."""
        return f"/var/log/{self.name}.out"


class Compute:
    """A compute node; `node` runs commands on it, and the service `agent` imposes links."""

    def __init__(self, host: Chroot, agent: Service) -> None:
        self.host = host
        self.agent = agent
        # A compute host does not get the lab.
        python = ("env", f"PYTHONPATH={SOURCE}", PYTHON, "-s")
        self.node = Runner(self._spawn, python, partial(urgent, os.getpid()))
        self._running: Dict[Service, Remote] = {}
        self._guest: Optional[Guest] = None

    def boot(self, modules: Path) -> None:
        """Start the guest with these kernel modules, and return before it has booted."""
        self.host.show(modules)
        self.host.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        folder = Path(self.host.root, "run/guest")
        folder.mkdir()
        mount("tmpfs", str(folder), "tmpfs", f"mode=700,size={_MEMORY_MIB + 64}m")
        userland = Userland(self.host.root, PYTHON, ())
        self._guest = Guest(folder, _MEMORY_MIB, userland=userland, modules=modules)

    def start_switch(self) -> None:
        """Start Open vSwitch as the distribution does."""
        assert self._guest
        self._guest.wait_until_booted()
        self.until(lambda: self._uptime_s() > EARLIEST_UPTIME_S, "the kernel to be old enough")
        # As every host; it is a module of the guest's kernel.
        self.node.output(["modprobe", "ipv6"])
        script = "/usr/share/openvswitch/scripts/ovs-ctl"
        self.node.output([script, "start", f"--system-id={COMPUTE}"])

    def start(self, service: Service) -> None:
        """Start a service as its unit says."""
        script = f"exec >>{service.output} 2>&1\n{unit.script(self.host, service.name)}"
        self._running[service] = self._spawn(["sh", "-c", script])

    def stop(self, service: Service) -> None:
        """Stop a service as systemd does: TERM, and KILL after a unit's TimeoutStopSec."""
        self.node.run(["pkill", "-TERM", *service.process])
        deadline_s = time.monotonic() + _STOP_TIMEOUT_S
        while self.runs(service) and time.monotonic() < deadline_s:
            time.sleep(_POLL_EVERY_S)
        self._running.pop(service).kill()
        self.until(lambda: not self.runs(service), f"{service.name} to end")

    def runs(self, service: Service) -> bool:
        """Whether it has a process."""
        return self.node.run(["pgrep", *service.process]).returncode == 0

    def plug(self, ports: List[dict], prefix_length: int) -> None:
        """Boot instances with these ports."""
        argv = ["env", f"PYTHONPATH={SOURCE}", PYTHON, "-m", "tests.releases.plug"]
        self.node.output([*argv, json.dumps(ports), str(prefix_length)])

    def shut_down(self) -> None:
        """End the guest."""
        if self._guest:
            self._guest.stop()

    def log(self) -> str:
        """Return the log of the agent, which prints it where it has no file of its own."""
        return self._text(self.agent.log or self.agent.output)

    def trouble(self) -> List[str]:
        """Return our errors, critical errors and tracebacks in the agent's log."""
        return [line for line in self.log().splitlines() if any(t in line for t in _TROUBLE)]

    def logs(self) -> str:
        """Return the last lines of all that the services have written."""
        paths = [path for each in self._running for path in (each.output, each.log) if path]
        return "\n".join(f"{path}:\n{self._text(path)[-4000:]}" for path in paths)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Return once it holds; fail with the log when it takes too long."""
        deadline_s = time.monotonic() + _TIMEOUT_S
        while not condition():
            assert time.monotonic() < deadline_s, f"waited for {what}\n{self.logs()}"
            time.sleep(_POLL_EVERY_S)

    def _text(self, path: str) -> str:
        return self.node.run(["cat", path]).stdout

    def _uptime_s(self) -> float:
        return float(self.node.output(["cat", "/proc/uptime"]).split()[0])

    def _spawn(self, argv: Sequence[str]) -> Remote:
        assert self._guest
        return Remote(self._guest.connect(), Command(argv, env=_ENVIRONMENT))
