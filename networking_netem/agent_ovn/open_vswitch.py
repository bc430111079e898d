# SPDX-License-Identifier: Apache-2.0
"""The Open vSwitch of a chassis: which devices carry which ports, and what hinders their links."""

from __future__ import annotations

from typing import Callable, Dict, List

from ovsdbapp.schema.open_vswitch import impl_idl

from networking_netem.agent_ovn.replica import Table, connect

SCHEMA = "Open_vSwitch"
_PORT_ID = "iface-id"
"""In `external_ids` of Interface: the OVN port that the device carries (ovn-controller(8))."""

# What its commands need of these tables. Interface has statistics too, which change all the time.
_COLUMNS: Dict[str, List[str]] = {
    "Open_vSwitch": ["external_ids", "other_config", "cur_cfg", "next_cfg"],
    "Interface": ["name", "external_ids", "ingress_policing_rate", "ingress_policing_burst"],
    "Port": ["name", "qos"],
    "QoS": ["type", "external_ids", "queues"],
}


class OpenVSwitch:
    """What ``agent.switch.Switch`` asks of an integration bridge, from the database itself.

    ``plug`` is called with the name of each device and the port that it carries; with an empty one
    where it carries none.
    """

    def __init__(self, remote: str, plug: Callable[[str, str], None], timeout_s: float) -> None:
        tables = {name: Table(columns) for name, columns in _COLUMNS.items()}
        tables["Interface"] = Table(
            _COLUMNS["Interface"],
            has=lambda row: plug(row.name, row.external_ids.get(_PORT_ID, "")),
            lost=lambda row: plug(row.name, ""),
        )
        self.connection = connect(remote, SCHEMA, tables, {}, timeout_s)
        self.ovsdb = impl_idl.OvsdbIdl(self.connection)

    def chassis(self) -> str:
        """The name of this chassis; empty before it has one."""
        found = self.ovsdb.db_get(SCHEMA, ".", "external_ids").execute(check_error=True)
        return str(found.get("system-id", ""))

    def port_exists(self, device: str) -> bool:
        """Whether Open vSwitch has a port of this name."""
        find = self.ovsdb.db_find("Port", ("name", "=", device), columns=["name"])
        return bool(find.execute(check_error=True))

    def delete_egress_bw_limit_for_port(self, device: str) -> None:
        """Take policing off what the device receives, which is what its instance sends."""
        none = (("ingress_policing_rate", 0), ("ingress_policing_burst", 0))
        self.ovsdb.db_set("Interface", device, *none).execute(check_error=True)

    def delete_ingress_bw_limit_for_port(self, device: str) -> None:
        """Take the QoS row off a port. Neutron's own agent deletes the row when it is not used."""
        self.ovsdb.db_clear("Port", device, "qos").execute(check_error=True)
