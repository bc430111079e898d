# SPDX-License-Identifier: Apache-2.0
"""The command that writes a port's link into its row of OVN's northbound database."""

from __future__ import annotations

import uuid
from typing import Any, Union

from ovsdbapp.backend.ovs_idl import command, idlutils

from networking_netem.domain import channel
from networking_netem.server.ovn import stock

TABLE = "Logical_Switch_Port"


class SetLink(command.BaseCommand):
    """Sets or removes the key of one port; it changes nothing where the row says the same.

    ``port`` is the port's id, or the command of the same transaction that makes its row. A port
    whose row is gone is passed over: its row goes earlier in the transaction that deletes it.
    """

    def __init__(self, api: Any, port: Union[str, command.BaseCommand], text: str) -> None:
        super().__init__(api)
        self._port = port
        self._text = text

    def run_idl(self, txn: Any) -> None:
        row = self._row()
        if row is None or row.external_ids.get(channel.LINK, "") == self._text:
            return
        # A change of one key: a whole column from an old copy would undo what others wrote.
        if self._text:
            row.setkey("external_ids", channel.LINK, self._text)
        else:
            row.delkey("external_ids", channel.LINK)

    def _row(self) -> Any:
        if isinstance(self._port, command.BaseCommand):
            made = self._port.result
            return self.api.tables[TABLE].rows.get(made) if isinstance(made, uuid.UUID) else made
        row = self.api.lookup(TABLE, self._port, None)
        if row is None and "lsp" not in stock.ARGUMENTS:
            # 17 does not pass the command, and the index lacks rows of the running transaction.
            row = idlutils.row_by_value(self.api.idl, TABLE, "name", self._port, None)
        return row
