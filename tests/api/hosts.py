# SPDX-License-Identifier: Apache-2.0
"""Rows of hosts and agents in the database, so that the server binds ports without a real agent."""

from __future__ import annotations

import datetime
import json
import sqlite3
import uuid
from pathlib import Path

OVS, SRIOV = "Open vSwitch agent", "NIC Switch agent"

KERNEL = {"datapath_type": "system"}
USERSPACE = {"datapath_type": "netdev", "ovs_capabilities": {"iface_types": ["tap"]}}
VHOST_USER = {
    "datapath_type": "netdev",
    "vhostuser_socket_dir": "/run/openvswitch",
    "ovs_capabilities": {"iface_types": ["dpdkvhostuserclient"]},
}
VIRTUAL_FUNCTIONS = {"device_mappings": {"physical": ["eth1"]}}


def add(database: Path, host: str, agent_type: str, configuration: dict) -> None:
    """Add an agent of `host` that is alive from now on."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None).isoformat(" ")
    row = {
        "id": str(uuid.uuid4()),
        "agent_type": agent_type,
        "binary": "tests",
        "topic": "N/A",
        "host": host,
        "admin_state_up": True,
        "created_at": now,
        "started_at": now,
        "heartbeat_timestamp": now,
        "configurations": json.dumps({"bridge_mappings": {"physical": "br"}, **configuration}),
        "load": 0,
    }
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    with sqlite3.connect(str(database), timeout=10) as connection:
        connection.execute(f"INSERT INTO agents ({names}) VALUES ({marks})", list(row.values()))
    connection.close()
