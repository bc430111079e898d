# SPDX-License-Identifier: Apache-2.0
"""The backend ovn: OVN's two databases, ovn-northd and ovn-controller, and the agent of links."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Dict, Mapping

from netem_lab.node import ovs
from netem_lab.node.part import Part
from netem_lab.node.processes import Start

RUN = Path("/run/ovn")
_SCHEMAS = Path("/usr/share/ovn")
_AGENT = "networking-netem-ovn-agent"
_NORTHBOUND, _SOUTHBOUND = "ovnnb_db", "ovnsb_db"
_SOUTHBOUND_PORT = 6642


class Ovn:
    """Neutron writes to OVN's northbound database, and ovn-controller sets Open vSwitch's flows."""

    name = "ovn"
    agents = ("OVN Controller agent", "OVN netem agent")
    needs_zones = True
    metered = True
    most_chassis = 2
    programs: Mapping[str, str] = {
        "ovn-controller": "ovn-host",
        "ovn-northd": "ovn-central",
        str(_SCHEMAS / "ovn-nb.ovsschema"): "ovn-central",
        str(_SCHEMAS / "ovn-sb.ovsschema"): "ovn-central",
    }
    # Neutron asks its web server how many workers it has. Without an answer it takes no events from
    # OVN, and no port becomes ACTIVE (29).
    variables: Mapping[str, str] = {"ASGI_WORKERS": "1"}

    def settings(self, part: Part) -> Mapping[str, str]:
        """Where the southbound database is."""
        return {"southbound": _southbound(part)}

    def starts(self, log_folder: Path, configuration: str, part: Part) -> Dict[str, Start]:
        """OVN and Open vSwitch, and what keeps the links of the node's ports."""
        central = {
            _NORTHBOUND: partial(_start_database, _NORTHBOUND, "ovn-nb", log_folder),
            _SOUTHBOUND: partial(_start_database, _SOUTHBOUND, "ovn-sb", log_folder, part.address),
            "ovn-northd": partial(_start_northd, log_folder),
        }
        return {
            "ovsdb-server": partial(ovs.start_database, log_folder),
            **(central if part.is_central else {}),
            "ovs-vswitchd": partial(ovs.start_switch, log_folder),
            "ovn-controller": partial(_start_controller, log_folder, part),
            _AGENT: partial(_start_agent, log_folder, configuration),
        }

    def load(self) -> None:
        """Neutron's driver registers its options by itself."""

    def serve(self) -> None:
        """The API does all: the driver takes OVN's events in threads of its own."""
        threading.Event().wait()


def _socket(database: str) -> str:
    return f"unix:{RUN}/{database}.sock"


def _southbound(part: Part) -> str:
    """The southbound database for a client on a node."""
    return _socket(_SOUTHBOUND) if part.is_central else f"tcp:{part.central}:{_SOUTHBOUND_PORT}"


def _start_database(
    name: str, schema: str, log_folder: Path, address: str = ""
) -> subprocess.Popen[bytes]:
    """Start a database; with an address, other nodes reach it there."""
    remotes = [_socket(name), *([f"tcp:{_SOUTHBOUND_PORT}:{address}"] if address else [])]
    RUN.mkdir(exist_ok=True)
    database = RUN / f"{name}.db"
    if not database.exists():
        command = ["ovsdb-tool", "create", str(database), str(_SCHEMAS / f"{schema}.ovsschema")]
        subprocess.run(command, check=True)
    return subprocess.Popen(
        ["ovsdb-server", "-vconsole:off", f"--log-file={log_folder}/{name}.log",
         f"--pidfile={RUN}/{name}.pid", *(f"--remote=p{each}" for each in remotes), str(database)],
    )  # fmt: skip


def _start_northd(log_folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["ovn-northd", "-vconsole:off", f"--log-file={log_folder}/ovn-northd.log", "--pidfile",
         f"--ovnnb-db={_socket(_NORTHBOUND)}", f"--ovnsb-db={_socket(_SOUTHBOUND)}"],
    )  # fmt: skip


def _start_controller(log_folder: Path, part: Part) -> subprocess.Popen[bytes]:
    """Start ovn-controller, which makes the integration bridge."""
    RUN.mkdir(exist_ok=True)
    chassis = {
        "hostname": socket.gethostname(),
        "ovn-remote": _southbound(part),
        "ovn-encap-type": "geneve",
        "ovn-encap-ip": part.address,
    }
    settings = [f'external_ids:{name}="{value}"' for name, value in chassis.items()]
    ovs.vsctl("--no-wait", "set", "Open_vSwitch", ".", *settings)
    return subprocess.Popen(
        ["ovn-controller", "-vconsole:off", f"--log-file={log_folder}/ovn-controller.log",
         "--pidfile", f"unix:{ovs.RUN}/db.sock"],
    )  # fmt: skip


def _start_agent(log_folder: Path, configuration: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "networking_netem.agent_ovn.main", "--debug"]
    command += [f"--config-file={configuration}", f"--log-file={log_folder}/{_AGENT}.log"]
    # As Neutron, it loads a library that warns of eventlet, which neither of them uses.
    environment = dict(os.environ, PYTHONWARNINGS="ignore")
    with (log_folder / f"{_AGENT}.out").open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
