# SPDX-License-Identifier: Apache-2.0
"""A real Open vSwitch without a kernel: its database and its daemon, with dummy devices."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator

BRIDGE = "br-int"
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


@contextlib.contextmanager
def running() -> Iterator[Path]:
    """Run it, with an empty integration bridge; yields the socket of its database."""
    # Not pytest's folder: the path of a socket has 107 characters at most.
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        socket, conf = folder / "db.sock", folder / "conf.db"
        subprocess.run(["ovsdb-tool", "create", str(conf), SCHEMA], check=True)
        for program, *arguments in (
            ["ovsdb-server", f"--remote=punix:{socket}", str(conf)],
            ["ovs-vswitchd", "--enable-dummy=override", "--disable-system", f"unix:{socket}"],
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
    """Run `ovs-vsctl`; it waits until the daemon has done what it says."""
    command = ["ovs-vsctl", "--timeout=30", f"--db=unix:{socket}", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
