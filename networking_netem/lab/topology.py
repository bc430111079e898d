# SPDX-License-Identifier: Apache-2.0
"""The network that the instances share, as Neutron knows it."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
import uuid
from typing import Any, List

from networking_netem.lab.instance import Instance
from networking_netem.lab.neutron import API_PORT

NAMES = ("vm1", "vm2")
DEVICE_OWNER = "compute:nova"
_API = f"http://127.0.0.1:{API_PORT}/v2.0"
_CIDR = "10.0.0.0/24"
_ADDRESSES = ("10.0.0.11", "10.0.0.12")


def api_answers() -> bool:
    """True once Neutron serves requests."""
    try:
        _call("GET", "/")
    except urllib.error.URLError:
        return False
    return True


def agent_is_alive() -> bool:
    """True once the Open vSwitch agent has reported: before that no port can be bound."""
    return any(agent["alive"] for agent in _call("GET", "/agents")["agents"])


def create() -> List[Instance]:
    """A local network, a subnet and a port bound to this node for each instance."""
    network = _create("network", name="lab", mtu=1500)
    subnet = _create(
        "subnet", network_id=network["id"], ip_version=4, cidr=_CIDR, enable_dhcp=False
    )
    return [
        Instance(
            name,
            _create(
                "port",
                name=name,
                network_id=network["id"],
                fixed_ips=[{"subnet_id": subnet["id"], "ip_address": address}],
                device_owner=DEVICE_OWNER,
                device_id=str(uuid.uuid4()),
                **{"binding:host_id": socket.gethostname()},
            ),
            prefix_length=int(_CIDR.split("/")[1]),
        )
        for name, address in zip(NAMES, _ADDRESSES)
    ]


def ports_are_active() -> bool:
    """True once the agent has wired every port."""
    return all(port["status"] == "ACTIVE" for port in _call("GET", "/ports?fields=status")["ports"])


def _create(resource: str, **attributes: Any) -> dict:
    return _call("POST", f"/{resource}s", {resource: attributes})[resource]


def _call(method: str, path: str, body: Any = None) -> dict:
    request = urllib.request.Request(
        _API + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)
