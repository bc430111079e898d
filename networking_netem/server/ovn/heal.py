# SPDX-License-Identifier: Apache-2.0
"""Finds ports whose rows in OVN's northbound database say another link than their policies.

A transaction that failed leaves such a row, as do a writer with an old copy of it, a policy that is
older than this package, a port that has moved to another host, an agent that has come or ended, and
Neutron's sync tool, which does not load this package.
"""

from __future__ import annotations

import re
from typing import Any, Collection, Dict, List, Mapping, Set

from neutron.common.ovn import utils as ovn_utils
from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb import maintenance
from neutron_lib import context as neutron_context
from neutron_lib.db import api as db_api
from oslo_log import log as logging

from networking_netem.domain import channel
from networking_netem.domain.link import DIRECTIONS, Direction, Link
from networking_netem.domain.rule_types import BANDWIDTH_LIMIT
from networking_netem.rules import objects
from networking_netem.server.ovn import chassis, placed, stock
from networking_netem.server.ovn.command import TABLE
from networking_netem.server.ovn.link import Rules
from networking_netem.server.ovn.placed import Placed

LOG = logging.getLogger(__name__)

INTERVAL_S = 300
"""As often as Neutron itself looks for what differs (DB_CONSISTENCY_CHECK_INTERVAL of 17)."""

_METERED = re.compile(r'(inport|outport) == "([^"]+)"')
"""The match of a port's row in the table QoS (17 to 29). Those of routers have more in them."""
_DIRECTIONS = {"inport": Direction.EGRESS, "outport": Direction.INGRESS}
_NETWORK_TYPE = "neutron:provnet-network-type"
"""In `external_ids` of Logical_Switch (OVN_NETTYPE_EXT_ID_KEY, 26 to 29)."""


def heal_all(client: Any, nb: Any) -> List[str]:
    """Write what differs of all ports; return the ports that were written.

    ``client`` is the QoS client of Neutron's OVN driver, ``nb`` its northbound database. A port
    that cannot be written is named in the log, and tried again by the next call.
    """
    context = neutron_context.get_admin_context()
    marked = [
        row.name for row in list(nb.tables[TABLE].rows.values()) if channel.LINK in row.external_ids
    ]
    ports = {
        **placed.with_ids(context, marked),
        **placed.with_policies(context, _our_policies(context)),
    }
    return _heal(client, nb, ports)


def heal(client: Any, nb: Any, port_ids: Collection[str]) -> List[str]:
    """Write what differs of these ports; return the ports that were written."""
    return _heal(client, nb, placed.with_ids(neutron_context.get_admin_context(), port_ids))


def heal_now_and_then() -> None:
    """Have Neutron's maintenance worker heal every 5 minutes; repeating changes nothing.

    It collects the periodic methods of this class when it starts (17 to 29).
    """
    maintenance.DBInconsistenciesPeriodics.heal_netem_links = _heal_netem_links


@maintenance.periodics.periodic(spacing=INTERVAL_S, run_immediately=True)
def _heal_netem_links(self: Any) -> None:
    # All API workers of a cloud have this, and one of them the lock.
    if self.has_lock:
        chassis.look_again()
        heal_all(self._ovn_client._qos_driver, self._nb_idl)


def _our_policies(context: Any) -> Set[str]:
    """The policies that have a rule of ours."""
    with db_api.CONTEXT_READER.using(context):
        return {
            policy_id
            for cls in objects.BY_TYPE.values()
            for (policy_id,) in context.session.query(cls.db_model.qos_policy_id).distinct()
        }


def _heal(client: Any, nb: Any, ports: Mapping[str, Placed]) -> List[str]:
    context = neutron_context.get_admin_context()
    rules: Dict[str, Rules] = {
        policy_id: client._qos_rules(context, policy_id)
        for policy_id in {port.policy_id for port in ports.values()} - {""}
    }
    unserved = {host: chassis.why_unserved(host) for host in {p.host for p in ports.values()}}
    metered = _metered(nb) if ports else {}
    healed = []
    for port_id, port in ports.items():
        row = nb.lookup(TABLE, port_id, None)
        if row is None:
            continue
        of_policy = rules.get(port.policy_id)
        link = of_policy.link if of_policy else Link.CLEAN
        if not link.is_clean and unserved[port.host]:
            LOG.warning("Port %s has no link, %s: %s", port_id, link, unserved[port.host])
        found, text = row.external_ids.get(channel.LINK, ""), of_policy.text if of_policy else ""
        is_limited = metered.get(port_id, set())
        if found == text and is_limited == _to_be_metered(
            of_policy, bool(unserved[port.host]), is_limited
        ):
            continue
        LOG.info("Port %s: OVN's database says %s, not %s", port_id, found[:200], text[:200])
        try:
            _write(context, client, nb, port_id, port)
            healed.append(port_id)
        except Exception:
            LOG.warning("Port %s: OVN's database does not get its link", port_id, exc_info=True)
    return healed


def _metered(nb: Any) -> Dict[str, Set[Direction]]:
    """The directions whose bandwidth OVN limits, by port."""
    metered: Dict[str, Set[Direction]] = {}
    for row in list(nb.tables["QoS"].rows.values()):
        of_port = _METERED.fullmatch(row.match)
        if of_port and row.bandwidth:
            metered.setdefault(of_port[2], set()).add(_DIRECTIONS[of_port[1]])
    return metered


def _to_be_metered(
    rules: Any, is_unserved: bool, is_metered: Collection[Direction]
) -> Set[Direction]:
    """The directions whose bandwidth OVN is to limit.

    In a direction without delay and loss that is Neutron's own affair, so it stays as it is.
    """
    if rules is None:
        return set(is_metered)
    ours = {direction for direction in DIRECTIONS if rules.link.acts(direction)}
    limits = {d for d in ours if BANDWIDTH_LIMIT.name in rules[d.value]} if is_unserved else set()
    return limits | (set(is_metered) - ours)


def _write(context: Any, client: Any, nb: Any, port_id: str, port: Placed) -> None:
    wanted = {
        "context": context,
        "port_id": port_id,
        "network_id": port.network_id,
        "qos_policy_id": port.policy_id or None,
        "qos_rules": None,
    }
    if "network_type" in stock.ARGUMENTS:
        network = nb.ls_get(ovn_utils.ovn_name(port.network_id)).execute(check_error=True)
        wanted["network_type"] = network.external_ids.get(_NETWORK_TYPE)
    with nb.transaction(check_error=True) as txn:
        wanted["txn"] = txn
        client._update_port_qos_rules(
            **{name: value for name, value in wanted.items() if name in stock.ARGUMENTS}
        )
