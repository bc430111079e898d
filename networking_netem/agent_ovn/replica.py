# SPDX-License-Identifier: Apache-2.0
"""A copy of some tables of an OVSDB database, and the news of their rows."""

from __future__ import annotations

import logging
import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

from ovs.db import idl
from ovsdbapp.backend.ovs_idl import connection, idlutils

LOG = logging.getLogger(__name__)

RETRY_S = 1.0
PROBE_INTERVAL_MS = 60_000
"""As Neutron's own (`[ovn] ovsdb_probe_interval`)."""


class Table(NamedTuple):
    """Columns of a table, and what is done with a row: one that comes or changes, one that goes.

    Both are called in the replica's thread, and raise nothing.
    """

    columns: Sequence[str]
    has: Callable[[Any], None] = lambda row: None
    lost: Callable[[Any], None] = lambda row: None


class Replica(idl.Idl):
    """The client's side of a connection; ``connection`` and ``lock`` are ovsdbapp's.

    Each row that goes is told of, also one that went while the connection was away: python-ovs
    forgets those without a word (2.13 to 4.0, Idl.__clear).
    """

    def __init__(self, remote: str, helper: Any, tables: Mapping[str, Table]) -> None:
        super().__init__(remote, helper, probe_interval=PROBE_INTERVAL_MS, leader_only=False)
        self._watched = tables
        self._known: Dict[str, Dict[Any, Any]] = {name: {} for name in tables}

    def notify(self, event: str, row: Any, updates: Any = None) -> None:
        """Called by python-ovs, in the thread of the connection, for each row."""
        name = row._table.name
        # python-ovs up to 3.5 tells of the server's list of its databases too.
        if row._table is not self.tables.get(name):
            return
        if event == idl.ROW_DELETE:
            self._known[name].pop(row.uuid, None)
            self._watched[name].lost(row)
        else:
            self._known[name][row.uuid] = row
            self._watched[name].has(row)

    def run(self) -> bool:
        """Called by ovsdbapp whenever there is something to read."""
        changed: bool = super().run()
        for name, known in self._known.items():
            rows = self.tables[name].rows
            # What comes is always told, so only a row too many can be wrong.
            if len(known) > len(rows):
                for uuid in known.keys() - set(rows.keys()):
                    self._watched[name].lost(known.pop(uuid))
        return changed

    @property
    def is_current(self) -> bool:
        """Whether the copy has all rows that are asked for now."""
        if not self._is_monitoring or not self._session.is_connected():
            return False
        # python-ovs up to 2.16 does not say when the server has taken a condition.
        states = [getattr(self.tables[name], "condition_state", None) for name in self._watched]
        return all(s is None or (s.new is None and s.requested is None) for s in states)

    @property
    def _is_monitoring(self) -> bool:
        """Whether the server has sent all rows since the connection was made."""
        if hasattr(self, "IDL_S_MONITORING"):
            return bool(self.state == self.IDL_S_MONITORING)
        # python-ovs 2.15 stays in the state of its request, and forgets the request.
        requested = (self.IDL_S_DATA_MONITOR_REQUESTED, self.IDL_S_DATA_MONITOR_COND_REQUESTED)
        return self.state in requested and self._monitor_request_id is None


def connect(
    remote: str,
    schema: str,
    tables: Mapping[str, Table],
    conditions: Mapping[str, Sequence[Any]],
    timeout_s: float,
) -> Any:
    """Connect, however long that takes, and return ovsdbapp's connection with its ``idl``.

    ``conditions`` say which rows of a table are asked for; all, where there is none for it.
    """
    complaint = ""
    while True:
        replica = None
        try:
            helper = idlutils.get_schema_helper(remote, schema)
            for name, table in tables.items():
                helper.register_columns(name, list(table.columns))
            replica = Replica(remote, helper, tables)
            for name, asked in conditions.items():
                replica.cond_change(name, asked)
            connected = connection.Connection(replica, timeout_s)
            connected.start()
            return connected
        except Exception as error:
            # Not its text: some of ovsdbapp's errors raise when they are asked for it (3.0).
            said = " ".join(map(str, error.args)) or type(error).__name__
            if said != complaint:
                complaint = said
                LOG.error("%s at %s cannot be reached, trying on: %s", schema, remote, said)
            if replica:
                replica.close()
            time.sleep(RETRY_S)


def condition(column: str, values: Sequence[str]) -> List[Any]:
    """Rows whose column has one of the values; no row without any."""
    return [[column, "==", value] for value in values] or [False]
