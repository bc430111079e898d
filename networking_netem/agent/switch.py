# SPDX-License-Identifier: Apache-2.0
"""Keeps Open vSwitch from changing the qdiscs of our ports (2.15 to 3.1).

When ovs-vswitchd starts, it deletes a root qdisc that it does not know, except on a port whose QoS
row has the type linux-noop. Its ingress policing adds a qdisc that excludes clsact.
"""

from __future__ import annotations

from typing import Any, List

OWNER = "networking-netem"
"""What `external_ids:owner` of our QoS row says."""

_OURS = {"owner": OWNER}
_NOOP = "linux-noop"


class Switch:
    """The QoS rows that say which ports of the integration bridge have qdiscs of ours."""

    def __init__(self, bridge: Any) -> None:
        self._bridge = bridge
        self._ovsdb = bridge.ovsdb

    def claim(self, device: str) -> bool:
        """Make Open vSwitch leave the qdiscs of a port alone; True if that changed anything."""
        if not self._bridge.port_exists(device):
            return False
        policing = self._ovsdb.db_get("Interface", device, "ingress_policing_rate")
        is_policed = bool(policing.execute(check_error=True))
        if is_policed:
            self._bridge.delete_egress_bw_limit_for_port(device)
        row = self._row()
        if self._current(device) == [row]:
            return is_policed
        self._bridge.delete_ingress_bw_limit_for_port(device)
        self._ovsdb.db_set("Port", device, ("qos", row)).execute(check_error=True)
        return True

    def release(self, device: str) -> None:
        """Give the qdiscs of a port back to Open vSwitch."""
        if self._bridge.port_exists(device) and self._current(device) == self._rows():
            self._ovsdb.db_clear("Port", device, "qos").execute(check_error=True)

    def _current(self, device: str) -> List[Any]:
        value = self._ovsdb.db_get("Port", device, "qos").execute(check_error=True)
        return value if isinstance(value, list) else [value]

    def _row(self) -> Any:
        """The one row that all our ports share."""
        rows = self._rows()
        if rows:
            return rows[0]
        create = self._ovsdb.db_create("QoS", type=_NOOP, external_ids=_OURS)
        return create.execute(check_error=True)

    def _rows(self) -> List[Any]:
        find = self._ovsdb.db_find(
            "QoS", ("external_ids", "=", _OURS), ("type", "=", _NOOP), columns=["_uuid"]
        )
        return [row["_uuid"] for row in find.execute(check_error=True)]
