# SPDX-License-Identifier: Apache-2.0
"""OVN's control plane: the northbound and the southbound database, and ovn-northd."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

from tests.support.waiting import wait_until

SCHEMAS = Path("/usr/share/ovn")
START_TIMEOUT_S = 30
DATABASES = {"nb": "ovn-nb.ovsschema", "sb": "ovn-sb.ovsschema"}


class Central:
    """Its processes, which can be ended and started; their files are in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: Dict[str, subprocess.Popen[bytes]] = {}
        self._barriers = 0
        for name, schema in DATABASES.items():
            self._run("ovsdb-tool", "create", str(folder / f"{name}.db"), str(SCHEMAS / schema))
            self.start(name)
            self.ctl(name, "init")
        self.start("northd")

    def remote(self, name: str) -> str:
        """Where a database listens."""
        return f"unix:{self.folder}/{name}.sock"

    def start(self, name: str) -> None:
        """Start `nb`, `sb` or `northd`."""
        if name == "northd":
            databases = [f"--ovn{each}-db={self.remote(each)}" for each in DATABASES]
            command = ["ovn-northd", *databases]
        else:
            remote = f"--remote=p{self.remote(name)}"
            command = ["ovsdb-server", remote, str(self.folder / f"{name}.db")]
        common = ["-vconsole:off", f"--pidfile={self.folder}/{name}.pid"]
        common.append(f"--unixctl={self.folder}/{name}.ctl")
        environment = {**os.environ, "OVN_RUNDIR": str(self.folder), "OVS_RUNDIR": str(self.folder)}
        process = self._processes[name] = subprocess.Popen([*command, *common], env=environment)
        listens = self.folder / f"{name}.{'ctl' if name == 'northd' else 'sock'}"
        deadline = time.monotonic() + START_TIMEOUT_S
        while not listens.exists():
            assert process.poll() is None, name
            assert time.monotonic() < deadline, name
            time.sleep(0.01)

    def stop(self, name: str) -> None:
        """End one of them, and wait for its end."""
        process = self._processes.pop(name)
        process.terminate()
        process.wait()

    def kill(self, name: str) -> None:
        """Kill one of them; what it left is what a start finds."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()
        for left in self.folder.glob(f"{name}.*"):
            if left.suffix in (".sock", ".ctl"):
                left.unlink()

    def close(self) -> None:
        for name in list(self._processes):
            self.stop(name)

    def ctl(self, name: str, *arguments: str) -> str:
        """Run `ovn-nbctl` or `ovn-sbctl`; return what it prints."""
        where = [f"--db={self.remote(name)}", "--timeout=30"]
        return self._run(f"ovn-{name}ctl", *where, *arguments)

    def rows(self, name: str, table: str, *condition: str) -> List[Dict[str, Any]]:
        """The rows of a table; maps are dicts, sets are lists."""
        found = json.loads(self.ctl(name, "--format=json", "find", table, *condition))
        return [dict(zip(found["headings"], map(_plain, row))) for row in found["data"]]

    def barrier(self, nb: Any, sb: Any) -> None:
        """Wait until clients' copies of both databases have what was written before."""
        self._barriers += 1
        mark = str(self._barriers)
        for name, table, client in (("nb", "NB_Global", nb), ("sb", "SB_Global", sb)):
            self.ctl(name, "set", table, ".", f"external_ids:barrier={mark}")
            rows = client.tables[table].rows

            def arrived(rows: Any = rows) -> bool:
                return any(r.external_ids.get("barrier") == mark for r in list(rows.values()))

            wait_until(arrived)

    def wait_for_sb_link(self, port_id: str) -> Any:
        """The link in the southbound database, where chassis read it, once it is there."""
        condition = f"logical_port={port_id}"
        wait_until(
            lambda: any(
                "netem:link" in row["external_ids"]
                for row in self.rows("sb", "Port_Binding", condition)
            )
        )
        (row,) = self.rows("sb", "Port_Binding", condition)
        return json.loads(row["external_ids"]["netem:link"])

    @staticmethod
    def _run(*command: str) -> str:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        kind, content = value
        return {key: _plain(each) for key, each in content} if kind == "map" else content
    return value


@contextlib.contextmanager
def running() -> Iterator[Central]:
    """Run it until the end of the context."""
    # pytest's folder may be too long: the path of a socket has 107 characters at most.
    with tempfile.TemporaryDirectory() as name:
        central = Central(Path(name))
        try:
            yield central
        finally:
            central.close()
