# SPDX-License-Identifier: Apache-2.0
"""What the northbound database says of a port: its link, and what OVN itself imposes."""

from __future__ import annotations

import json
from typing import Any, Dict

from tests.ovn.central import Central

KEY = "netem:link"
_DIRECTIONS = {"from-lport": "egress", "to-lport": "ingress"}
_PORTS = {"from-lport": "inport", "to-lport": "outport"}


def link(ovn: Central, port: Dict[str, Any]) -> Any:
    """The link in the port's row; None without one."""
    (row,) = ovn.rows("nb", "Logical_Switch_Port", f"name={port['id']}")
    text = row["external_ids"].get(KEY)
    return json.loads(text) if text else None


def meters(ovn: Central, port: Dict[str, Any]) -> Dict[str, Dict[str, int]]:
    """What the rows of the table QoS impose on the port, by direction."""
    imposed = {}
    for row in ovn.rows("nb", "QoS"):
        if row["match"] == f'{_PORTS[row["direction"]]} == "{port["id"]}"':
            imposed[_DIRECTIONS[row["direction"]]] = {**row["bandwidth"], **row["action"]}
    return imposed
