# SPDX-License-Identifier: Apache-2.0
"""Open vSwitch with the kernel's datapath, in the guest."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, List

RUN = Path("/run/openvswitch")
BRIDGE = "br-int"
_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
# If Open vSwitch 3.1 is started earlier after the boot of the kernel, it has no handler threads and
# loses every packet for ever (measured on User-Mode Linux 6.1).
EARLIEST_UPTIME_S = 10.0


def start_database(log_folder: Path) -> subprocess.Popen[bytes]:
    """Start ovsdb-server, reachable at its socket and at 127.0.0.1:6640."""
    RUN.mkdir(exist_ok=True)
    database = RUN / "conf.db"
    if not database.exists():
        subprocess.run(["ovsdb-tool", "create", str(database), _SCHEMA], check=True)
    where = RUN / "db.sock"
    return subprocess.Popen(
        ["ovsdb-server", "-vconsole:off", f"--log-file={log_folder}/ovsdb-server.log",
         f"--remote=punix:{where}", "--remote=ptcp:6640:127.0.0.1", str(database)],
    )  # fmt: skip


def start_switch(log_folder: Path) -> subprocess.Popen[bytes]:
    """Start ovs-vswitchd, but not before the kernel has run for 10 s."""
    subprocess.run(["modprobe", "openvswitch"], check=True)
    name = f"external_ids:system-id={socket.gethostname()}"
    vsctl("--no-wait", "init", "--", "set", "Open_vSwitch", ".", name)
    while uptime_s() < EARLIEST_UPTIME_S:
        time.sleep(0.05)
    return subprocess.Popen(
        ["ovs-vswitchd", "-vconsole:off", f"--log-file={log_folder}/ovs-vswitchd.log",
         f"unix:{RUN}/db.sock"],
    )  # fmt: skip


def uptime_s() -> float:
    """How long this kernel has been running, in seconds."""
    return float(Path("/proc/uptime").read_text().split()[0])


def vsctl(*arguments: str) -> None:
    """Run ovs-vsctl; it waits for a server that has just been started."""
    subprocess.run(["ovs-vsctl", "--retry", "--timeout=30", *arguments], check=True)


def plug(vif: str, port: Dict[str, Any]) -> None:
    """Add an interface to the integration bridge as Nova's os-vif does."""
    external_ids: List[str] = [
        f"external_ids:iface-id={port['id']}",
        "external_ids:iface-status=active",
        f'external_ids:attached-mac="{port["mac_address"]}"',
        f"external_ids:vm-uuid={port['device_id']}",
    ]
    vsctl("--", "--if-exists", "del-port", vif, "--", "add-port", BRIDGE, vif,
          "--", "set", "Interface", vif, *external_ids)  # fmt: skip
