# SPDX-License-Identifier: Apache-2.0
"""A real Open vSwitch, its database and its daemon; without a kernel it has dummy devices."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Iterator, List, Sequence

from neutron.agent.common import ovs_lib
from neutron.conf.plugins.ml2.drivers import ovs_conf
from neutron.plugins.ml2.drivers.openvswitch.agent import ovs_agent_extension_api
from neutron.plugins.ml2.drivers.openvswitch.agent.openflow import br_cookie
from oslo_config import cfg

from networking_netem.agent_ovs.driver import VHOST_USER, NetemQosDriver
from tests.contract.qos import PORT_ID, TAP

BRIDGE = "br-int"
VHOST = "vhu22222222-22"
ROW = "networking-netem"
"""The `external_ids` of our QoS row: they say who made it."""
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


DUMMY = ("--enable-dummy=override", "--disable-system")
"""Open vSwitch without a kernel."""


@contextlib.contextmanager
def running(options: Sequence[str] = DUMMY) -> Iterator[Path]:
    """Run it, with an empty integration bridge; yields the socket of its database."""
    # pytest's folder may be too long: the path of a socket has 107 characters at most.
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        socket, conf = folder / "db.sock", folder / "conf.db"
        subprocess.run(["ovsdb-tool", "create", str(conf), SCHEMA], check=True)
        for program, *arguments in (
            ["ovsdb-server", f"--remote=punix:{socket}", str(conf)],
            ["ovs-vswitchd", *options, f"unix:{socket}"],
        ):
            process = subprocess.Popen(
                [program, "-vconsole:off", "--pidfile", *arguments],
                env={**os.environ, "OVS_RUNDIR": name},
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        vsctl(socket, "--retry", "add-br", BRIDGE)
        yield socket


def vsctl(socket: Path, *arguments: str) -> str:
    """Run `ovs-vsctl`; it waits until the daemon has carried it out."""
    command = ["ovs-vsctl", "--timeout=30", f"--db=unix:{socket}", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Bridge(br_cookie.OVSBridgeCookieMixin, ovs_lib.OVSBridge):
    """The integration bridge without OpenFlow: no flows, no meters."""

    def add_flow(self, **_: Any) -> None:
        pass

    def uninstall_flows(self, **_: Any) -> None:
        pass

    def list_meter_features(self) -> List[Any]:
        return []


class Ovs:
    """Open vSwitch with a port and a vhost-user port, and the bridge that extensions get."""

    def __init__(self, socket: Path) -> None:
        ovs_conf.register_ovs_agent_opts(cfg.CONF)
        self.socket = socket
        self.vsctl("add-port", BRIDGE, TAP)
        self.vsctl("set", "Interface", TAP, f"external_ids:iface-id={PORT_ID}")
        self.vsctl("set", "Interface", TAP, 'external_ids:attached-mac="fa:16:3e:00:00:01"')
        # The dummy Open vSwitch cannot make such a device, but its database has the row.
        self.vsctl("--no-wait", "add-port", BRIDGE, VHOST)
        self.vsctl("--no-wait", "set", "Interface", VHOST, f"type={VHOST_USER[1]}")
        cfg.CONF.set_override("ovsdb_connection", f"unix:{socket}", "OVS")
        bridge = Bridge(BRIDGE)
        self.agent_api = ovs_agent_extension_api.OVSAgentExtensionAPI(bridge, None, {})
        self.bridge = self.agent_api.request_int_br()

    def driver(self) -> NetemQosDriver:
        """Our driver as `QosAgentExtension.initialize` leaves it."""
        driver = NetemQosDriver()
        driver.consume_api(self.agent_api)
        driver.initialize()
        return driver

    def vsctl(self, *arguments: str) -> str:
        return vsctl(self.socket, *arguments).strip()

    def owner(self, device: str) -> str:
        """The owner in the port's QoS row; empty where the port has no row."""
        row = self.vsctl("get", "Port", device, "qos")
        if row == "[]":
            return ""
        known = self.vsctl("--if-exists", "get", "QoS", row, "external_ids:owner")
        return known.strip('"') or "Neutron"

    def policing_kbps(self, device: str) -> int:
        return int(self.vsctl("get", "Interface", device, "ingress_policing_rate"))
