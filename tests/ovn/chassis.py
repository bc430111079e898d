# SPDX-License-Identifier: Apache-2.0
"""Rows of chassis in the southbound database, as ovn-controller and agents write them."""

from __future__ import annotations

import time

from tests.ovn.central import Central
from tests.support.neutron_api import NeutronApi
from tests.support.waiting import wait_until

CONFIG = ("other_config:datapath-type=system", "other_config:ovn-bridge-mappings=physical:br")
SEEN = "neutron:ovn-netem-agent-sb-cfg"
AGENT_TYPE = "OVN netem agent"


def add(ovn: Central, host: str) -> None:
    """Add a chassis of this name on the host of this name."""
    address = f"127.0.0.{len(ovn.rows('sb', 'Chassis')) + 1}"
    ovn.ctl("sb", "chassis-add", host, "geneve", address)
    ovn.ctl("sb", "set", "Chassis", host, f"hostname={host}", *CONFIG)
    (row,) = ovn.rows("sb", "Chassis", f"name={host}")
    columns = [f"name={host}", f"chassis={row['_uuid']}", f"nb_cfg_timestamp={_in_an_hour_ms()}"]
    ovn.ctl("sb", "create", "Chassis_Private", *columns)


def revive(ovn: Central, host: str) -> None:
    """Have the chassis and its agent answer, for all of an hour."""
    number = ovn.rows("nb", "NB_Global")[0]["nb_cfg"]
    columns = [f"nb_cfg={number}", f"nb_cfg_timestamp={_in_an_hour_ms()}"]
    set_private(ovn, host, *columns, f'external_ids:"{SEEN}"="{number}"')


def silence(ovn: Central, host: str) -> None:
    """Have the chassis and its agent be asked in vain, since long ago."""
    number = ovn.rows("nb", "NB_Global")[0]["nb_cfg"] + 5
    ovn.ctl("nb", "set", "NB_Global", ".", f"nb_cfg={number}")
    columns = [f"nb_cfg={number - 4}", "nb_cfg_timestamp=1000"]
    set_private(ovn, host, *columns, f'external_ids:"{SEEN}"="{number - 4}"')


def _in_an_hour_ms() -> int:
    return int((time.time() + 3600) * 1000)


def announce(ovn: Central, api: NeutronApi, host: str) -> None:
    """Write what the agent of the chassis writes; return when Neutron lists it."""
    number = ovn.rows("nb", "NB_Global")[0]["nb_cfg"]
    keys = {"neutron:ovn-netem-agent-id": f"agent-{host}", SEEN: number}
    set_private(ovn, host, *(f'external_ids:"{key}"="{value}"' for key, value in keys.items()))
    wait_until(lambda: f"agent-{host}" in agents(api))


def set_private(ovn: Central, host: str, *settings: str) -> None:
    """Set columns in the row that the chassis writes itself."""
    (row,) = ovn.rows("sb", "Chassis_Private", f"name={host}")
    ovn.ctl("sb", "set", "Chassis_Private", row["_uuid"], *settings)


def agents(api: NeutronApi) -> dict:
    """The agents of ours that Neutron lists, by id."""
    listed = api.get("/agents").body["agents"]
    return {each["id"]: each for each in listed if each["agent_type"] == AGENT_TYPE}
