# SPDX-License-Identifier: Apache-2.0
"""Finds ports whose rows in OVN's northbound database say another link than their policies.

A transaction that failed leaves such a row, as do a writer with an old copy of it, a policy that is
older than this package, and Neutron's sync tool, which does not load it.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List, NamedTuple, Set

from neutron.common.ovn import utils as ovn_utils
from neutron.db import models_v2
from neutron.db.qos import models as qos_models
from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb import maintenance
from neutron_lib import context as neutron_context
from neutron_lib.db import api as db_api
from oslo_log import log as logging

from networking_netem.domain.link import DIRECTIONS, Direction, Link
from networking_netem.domain.link_text import written
from networking_netem.rules import objects
from networking_netem.server.ovn import stock
from networking_netem.server.ovn.command import KEY, TABLE
from networking_netem.server.ovn.link import Rules

LOG = logging.getLogger(__name__)

INTERVAL_S = 300
"""As often as Neutron itself looks for what differs (DB_CONSISTENCY_CHECK_INTERVAL of 17)."""

_METERED = re.compile(r'(inport|outport) == "([^"]+)"')
"""The match of a port's row in the table QoS (17 to 29); those of routers and addresses have more."""
_DIRECTIONS = {"inport": Direction.EGRESS, "outport": Direction.INGRESS}
_NETWORK_TYPE = "neutron:provnet-network-type"
"""In `external_ids` of Logical_Switch (OVN_NETTYPE_EXT_ID_KEY, 26 to 29)."""


class _Port(NamedTuple):
    """A port's network, and its policy: its own or the network's; empty without one."""

    network_id: str
    policy_id: str


def heal(client: Any, nb: Any) -> List[str]:
    """Write what differs, in a transaction for each port; return the ports that were written.

    ``client`` is the QoS client of Neutron's OVN driver, ``nb`` its northbound database. A port
    that cannot be written is named in the log, and tried again by the next call.
    """
    context = neutron_context.get_admin_context()
    rows = {row.name: row for row in list(nb.tables[TABLE].rows.values())}
    rules: Dict[str, Rules] = {
        policy_id: client._qos_rules(context, policy_id) for policy_id in _our_policies(context)
    }
    marked = [name for name, row in rows.items() if KEY in row.external_ids]
    metered = _metered(nb)
    written_ports = []
    for port_id, port in _ports(context, rules, marked).items():
        if port_id not in rows:
            continue
        link = rules[port.policy_id].link if port.policy_id in rules else Link.CLEAN
        found = rows[port_id].external_ids.get(KEY, "")
        if found == written(link) and not _limits_twice(metered.get(port_id, set()), link):
            continue
        LOG.info("Port %s: OVN's database says %s, not %s", port_id, found, written(link))
        try:
            _write(context, client, nb, port_id, port)
            written_ports.append(port_id)
        except Exception:
            LOG.warning("Port %s: OVN's database does not get its link", port_id, exc_info=True)
    return written_ports


def heal_now_and_then() -> None:
    """Have Neutron's maintenance worker heal every 5 minutes; repeating changes nothing.

    It collects the periodic methods of this class when it starts (17 to 29).
    """
    maintenance.DBInconsistenciesPeriodics.heal_netem_links = _heal_netem_links


@maintenance.periodics.periodic(spacing=INTERVAL_S, run_immediately=True)
def _heal_netem_links(self: Any) -> None:
    # All API workers of a cloud have this, and one of them the lock.
    if self.has_lock:
        heal(self._ovn_client._qos_driver, self._nb_idl)


def _our_policies(context: Any) -> Set[str]:
    """The policies that have a rule of ours."""
    with db_api.CONTEXT_READER.using(context):
        return {
            policy_id
            for cls in objects.BY_TYPE.values()
            for (policy_id,) in context.session.query(cls.db_model.qos_policy_id).distinct()
        }


def _ports(context: Any, policies: Iterable[str], marked: Iterable[str]) -> Dict[str, _Port]:
    """The ports that have one of these policies, and those that are marked as having a link."""
    own, of_network = qos_models.QosPortPolicyBinding, qos_models.QosNetworkPolicyBinding
    port = models_v2.Port
    asked = list(policies)
    with db_api.CONTEXT_READER.using(context):
        query = (
            context.session.query(
                port.id, port.network_id, port.device_owner, own.policy_id, of_network.policy_id
            )
            .outerjoin(own, own.port_id == port.id)
            .outerjoin(of_network, of_network.network_id == port.network_id)
        )
        found = list(query.filter(own.policy_id.in_(asked)))
        found += query.filter(of_network.policy_id.in_(asked))
        found += query.filter(port.id.in_(list(marked)))
    return {
        port_id: _Port(network_id, _policy(device_owner, own_id, network_policy_id))
        for port_id, network_id, device_owner, own_id, network_policy_id in found
    }


def _policy(device_owner: str, own_id: Any, network_policy_id: Any) -> str:
    """The policy that OVN's driver gives to a port: none to those of Neutron's own devices."""
    if ovn_utils.is_network_device_port({"device_owner": device_owner}):
        return ""
    return own_id or network_policy_id or ""


def _metered(nb: Any) -> Dict[str, Set[Direction]]:
    """The directions whose bandwidth OVN limits, by port."""
    metered: Dict[str, Set[Direction]] = {}
    for row in list(nb.tables["QoS"].rows.values()):
        of_port = _METERED.fullmatch(row.match)
        if of_port and row.bandwidth:
            metered.setdefault(of_port[2], set()).add(_DIRECTIONS[of_port[1]])
    return metered


def _limits_twice(metered: Set[Direction], link: Link) -> bool:
    return any(direction in metered for direction in DIRECTIONS if not link[direction].is_none)


def _write(context: Any, client: Any, nb: Any, port_id: str, port: _Port) -> None:
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
