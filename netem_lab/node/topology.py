# SPDX-License-Identifier: Apache-2.0
"""The network that the instances share, as Neutron knows it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import Any, List

from netem_lab.node.instance import Instance

DEVICE_OWNER = "compute:nova"
_CIDR = "10.0.0.0/24"
_ADDRESSES = {"vm1": "10.0.0.11", "vm2": "10.0.0.12"}
NAMES = tuple(_ADDRESSES)


class Api:
    """Neutron's API at `url`."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/v2.0"

    def answers(self) -> bool:
        """True once it serves requests."""
        try:
            self._call("GET", "/")
        except (urllib.error.URLError, OSError):
            return False
        return True

    def agent_is_alive(self) -> bool:
        """True once the Open vSwitch agent has reported: before that no port can be bound."""
        return any(agent["alive"] for agent in self._call("GET", "/agents")["agents"])

    def ports(self) -> List[dict]:
        """The instances' ports."""
        ports = self._call("GET", f"/ports?device_owner={DEVICE_OWNER}")["ports"]
        return sorted(ports, key=lambda port: port["name"])

    def create_subnet(self) -> dict:
        """The one subnet of a new local network."""
        network = self._create("network", name="lab")
        return self._create(
            "subnet", network_id=network["id"], ip_version=4, cidr=_CIDR, enable_dhcp=False
        )

    def create_instance(self, name: str, subnet: dict, host: str) -> Instance:
        """A port bound to the node `host`; needs a living agent."""
        port = self._create(
            "port",
            name=name,
            network_id=subnet["network_id"],
            fixed_ips=[{"subnet_id": subnet["id"], "ip_address": _ADDRESSES[name]}],
            device_owner=DEVICE_OWNER,
            device_id=str(uuid.uuid4()),
            **{"binding:host_id": host},
        )
        return Instance(port, prefix_length=int(subnet["cidr"].split("/")[1]))

    def _create(self, resource: str, **attributes: Any) -> dict:
        return self._call("POST", f"/{resource}s", {resource: attributes})[resource]

    def _call(self, method: str, path: str, body: Any = None) -> dict:
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
