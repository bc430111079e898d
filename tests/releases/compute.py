# SPDX-License-Identifier: Apache-2.0
"""The compute node: a guest kernel with netem on a suite's own files, and its agent."""

from __future__ import annotations

import json
import os
import time
from functools import partial
from pathlib import Path
from typing import Callable, List, Optional, Sequence

from netem_lab.guest.frames import Command
from netem_lab.guest.host import UML_MODULES
from netem_lab.guest.namespace import GUEST_ADDRESS, mount
from netem_lab.guest.runner import Remote, Runner
from netem_lab.guest.uml import SOURCE, Guest, Userland
from netem_lab.guest.urgency import urgent
from netem_lab.node.ovs import EARLIEST_UPTIME_S
from tests.releases import unit
from tests.releases.chroot import Chroot
from tests.releases.controller import TRANSPORT_URL

COMPUTE = "compute"
"""The name of the one compute node."""
PYTHON = "/usr/bin/python3"
AGENT = "neutron-openvswitch-agent"
LOG = f"/var/log/neutron/{AGENT}.log"
_OUTPUT = "/var/log/agent.out"
_AGENTS_PROCESS = ("-f", f"bin/{AGENT}")
_STOP_TIMEOUT_S = 15
_MEMORY_MIB = 1024
_TIMEOUT_S = 180
# Each poll costs the guest 20 ms or more.
_POLL_EVERY_S = 0.7
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}

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


class Compute:
    """A compute node; `node` runs commands on it."""

    def __init__(self, host: Chroot) -> None:
        self.host = host
        # A compute host does not get the lab.
        python = ("env", f"PYTHONPATH={SOURCE}", PYTHON, "-s")
        self.node = Runner(self._spawn, python, partial(urgent, os.getpid()))
        self._agent: Optional[Remote] = None
        self._guest: Optional[Guest] = None

    def boot(self) -> None:
        """Start the guest, and return before it has booted."""
        self.host.show(UML_MODULES)
        self.host.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        self.host.write("/etc/neutron/neutron.conf", _NEUTRON_CONF)
        folder = Path(self.host.root, "run/guest")
        folder.mkdir()
        mount("tmpfs", str(folder), "tmpfs", f"mode=700,size={_MEMORY_MIB + 64}m")
        self._guest = Guest(folder, _MEMORY_MIB, userland=Userland(self.host.root, PYTHON, ()))

    def start_switch(self) -> None:
        """Start Open vSwitch as the distribution does."""
        assert self._guest
        self._guest.wait_until_booted()
        self.until(lambda: self._uptime_s() > EARLIEST_UPTIME_S, "the kernel to be old enough")
        script = "/usr/share/openvswitch/scripts/ovs-ctl"
        self.node.output([script, "start", f"--system-id={COMPUTE}"])

    def start_agent(self, extension: str) -> None:
        """Start the agent with the extension `qos` or `netem`."""
        conf = _AGENT_CONF.format(extension=extension, address=GUEST_ADDRESS)
        self.host.write("/etc/neutron/plugins/ml2/openvswitch_agent.ini", conf)
        self._agent = self._spawn(["sh", "-c", f"{unit.script(self.host, AGENT)} >{_OUTPUT} 2>&1"])

    def stop_agent(self) -> None:
        """Stop the agent as systemd does: TERM, and KILL after the unit's TimeoutStopSec."""
        self.node.run(["pkill", "-TERM", *_AGENTS_PROCESS])
        deadline_s = time.monotonic() + _STOP_TIMEOUT_S
        while self._agent_runs() and time.monotonic() < deadline_s:
            time.sleep(_POLL_EVERY_S)
        assert self._agent
        self._agent.kill()
        self.until(lambda: not self._agent_runs(), "the agent to end")

    def _agent_runs(self) -> bool:
        return self.node.run(["pgrep", *_AGENTS_PROCESS]).returncode == 0

    def plug(self, ports: List[dict], prefix_length: int) -> None:
        """Boot instances with these ports."""
        argv = ["env", f"PYTHONPATH={SOURCE}", PYTHON, "-m", "tests.releases.plug"]
        self.node.output([*argv, json.dumps(ports), str(prefix_length)])

    def shut_down(self) -> None:
        """End the guest."""
        if self._guest:
            self._guest.stop()

    def log(self, path: str = LOG) -> str:
        """Return the agent's log."""
        return self.node.run(["cat", path]).stdout

    def logs(self) -> str:
        """Return the last lines of all that the agent has written."""
        return "\n".join(self.log(path)[-4000:] for path in (_OUTPUT, LOG))

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Return once it holds; fail with the log when it takes too long."""
        deadline_s = time.monotonic() + _TIMEOUT_S
        while not condition():
            assert time.monotonic() < deadline_s, f"waited for {what}\n{self.logs()}"
            time.sleep(_POLL_EVERY_S)

    def _uptime_s(self) -> float:
        return float(self.node.output(["cat", "/proc/uptime"]).split()[0])

    def _spawn(self, argv: Sequence[str]) -> Remote:
        assert self._guest
        return Remote(self._guest.connect(), Command(argv, env=_ENVIRONMENT))
