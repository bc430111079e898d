# SPDX-License-Identifier: Apache-2.0
"""Has Open vSwitch's own limits give way to links (2.15 to 3.1).

When ovs-vswitchd starts, it deletes a root qdisc that it does not know, except on a port whose QoS
row has the type linux-noop. Its ingress policing adds a qdisc that excludes clsact. With hardware
offload it has such a qdisc on each port; then a link's ingress is at the root.
"""

from __future__ import annotations

from typing import Any, Collection, List, Optional

from ovsdbapp.backend.ovs_idl import command, idlutils

OWNER = "networking-netem"
"""What `external_ids:owner` of our QoS row says."""

_OURS = {"owner": OWNER}
_NOOP = "linux-noop"
_NEUTRONS_TYPE = "linux-htb"


class Switch:
    """The integration bridge, and the QoS row that keeps Open vSwitch off its ports' roots."""

    def __init__(self, bridge: Any) -> None:
        self._bridge = bridge
        self._ovsdb = bridge.ovsdb

    def claim(self, device: str, has_root: bool) -> bool:
        """Take Neutron's policing and HTB off a port; True when there were any.

        Where ``has_root``, Open vSwitch leaves the port's root qdisc alone from now on.
        """
        if not self._bridge.port_exists(device):
            return False
        policing = self._ovsdb.db_get("Interface", device, "ingress_policing_rate")
        is_policed = bool(policing.execute(check_error=True))
        if is_policed:
            self._bridge.delete_egress_bw_limit_for_port(device)
        return self._claim_root(device, has_root) or is_policed

    def release(self, device: str) -> None:
        """Leave the root qdisc of a port to Open vSwitch."""
        for row in self._rows() if self._bridge.port_exists(device) else ():
            _Exchange(self._ovsdb, device, row, None).execute(check_error=True)

    def kept_roots(self) -> Collection[str]:
        """The ports whose root qdiscs Open vSwitch leaves alone because of our row."""
        kept: List[str] = []
        for row in self._rows():
            find = self._ovsdb.db_find("Port", ("qos", "=", row), columns=["name"])
            kept += [port["name"] for port in find.execute(check_error=True)]
        return kept

    def uses_hooks(self) -> bool:
        """Whether Open vSwitch offloads flows: to filters of its own on the hooks of its ports."""
        options = self._ovsdb.db_get("Open_vSwitch", ".", "other_config").execute(check_error=True)
        return str(options.get("hw-offload", "")).lower() == "true"

    def _claim_root(self, device: str, has_root: bool) -> bool:
        current = self._current(device)
        is_limited = current is not None and self._is_neutrons(current)
        if is_limited:
            self._bridge.delete_ingress_bw_limit_for_port(device)
        if has_root and (current is None or is_limited):
            _Exchange(self._ovsdb, device, None, self._row()).execute(check_error=True)
        return is_limited

    def _is_neutrons(self, row: Any) -> bool:
        """Whether a QoS row is one that Neutron makes for a limit (17 to 29)."""
        find = self._ovsdb.db_find(
            "QoS", ("type", "=", _NEUTRONS_TYPE), columns=["_uuid", "external_ids"]
        )
        found = find.execute(check_error=True)
        return any(each["_uuid"] == row and "id" in each["external_ids"] for each in found)

    def _current(self, device: str) -> Any:
        """The QoS row of a port; None where it has none."""
        value = self._ovsdb.db_get("Port", device, "qos").execute(check_error=True)
        return value or None

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


class _Exchange(command.BaseCommand):
    """Gives a port another QoS row if it has the one that is named; None is no row.

    Others write the same column. Where the database has changed since this process last heard of
    it, the transaction is refused, and ovsdbapp tries it anew on what is there by then.
    """

    def __init__(self, api: Any, device: str, before: Optional[Any], after: Optional[Any]) -> None:
        super().__init__(api)
        self._device, self._before, self._after = device, before, after

    def run_idl(self, txn: Any) -> None:
        port = idlutils.row_by_value(self.api.idl, "Port", "name", self._device, None)
        if port is None:
            return
        port.verify("qos")
        if [row.uuid for row in port.qos] == _listed(self._before):
            port.qos = _listed(self._after)


def _listed(row: Optional[Any]) -> List[Any]:
    return [] if row is None else [row]
