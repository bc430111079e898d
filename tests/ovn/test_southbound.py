# SPDX-License-Identifier: Apache-2.0
"""An agent's copy of the southbound database holds the ports of its host, and no others."""

from __future__ import annotations

from typing import Dict, Iterator, List, Set

import pytest

from networking_netem.agent_ovn.southbound import Southbound
from tests.ovn.central import Central
from tests.support.waiting import wait_until

SWITCH = "southbound"
PORTS = [f"southbound-{number}" for number in range(50)]


class Client:
    """A southbound client, and what it was told."""

    def __init__(self, ovn: Central) -> None:
        self.texts: Dict[str, str] = {}
        self.missing: List[str] = []
        self.southbound = Southbound(
            ovn.remote("sb"), "none", self.texts.__setitem__, self.missing.append, lambda: None, 10
        )

    @property
    def held(self) -> Set[str]:
        """The ports of its copy."""
        with self.southbound.connection.lock:
            rows = self.southbound.connection.idl.tables["Port_Binding"].rows
            return {row.logical_port for row in rows.values()}


@pytest.fixture(scope="module", autouse=True)
def ports(ovn: Central) -> Iterator[None]:
    ovn.ctl("nb", "ls-add", SWITCH)
    for port in PORTS:
        ovn.ctl("nb", "lsp-add", SWITCH, port)
    wait_until(lambda: len(ovn.rows("sb", "Port_Binding")) >= len(PORTS))
    yield
    ovn.ctl("nb", "ls-del", SWITCH)


@pytest.fixture
def client(ovn: Central) -> Iterator[Client]:
    made = Client(ovn)
    yield made
    made.southbound.connection.stop()


def test_it_holds_what_it_watches(client: Client) -> None:
    assert client.held == set()
    for watched in (PORTS[:1], PORTS[:3], PORTS[2:3], []):
        client.southbound.watch(set(watched))
        wait_until(lambda ids=set(watched): client.held == ids)
    assert sorted(client.texts) == PORTS[:3]
    assert sorted(client.missing) == PORTS[:3]


def test_it_knows_what_the_database_does_not_have(client: Client) -> None:
    client.southbound.watch({PORTS[0], "nowhere"})
    wait_until(lambda: client.southbound.absent([PORTS[0], "nowhere"]) == ["nowhere"])


def test_while_the_database_is_away_nothing_is_absent(ovn: Central, client: Client) -> None:
    client.southbound.watch({PORTS[0]})
    wait_until(lambda: client.held == {PORTS[0]})
    ovn.kill("sb")
    try:
        client.southbound.watch({PORTS[0], "nowhere"})
        assert client.southbound.absent(["nowhere"]) == []
    finally:
        ovn.start("sb")
    wait_until(lambda: client.southbound.absent(["nowhere"]) == ["nowhere"])
    assert client.held == {PORTS[0]}
    assert not client.missing
