# SPDX-License-Identifier: Apache-2.0
"""The network of the instances, made through Neutron's API."""

from __future__ import annotations

import itertools
import uuid
from typing import Any, Collection, Dict, Iterable, List

from netem_lab.neutron_api import NeutronClient
from netem_lab.node.instance import Instance

DEVICE_OWNER = "compute:nova"
_CIDR = "10.0.0.0/24"
_ADDRESSES = {"vm1": "10.0.0.11", "vm2": "10.0.0.12"}
NAMES = tuple(_ADDRESSES)


class Topology:
    """The lab's network, subnet and ports, made and listed by `neutron`."""

    def __init__(self, neutron: NeutronClient) -> None:
        self._neutron = neutron

    def agents_are_alive(self, types: Collection[str], hosts: Iterable[str] = ()) -> bool:
        """True once an agent of each type has reported, on each of the hosts that are named.

        No port can have a link before.
        """
        agents = self._neutron.get("agents")["agents"]
        alive = {(agent["agent_type"], agent["host"]) for agent in agents if agent["alive"]}
        on_hosts = set(itertools.product(types, hosts)) <= alive
        return on_hosts and set(types) <= {agent_type for agent_type, _ in alive}

    def ports(self) -> List[Dict[str, Any]]:
        """The instances' ports."""
        ports = self._neutron.get(f"ports?device_owner={DEVICE_OWNER}")["ports"]
        return sorted(ports, key=lambda port: port["name"])

    def create_subnet(self) -> Dict[str, Any]:
        """Create a network with one subnet, and return the subnet."""
        network = self._create("network", name="lab")
        return self._create(
            "subnet", network_id=network["id"], ip_version=4, cidr=_CIDR, enable_dhcp=False
        )

    def instances(self) -> List[Instance]:
        """The instances that have ports."""
        return [_instance(port) for port in self.ports()]

    def create_instance(self, name: str, subnet: Dict[str, Any], host: str) -> Instance:
        """Create a port bound to the node `host`, whose agent must be alive."""
        port = self._create(
            "port",
            name=name,
            network_id=subnet["network_id"],
            fixed_ips=[{"subnet_id": subnet["id"], "ip_address": _ADDRESSES[name]}],
            device_owner=DEVICE_OWNER,
            device_id=str(uuid.uuid4()),
            **{"binding:host_id": host},
        )
        return _instance(port)

    def _create(self, resource: str, **attributes: Any) -> Dict[str, Any]:
        return self._neutron.post(f"{resource}s", {resource: attributes})


def _instance(port: Dict[str, Any]) -> Instance:
    return Instance(port, prefix_length=int(_CIDR.split("/")[1]))
