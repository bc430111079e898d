# SPDX-License-Identifier: Apache-2.0
"""A southbound database on three servers, and one behind TLS."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List

from tests.ovn.central import SCHEMAS
from tests.support.waiting import wait_until

SCHEMA = str(SCHEMAS / "ovn-sb.ovsschema")
DATABASE = "OVN_Southbound"


class Server:
    """One ovsdb-server with a database file of its own."""

    def __init__(self, folder: Path, name: str, *options: str) -> None:
        self.folder = folder
        self.name = name
        self.remote = f"unix:{folder}/{name}.sock"
        self._options = options
        self.is_running = False

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["ovsdb-server", "-vconsole:off", f"--remote=p{self.remote}", *self._options,
             f"--pidfile={self.folder}/{self.name}.pid", f"--unixctl={self.control}",
             f"--log-file={self.log}", f"{self.folder}/{self.name}.db"],
            env={**os.environ, "OVS_RUNDIR": str(self.folder)},
        )  # fmt: skip
        wait_until(Path(self.control).exists)
        self.is_running = True

    def kill(self) -> None:
        self.is_running = False
        self._process.kill()
        self._process.wait()
        for path in (self.control, self.remote[len("unix:") :]):
            Path(path).unlink()

    @property
    def control(self) -> str:
        return f"{self.folder}/{self.name}.ctl"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def leads(self) -> bool:
        """Whether the others of its cluster follow it."""
        asked = ["ovs-appctl", "-t", self.control, "cluster/status", DATABASE]
        return self.is_running and "Role: leader" in _run(*asked)


class Cluster:
    """Three servers that hold one database."""

    def __init__(self, folder: Path) -> None:
        self.servers = [Server(folder, f"sb{number}") for number in range(3)]
        addresses = [f"unix:{folder}/sb{number}.raft" for number in range(3)]
        create, join = (f"{word}-cluster" for word in ("create", "join"))
        for server, address in zip(self.servers, addresses):
            file = f"{folder}/{server.name}.db"
            if server is self.servers[0]:
                _run("ovsdb-tool", create, file, SCHEMA, address)
            else:
                _run("ovsdb-tool", join, file, DATABASE, address, addresses[0])
            server.start()
        self.remote = ",".join(server.remote for server in self.servers)
        self.ctl("init")

    def leader(self) -> Server:
        """The server that leads; waits for one."""
        found: List[Server] = []
        wait_until(lambda: bool(found.extend(s for s in self.servers if s.leads()) or found))
        return found[0]

    def ctl(self, *arguments: str) -> str:
        """Run `ovn-sbctl`, which gives up where the first of several servers is away."""
        return _run("ovn-sbctl", f"--db={self.leader().remote}", "--timeout=30", *arguments)

    def close(self) -> None:
        for server in filter(lambda each: each.is_running, self.servers):
            server.kill()


def behind_tls(folder: Path) -> Dict[str, Any]:
    """Start a server that wants certificates; return it, its remote, a key and a certificate."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    asked = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=southbound", "-days", "1"]
    made = ["-keyout", str(key), "-out", str(certificate)]
    _run("openssl", "req", "-x509", *asked, *made)
    _run("ovsdb-tool", "create", f"{folder}/tls.db", SCHEMA)
    files = (f"--private-key={key}", f"--certificate={certificate}", f"--ca-cert={certificate}")
    # Port 0 takes a free one, which the log tells.
    server = Server(folder, "tls", "--remote=pssl:0:127.0.0.1", *files)
    server.start()
    wait_until(lambda: bool(_ports(server)))
    remote = f"ssl:127.0.0.1:{_ports(server)[0]}"
    return {"server": server, "remote": remote, "key": str(key), "certificate": str(certificate)}


def _ports(server: Server) -> List[str]:
    return re.findall(r"0:127\.0\.0\.1: listening on port (\d+)", server.log.read_text())


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
