# SPDX-License-Identifier: Apache-2.0
"""A copy of a real server's database; each suite's python-ovs and ovsdb-server run it too."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from ovs.db import idl

from networking_netem.agent_ovn.replica import Table, connect
from tests.support.waiting import wait_until

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


@pytest.fixture(scope="module")
def remote() -> Iterator[str]:
    """Where a server of Open vSwitch's schema listens."""
    # pytest's folder may be too long: the path of a socket has 107 characters at most.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database, socket = str(folder / "ovs.db"), folder / "ovs.sock"
        subprocess.run(["ovsdb-tool", "create", database, SCHEMA], check=True)
        server = subprocess.Popen(
            ["ovsdb-server", "-vconsole:off", f"--remote=punix:{socket}", database,
             f"--pidfile={folder}/pid", f"--unixctl={folder}/ctl"],
            env={**os.environ, "OVS_RUNDIR": name},
        )  # fmt: skip
        try:
            wait_until(socket.exists)
            yield f"unix:{socket}"
        finally:
            server.kill()
            server.wait()


@pytest.fixture
def told() -> List[str]:
    """What the copy told of bridges, in order."""
    return []


@pytest.fixture
def connection(remote: str, told: List[str]) -> Iterator[Any]:
    bridges = Table(
        ("name",),
        has=lambda row: told.append(f"has {row.name}"),
        lost=lambda row: told.append(f"lost {row.name}"),
    )
    made = connect(remote, "Open_vSwitch", {"Bridge": bridges}, {}, 10)
    yield made
    made.stop()


def test_it_tells_of_rows(remote: str, told: List[str], connection: Any) -> None:
    _vsctl(remote, "add-br", "br")
    wait_until(lambda: told == ["has br"])
    wait_until(lambda: bool(connection.idl.is_current))
    _vsctl(remote, "del-br", "br")
    wait_until(lambda: told == ["has br", "lost br"])


def test_the_servers_own_database_is_passed_over(told: List[str], connection: Any) -> None:
    """python-ovs up to 3.5 tells of its rows."""
    rows = list(connection.idl.server_tables["Database"].rows.values())
    assert "Open_vSwitch" in {row.name for row in rows}
    for event in (idl.ROW_CREATE, idl.ROW_UPDATE, idl.ROW_DELETE):
        for row in rows:
            connection.idl.notify(event, row)
    assert told == []


def _vsctl(remote: str, *arguments: str) -> None:
    where = [f"--db={remote}", "--timeout=30", "--no-wait"]
    subprocess.run(["ovs-vsctl", *where, *arguments], check=True)
