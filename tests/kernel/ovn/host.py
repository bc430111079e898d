# SPDX-License-Identifier: Apache-2.0
"""A chassis: OVN's databases and ovn-northd, Open vSwitch's database, and the agent as a process.

ovn-controller and ovs-vswitchd have no part in links; the lab on OVN has them.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from ovsdbapp.schema.ovn_northbound import impl_idl

from networking_netem.agent_ovn.replica import Table, connect
from networking_netem.domain import channel
from networking_netem.domain.link import Link
from networking_netem.domain.link_text import written
from tests.ovn import central
from tests.ovn.central import Central
from tests.support.waiting import wait_until

CHASSIS = "ch1"
SWITCH = "sw"
CONF = """
[ovn]
ovn_sb_connection = {sb}
[ovs]
ovsdb_connection = unix:{ovs}
ovsdb_connection_timeout = 10
[netem]
audit_interval_s = 1000
"""


class Host:
    """The processes of a chassis. Each can be killed and started again."""

    def __init__(self, ovn: Central, folder: Path) -> None:
        self.ovn = ovn
        self.folder = folder
        self.log = folder / "agent.log"
        self._sent = folder / "sent"
        self.agent: Optional[subprocess.Popen[bytes]] = None
        self._ovsdb: Optional[subprocess.Popen[bytes]] = None
        self._socket = folder / "ovs.sock"
        schema = "/usr/share/openvswitch/vswitch.ovsschema"
        self._run("ovsdb-tool", "create", str(folder / "ovs.db"), schema)
        self.start_ovsdb()
        self.vsctl("init")
        self.vsctl("set", "Open_vSwitch", ".", f"external_ids:system-id={CHASSIS}")
        self.vsctl("add-br", "br-int")
        ovn.ctl("nb", "ls-add", SWITCH)
        ovn.ctl("sb", "chassis-add", CHASSIS, "geneve", "127.0.0.1")
        self.add_private_row()
        (folder / "agent.conf").write_text(CONF.format(sb=ovn.remote("sb"), ovs=self._socket))

    def add_private_row(self) -> None:
        """Add the row of the chassis, as ovn-controller does when it starts."""
        self.ovn.ctl("sb", "create", "Chassis_Private", f"name={CHASSIS}")

    def private_row(self) -> Dict[str, Any]:
        (row,) = self.ovn.rows("sb", "Chassis_Private", f"name={CHASSIS}")
        return row

    def start_ovsdb(self) -> None:
        arguments = [f"--remote=punix:{self._socket}", str(self.folder / "ovs.db")]
        self._ovsdb = subprocess.Popen(
            ["ovsdb-server", "-vconsole:off", f"--pidfile={self.folder}/ovs.pid", *arguments],
            env={**os.environ, "OVS_RUNDIR": str(self.folder)},
        )
        wait_until(self._socket.exists)

    def kill_ovsdb(self) -> None:
        assert self._ovsdb
        self._ovsdb.kill()
        self._ovsdb.wait()
        self._socket.unlink()

    def start_agent(self) -> None:
        command = [sys.executable, "-m", "tests.kernel.ovn.counted_agent", str(self._sent)]
        with self.log.open("a") as log:
            self.agent = subprocess.Popen(
                [*command, "--config-file", str(self.folder / "agent.conf")],
                stdout=log,
                stderr=log,
            )

    def messages(self) -> int:
        """How many messages the agent has sent to the kernel, all its lives together."""
        return self._sent.stat().st_size

    def kill_agent(self) -> None:
        assert self.agent
        self.agent.kill()
        self.agent.wait()

    def close(self) -> None:
        for process in (self.agent, self._ovsdb):
            if process:
                process.kill()
                process.wait()

    def vsctl(self, *arguments: str) -> str:
        """Run `ovs-vsctl` without waiting for ovs-vswitchd, which does not run."""
        where = [f"--db=unix:{self._socket}", "--timeout=30", "--no-wait"]
        return self._run("ovs-vsctl", *where, *arguments)

    def plug(self, device: str, port_id: str) -> None:
        """Put a device on the integration bridge as Nova does."""
        add = ["--may-exist", "add-port", "br-int", device]
        self.vsctl(*add, "--", "set", "Interface", device, f"external_ids:iface-id={port_id}")

    def unplug(self, device: str) -> None:
        self.vsctl("del-port", "br-int", device)

    def add_port(self, port_id: str, link: Link = Link.CLEAN) -> None:
        """Add a port as Neutron does."""
        self.ovn.ctl("nb", "lsp-add", SWITCH, port_id)
        if link != Link.CLEAN:
            self.set_text(port_id, written(link))

    def set_text(self, port_id: str, text: str) -> None:
        """Set the text of a port's link."""
        setting = f'external_ids:"netem:link"={json.dumps(text)}'
        self.ovn.ctl("nb", "set", "Logical_Switch_Port", port_id, setting)

    def remove_text(self, port_id: str) -> None:
        row = ["Logical_Switch_Port", port_id]
        self.ovn.ctl("nb", "remove", *row, "external_ids", '"netem:link"')

    @staticmethod
    def _run(*command: str) -> str:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Northbound:
    """A client that writes many texts in little time, each in a transaction of its own."""

    def __init__(self, remote: str) -> None:
        columns = {"Logical_Switch_Port": Table(("name", "external_ids"))}
        self._connection = connect(remote, "OVN_Northbound", columns, {}, 30)
        self._api = _Api(self._connection)

    def set_text(self, port_id: str, text: str) -> None:
        """Set the text of a port's link."""
        keys = ("external_ids", {channel.LINK: text})
        self._api.db_set("Logical_Switch_Port", port_id, keys).execute(check_error=True)

    def close(self) -> None:
        self._connection.stop()


class _Api(impl_idl.OvnNbApiIdlImpl):
    ovsdb_connection = None


@contextlib.contextmanager
def running() -> Iterator[Host]:
    """Run a chassis in the network namespace of the calling thread."""
    with central.running() as ovn:
        host = Host(ovn, ovn.folder)
        try:
            yield host
        finally:
            host.close()
