# SPDX-License-Identifier: Apache-2.0
"""Rows that say another link than the policies are found, and nothing else is written."""

from __future__ import annotations

import json
from typing import Any, Callable, List

import pytest

from tests.api import attaching
from tests.ovn import chassis
from tests.ovn.central import Central
from tests.ovn.conftest import driver
from tests.ovn.rows import KEY, link, meters
from tests.support.neutron_api import NeutronApi

LINK = {"v": 1, "egress": {"delay_us": 1000, "rate_kbps": 1000, "burst_kbit": 100}}


@pytest.fixture(scope="module", autouse=True)
def host(ovn: Central, api: NeutronApi) -> str:
    chassis.add(ovn, "healed")
    chassis.announce(ovn, api, "healed")
    return "healed"


@pytest.fixture
def port(api: NeutronApi, host: str) -> Any:
    policy = attaching.policy(api, "delay", "bandwidth_limit")
    port = attaching.port(api, attaching.network(api), host, qos_policy_id=policy)
    _heal()
    yield port
    assert api.delete(f"/ports/{port['id']}").status == 204


def _heal() -> List[str]:
    """Heal as Neutron's maintenance worker does."""
    from networking_netem.server.ovn import heal

    return heal.heal_all(driver()._ovn_client._qos_driver, driver().nb_ovn)


def _set(ovn: Central, port: Any, text: str) -> None:
    setting = f'external_ids:"{KEY}"={json.dumps(text)}'
    ovn.ctl("nb", "set", "Logical_Switch_Port", port["id"], setting)


def _remove(ovn: Central, port: Any) -> None:
    ovn.ctl("nb", "remove", "Logical_Switch_Port", port["id"], "external_ids", f'"{KEY}"')


def _limit(ovn: Central, port: Any) -> None:
    switch = f"neutron-{port['network_id']}"
    match = f'inport == "{port["id"]}"'
    ovn.ctl("nb", "qos-add", switch, "from-lport", "2002", match, "rate=1000", "burst=100")


@pytest.mark.parametrize(
    "spoil",
    [
        _remove,
        _limit,
        lambda ovn, port: _set(ovn, port, "old"),
        lambda ovn, port: _set(ovn, port, ""),
    ],
    ids=["removed", "limited as well", "another", "empty"],
)
def test_a_row_that_differs_is_written(
    ovn: Central, port: Any, spoil: Callable[[Central, Any], None]
) -> None:
    spoil(ovn, port)
    _seen_by_neutron(ovn)
    assert _heal() == [port["id"]]
    assert link(ovn, port) == LINK
    assert meters(ovn, port) == {}
    _seen_by_neutron(ovn)
    assert _heal() == []


def test_a_port_without_our_rules_loses_what_an_old_copy_brought_back(
    ovn: Central, api: NeutronApi, port: Any
) -> None:
    other = attaching.port(api, port["network_id"])
    _set(ovn, other, '{"v":1}')
    _seen_by_neutron(ovn)
    assert _heal() == [other["id"]]
    assert link(ovn, other) is None


def test_limits_come_back_where_the_agent_has_died(
    ovn: Central, api: NeutronApi, port: Any, host: str
) -> None:
    chassis.silence(ovn, host)
    _seen_by_neutron(ovn)
    assert port["id"] in _heal()
    assert meters(ovn, port) == {"egress": {"rate": 1000, "burst": 100}}
    assert link(ovn, port) == LINK
    chassis.revive(ovn, host)
    _seen_by_neutron(ovn)
    assert port["id"] in _heal()
    assert meters(ovn, port) == {}


def test_neutrons_maintenance_heals(api: NeutronApi) -> None:
    """It collects its periodic methods so (17-29)."""
    from futurist import periodics
    from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb import maintenance

    method = maintenance.DBInconsistenciesPeriodics.heal_netem_links
    assert periodics.is_periodic(method)
    assert method._periodic_spacing == 300


def _seen_by_neutron(ovn: Central) -> None:
    """Wait until Neutron's copy of the database has what was written before."""
    ovn.barrier(driver().nb_ovn, driver().sb_ovn)
