# SPDX-License-Identifier: Apache-2.0
"""OVN's southbound database, as one chassis needs it: the links of its ports, and its own row."""

from __future__ import annotations

import random
from typing import Any, Callable, Collection, Dict, List, Optional

from ovs.stream import Stream
from ovsdbapp.backend.ovs_idl import command
from ovsdbapp.schema.ovn_southbound import impl_idl

from networking_netem.agent_ovn.replica import Replica, Table, condition, connect
from networking_netem.domain import channel

SCHEMA = "OVN_Southbound"
MOST_SPREAD_S = 5.0
"""All agents of a cloud are asked at once whether they live, and answer within this."""


def use_tls(private_key: str, certificate: str, ca_certificate: str) -> None:
    """Have connections of this process whose remotes begin with `ssl:` use these files."""
    Stream.ssl_set_private_key_file(private_key)
    Stream.ssl_set_certificate_file(certificate)
    Stream.ssl_set_ca_cert_file(ca_certificate)


class Southbound:
    """Asks for rows of this chassis and its ports only, so it costs what they cost.

    ``told`` is called with a port and the text of its link, ``missing`` with a port that is gone,
    ``asked`` where the chassis' row lacks an answer.
    """

    def __init__(
        self,
        remote: str,
        chassis: str,
        told: Callable[[str, str], None],
        missing: Callable[[str], None],
        asked: Callable[[], None],
        timeout_s: float,
    ) -> None:
        self._asked = asked
        self._own_row: Optional[Any] = None
        self._seen: Optional[int] = None
        self._port_ids: Collection[str] = ()
        tables = {
            "Port_Binding": Table(
                ("logical_port", "external_ids"),
                has=lambda row: told(row.logical_port, row.external_ids.get(channel.LINK, "")),
                lost=lambda row: missing(row.logical_port),
            ),
            "Chassis_Private": Table(
                ("name", "external_ids"), has=self._has_own_row, lost=self._lost_own_row
            ),
            "SB_Global": Table(("nb_cfg",), has=self._has_nb_cfg),
        }
        conditions = {
            "Port_Binding": condition("logical_port", ()),
            "Chassis_Private": condition("name", (chassis,)),
        }
        self.connection = connect(remote, SCHEMA, tables, conditions, timeout_s)
        self._api = _Api(self.connection)

    def watch(self, port_ids: Collection[str]) -> None:
        """Ask for the rows of these ports from now on, and of no others."""
        if port_ids == self._port_ids:
            return
        self._port_ids = frozenset(port_ids)
        with self.connection.lock:
            self._replica.cond_change(
                "Port_Binding", condition("logical_port", sorted(self._port_ids))
            )
        # Its thread may be asleep, and python-ovs sends the condition from there.
        self.connection.txns.put(None)

    def absent(self, port_ids: Collection[str]) -> List[str]:
        """Those of the ports that the database does not have; none while that is not known."""
        with self.connection.lock:
            if not self._replica.is_current:
                return []
            rows = self._replica.tables["Port_Binding"].rows.values()
            found = {row.logical_port for row in rows}
        return [port_id for port_id in port_ids if port_id not in found]

    def answer(self, agent_id: str) -> None:
        """Write into the chassis' row that this agent serves links, and lives."""
        with self.connection.lock:
            row, seen = self._own_row, self._seen
        if row is not None:
            keys = {channel.AGENT_ID: agent_id, channel.AGENT_SEEN: str(seen or 0)}
            _SetKeys(self._api, row.uuid, keys).execute(check_error=True)

    @staticmethod
    def spread_s() -> float:
        """After how many seconds to answer."""
        return random.uniform(0, MOST_SPREAD_S)

    @property
    def _replica(self) -> Replica:
        replica: Replica = self.connection.idl
        return replica

    def _has_own_row(self, row: Any) -> None:
        self._own_row = row
        if row.external_ids.get(channel.AGENT_SEEN) != str(self._seen or 0):
            self._asked()

    def _lost_own_row(self, row: Any) -> None:
        self._own_row = None

    def _has_nb_cfg(self, row: Any) -> None:
        if row.nb_cfg != self._seen:
            self._seen = row.nb_cfg
            self._asked()


class _Api(impl_idl.OvnSbApiIdlImpl):
    """ovsdbapp's, which keeps one connection for all objects of the class (1.6 to 3.0)."""

    ovsdb_connection = None


class _SetKeys(command.BaseCommand):
    """Sets keys in `external_ids` of the row of a chassis, and none that others have there."""

    def __init__(self, api: Any, uuid: Any, keys: Dict[str, str]) -> None:
        super().__init__(api)
        self._uuid = uuid
        self._keys = keys

    def run_idl(self, txn: Any) -> None:
        row = self.api.tables["Chassis_Private"].rows.get(self._uuid)
        if row is not None:
            for key, value in self._keys.items():
                row.setkey("external_ids", key, value)
