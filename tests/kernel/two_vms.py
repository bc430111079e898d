# SPDX-License-Identifier: Apache-2.0
"""Two network namespaces that play VMs on a bridge, and a node that runs the probe in them."""

from __future__ import annotations

import subprocess
from typing import Iterator, Sequence

from netem_lab.guest.runner import Runner
from netem_lab.probe.endpoint import inside
from netem_lab.probe.prober import Prober
from netem_lab.verdict.sampling import Pair
from tests.kernel.conftest import ALL_NO_IPV6, ip_batch

PAIR = Pair("one", "other")
ADDRESSES = {PAIR.first: "10.0.0.1", PAIR.second: "10.0.0.2"}
TAP = "tapone"
"""The host's end of the first VM's link."""


class Process:
    """A local process with the interface of `Remote`."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.kill = self._process.kill
        self.stderr = ""

    def __iter__(self) -> Iterator[str]:
        assert self._process.stdout
        return iter(self._process.stdout)

    def wait(self) -> int:
        _, self.stderr = self._process.communicate()
        return self._process.returncode


PROBER = Prober(Runner(Process), lambda what, done: None)


def make(mtu_bytes: int = 1500) -> None:
    """Make the bridge and the VMs `one` and `other`; only packets of the test pass between them."""
    ip_batch("link add br0 type bridge", "link set br0 up")
    for number, vm in enumerate((PAIR.first, PAIR.second), start=1):
        ip_batch(
            f"netns add {vm}",
            f"link add tap{vm} type veth peer name eth0 netns {vm}",
            f"link set tap{vm} mtu {mtu_bytes} master br0 up",
        )
        with inside(vm):
            ALL_NO_IPV6.write_text("1")
            ip_batch(
                f"addr add 10.0.0.{number}/24 dev eth0",
                f"link set eth0 address 02:00:00:00:00:0{number}",
                f"link set eth0 mtu {mtu_bytes} up",
                f"neigh replace 10.0.0.{3 - number} dev eth0 nud permanent"
                f" lladdr 02:00:00:00:00:0{3 - number}",
            )


def unmake() -> None:
    """Remove the VMs and the bridge."""
    ip_batch(*(f"netns del {vm}" for vm in (PAIR.first, PAIR.second)))
