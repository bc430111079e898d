# SPDX-License-Identifier: Apache-2.0
"""An agent goes on when the leader of its database is gone, and speaks TLS."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

from networking_netem.agent_ovn.southbound import Southbound, use_tls
from tests.ovn import cluster
from tests.ovn.cluster import Cluster
from tests.support.waiting import wait_until

CHASSIS, PORT, AGENT = "ch1", "port", "some-agent"


@pytest.fixture
def folder() -> Iterator[Path]:
    # pytest's folder may be too long: the path of a socket has 107 characters at most.
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def three(folder: Path) -> Iterator[Cluster]:
    """Three servers with a port and the row of a chassis."""
    made = Cluster(folder)
    made.ctl("create", "Chassis_Private", f"name={CHASSIS}")
    made.ctl(
        *("--id=@d", "create", "Datapath_Binding", "tunnel_key=1", "--"),
        *("create", "Port_Binding", f"logical_port={PORT}", "datapath=@d", "tunnel_key=1"),
    )
    yield made
    made.close()


def _connect(remote: str, texts: Dict[str, str], missing: List[str]) -> Southbound:
    return Southbound(
        remote, CHASSIS, texts.__setitem__, missing.append, lambda: None, timeout_s=30
    )


def test_it_goes_on_with_another_server(three: Cluster) -> None:
    texts: Dict[str, str] = {}
    missing: List[str] = []
    southbound = _connect(three.remote, texts, missing)
    southbound.watch({PORT})
    wait_until(lambda: texts == {PORT: ""})
    for number in range(3):
        leader = three.leader()
        leader.kill()
        setting = f'external_ids:"netem:link"="{number}"'
        three.ctl("set", "Port_Binding", PORT, setting)
        wait_until(lambda text=str(number): texts[PORT] == text)
        southbound.answer(f"{AGENT}-{number}")
        said = three.ctl("get", "Chassis_Private", CHASSIS, "external_ids")
        assert f"{AGENT}-{number}" in said
        leader.start()
    assert not missing
    southbound.connection.stop()


def test_it_speaks_tls(folder: Path) -> None:
    secured = cluster.behind_tls(folder)
    use_tls(secured["key"], secured["certificate"], secured["certificate"])
    southbound = _connect(secured["remote"], {}, [])
    wait_until(lambda: southbound.absent([PORT]) == [PORT])
    southbound.connection.stop()
    secured["server"].kill()
