# SPDX-License-Identifier: Apache-2.0
"""Where ports are, and which policies they have, from Neutron's database."""

from __future__ import annotations

from typing import Any, Collection, Dict, NamedTuple

from neutron.common.ovn import utils as ovn_utils
from neutron.db import models_v2
from neutron.db.qos import models as qos_models
from neutron.plugins.ml2 import models as ml2_models
from neutron_lib import constants
from neutron_lib.db import api as db_api


class Placed(NamedTuple):
    """A port's network, host and policy: its own or the network's. Empty where it has none."""

    network_id: str
    host: str
    policy_id: str


def with_policies(context: Any, policy_ids: Collection[str]) -> Dict[str, Placed]:
    """The ports that have one of these policies, by id."""
    own, of_network = qos_models.QosPortPolicyBinding, qos_models.QosNetworkPolicyBinding
    asked = list(policy_ids)
    return {
        **_placed(context, of_network.policy_id.in_(asked)),
        **_placed(context, own.policy_id.in_(asked)),
    }


def with_ids(context: Any, port_ids: Collection[str]) -> Dict[str, Placed]:
    """These ports, by id, without those that do not exist."""
    return _placed(context, models_v2.Port.id.in_(list(port_ids)))


def _placed(context: Any, which: Any) -> Dict[str, Placed]:
    own, of_network = qos_models.QosPortPolicyBinding, qos_models.QosNetworkPolicyBinding
    port, binding = models_v2.Port, ml2_models.PortBinding
    columns = (port.id, port.network_id, port.device_owner)
    with db_api.CONTEXT_READER.using(context):
        # All in one: a query for each port would make a policy of many ports slow.
        found = (
            context.session.query(*columns, binding.host, own.policy_id, of_network.policy_id)
            .outerjoin(own, own.port_id == port.id)
            .outerjoin(of_network, of_network.network_id == port.network_id)
            .outerjoin(
                binding,
                (binding.port_id == port.id) & (binding.status == constants.ACTIVE),
            )
            .filter(which)
        )
        return {
            port_id: Placed(network_id, host or "", _policy(owner, own_id, network_policy_id))
            for port_id, network_id, owner, host, own_id, network_policy_id in found
        }


def _policy(device_owner: str, own_id: Any, network_policy_id: Any) -> str:
    """The policy that OVN's driver gives to a port: none to those of Neutron's own devices."""
    if ovn_utils.is_network_device_port({"device_owner": device_owner}):
        return ""
    return own_id or network_policy_id or ""
