# SPDX-License-Identifier: Apache-2.0
"""An instance is a network namespace: eth0 inside, its tap on the integration bridge."""

from __future__ import annotations

import socket
import subprocess
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Sequence

from netem_lab.node import ovs

_HOST = "binding:host_id"


@dataclass(frozen=True)
class Instance:
    """One instance: Neutron's port, as its API shows it, and the prefix length of the subnet."""

    port: Dict[str, Any]
    prefix_length: int

    @property
    def name(self) -> str:
        """The name of its port and of its namespace."""
        return self.port["name"]

    @property
    def tap(self) -> str:
        """The name of its interface on the node's side, which Nova makes from the port's id."""
        return f"tap{self.port['id'][:11]}"

    @property
    def address(self) -> str:
        """Its fixed IP address."""
        return self.port["fixed_ips"][0]["ip_address"]

    def boot(self, peers: Iterable[Instance]) -> None:
        """Make the namespace and plug it; it has its peers' MACs and sends no ARP requests."""
        mac = self.port["mac_address"]
        _ip(
            f"netns add {self.name}",
            f"link add {self.tap} mtu {_MTU} type veth"
            f" peer name eth0 address {mac} mtu {_MTU} netns {self.name}",
        )
        # Done before eth0 is up, so that no router solicitation and no duplicate address detection
        # is sent.
        command = ["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"]
        for prefix in ([], ["ip", "netns", "exec", self.name]):
            subprocess.run([*prefix, *command], check=True)
        _ip(
            "link set lo up",
            f"address add {self.address}/{self.prefix_length} dev eth0",
            "link set eth0 up",
            *(
                f"neighbour replace {peer.address} lladdr {peer.port['mac_address']}"
                " dev eth0 nud permanent"
                for peer in peers
            ),
            netns=self.name,
        )
        ovs.plug(self.tap, self.port)
        _ip(f"link set {self.tap} up")

    def reaches(self, peer: Instance) -> bool:
        """True if one ping to the peer is answered within a second."""
        command = ["ip", "netns", "exec", self.name, "ping", "-c1", "-W1", "-q", peer.address]
        return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0


def boot_here(instances: Sequence[Instance]) -> List[Instance]:
    """Boot those that Neutron has bound to this node, and return them."""
    here = [each for each in instances if each.port[_HOST] == socket.gethostname()]
    for instance in here:
        instance.boot(peers=[peer for peer in instances if peer is not instance])
    return here


# The MTU that Neutron gives to instances on a local network.
_MTU = 1500


def _ip(*commands: str, netns: str = "") -> None:
    prefix = ["ip", "-netns", netns] if netns else ["ip"]
    subprocess.run([*prefix, "-batch", "-"], input="\n".join(commands), text=True, check=True)
