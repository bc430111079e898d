# SPDX-License-Identifier: Apache-2.0
"""Which hosts are chassis of OVN, and whether an agent of ours serves links there."""

from __future__ import annotations

import logging
from typing import Any, Dict, Iterator

from neutron.plugins.ml2.drivers.ovn.agent import neutron_agent
from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb import ovsdb_monitor
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.plugins import directory
from ovsdbapp.backend.ovs_idl import event

from networking_netem.domain import channel
from networking_netem.domain.channel import PROGRAM

LOG = logging.getLogger(__name__)

MECHANISM_DRIVER = "ovn"
TABLE = "Chassis_Private"
_HAS_CACHE = hasattr(neutron_agent, "AgentCache")
"""In 21 to 29. In 17 the list of agents is made anew from the table, by their classes."""
_MAINTENANCE = ovsdb_monitor.BaseOvnSbIdl
"""What copies OVN's southbound database for the maintenance worker."""
_stock_init = _MAINTENANCE.__init__
_SEEN: Dict[str, str] = {}
"""The answer of each agent that `look_again` found last."""


class NetemAgent(neutron_agent.NeutronAgent):
    """The agent of a chassis, as `openstack network agent list` shows it (17 to 29)."""

    agent_type = "OVN netem agent"
    binary = PROGRAM
    # Where 17 keeps the time of the last answer.
    key = "neutron:ovn-netem-agent-alive-at"

    @property
    def nb_cfg(self) -> int:
        return int(self.chassis_private.external_ids.get(channel.AGENT_SEEN, 0))

    @staticmethod
    def id_from_chassis_private(chassis_private: Any) -> Any:
        return chassis_private.external_ids.get(channel.AGENT_ID)

    @property
    def agent_id(self) -> Any:
        return self.id_from_chassis_private(self.chassis_private)

    @property
    def description(self) -> str:
        return ""


def drivers() -> Iterator[Any]:
    """Neutron's OVN mechanism drivers of this process: none, or one."""
    manager = getattr(directory.get_plugin(), "mechanism_manager", None)
    for loaded in getattr(manager, "ordered_mech_drivers", ()):
        if loaded.name == MECHANISM_DRIVER:
            yield loaded.obj


def why_unserved(host: str) -> str:
    """Why ports on this host get no link from OVN; empty where they do, or it is no chassis."""
    for driver in drivers() if host else ():
        for row in _rows(driver):
            if row.chassis and row.chassis[0].hostname == host:
                return _why_unserved(host, row)
    return ""


def list_agents() -> None:
    """Have Neutron list our agents, and its maintenance worker know of them.

    The list needs it from 21 on, once the workers have their connections.
    """
    _MAINTENANCE.__init__ = _copy_chassis_too
    if _HAS_CACHE:
        registry.subscribe(_watch, resources.PROCESS, events.AFTER_INIT)


def look_again() -> None:
    """Note which agents have answered since the last call.

    The maintenance worker needs it: it hears of no events (21 to 26).
    """
    for row in [row for driver in drivers() for row in _rows(driver)] if _HAS_CACHE else ():
        agent_id = row.external_ids.get(channel.AGENT_ID, "")
        seen = row.external_ids.get(channel.AGENT_SEEN, "")
        if _SEEN.get(agent_id) != seen:
            _SEEN[agent_id] = seen
            _cache(row)


def _copy_chassis_too(self: Any, remote: Any, schema: Any, **options: Any) -> None:
    """The maintenance worker copies tables without ours (17, 21), so all chassis seemed served."""
    schema.register_table(TABLE)
    _stock_init(self, remote, schema, **options)


def _why_unserved(host: str, row: Any) -> str:
    agent_id = row.external_ids.get(channel.AGENT_ID)
    if not agent_id:
        return f"its host {host} is a chassis of OVN without {PROGRAM}"
    if _HAS_CACHE:
        agent = neutron_agent.AgentCache().agents.get(agent_id)
        if agent is not None and not agent.alive:
            return f"{PROGRAM} on its host {host} is not alive"
    return ""


def _rows(driver: Any) -> Iterator[Any]:
    # Without a connection in processes that serve no requests.
    southbound = getattr(driver, "_sb_ovn", None)
    if southbound and TABLE in southbound.tables:
        yield from list(southbound.tables[TABLE].rows.values())


def _watch(resource: str, event: str, trigger: Any, payload: Any = None) -> None:
    for driver in drivers():
        southbound = getattr(driver, "_sb_ovn", None)
        if southbound:
            handler = getattr(southbound.idl, "notify_handler", None)
            if handler:
                handler.watch_event(_AgentSeen(driver))
            for row in _rows(driver):
                _cache(row)


def _cache(row: Any) -> None:
    if row.external_ids.get(channel.AGENT_ID) and row.chassis:
        neutron_agent.AgentCache().update(NetemAgent.agent_type, row, clear_down=True)


if _HAS_CACHE:

    class _AgentSeen(ovsdb_monitor.ChassisAgentEvent):
        """An agent has announced itself, or has answered. Each worker of the API hears of it."""

        events = (event.RowEvent.ROW_CREATE, event.RowEvent.ROW_UPDATE)

        def match_fn(self, kind: str, row: Any, old: Any = None) -> bool:
            return kind == self.ROW_CREATE or hasattr(old, "external_ids")

        def run(self, kind: str, row: Any, old: Any) -> None:
            _cache(row)
