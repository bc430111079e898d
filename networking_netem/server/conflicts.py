# SPDX-License-Identifier: Apache-2.0
"""Rows that the database never has together: a rule of ours, and what has its policy in vain.

Neutron asks nobody before it gives a policy to a floating IP or a gateway, nor before it takes a
port into a trunk (17-29). So each such row is looked at when it is inserted, whichever way it came.
"""

from __future__ import annotations

from typing import Any, Optional

import sqlalchemy as sa
from neutron.db import models_v2
from neutron.db.qos import models as qos_models
from neutron.services.trunk import models as trunk_models
from sqlalchemy import orm

from networking_netem.rules import objects
from networking_netem.server import stored
from networking_netem.server.attach import IN_A_TRUNK, QosRuleNotSupported

_ROUTED = {
    qos_models.QosFIPPolicyBinding: ("floating IP", "fip_id"),
    qos_models.QosRouterGatewayIPPolicyBinding: ("the gateway of router", "router_id"),
}
"""What the L3 agent serves: what it is called, and the column that has its id."""
_ROUTED_ONLY = "the L3 agent imposes bandwidth limits only"


def refuse() -> None:
    """Have such rows refused from now on. Harmless when repeated."""
    for cls in objects.BY_TYPE.values():
        stored.before_insert(cls.db_model, _refuse_rule)
    for model in _ROUTED:
        stored.before_insert(model, _refuse_routed)
    for model in (trunk_models.Trunk, trunk_models.SubPort):
        stored.before_insert(model, _refuse_trunk)


def _refuse_rule(mapper: Any, connection: Any, rule: Any) -> None:
    """Raise `QosRuleNotSupported` for a rule of a policy that a floating IP or a gateway has."""
    (name,) = (name for name, cls in objects.BY_TYPE.items() if cls.db_model is mapper.class_)
    bound = _union(
        orm.Query([sa.literal(called).label("called"), getattr(model, column).label("id")]).filter(
            model.policy_id == rule.qos_policy_id
        )
        for model, (called, column) in _ROUTED.items()
    )
    for called, its_id in connection.execute(bound):
        raise QosRuleNotSupported(rule_type=name, target=f"{called} {its_id}", reason=_ROUTED_ONLY)


def _refuse_routed(mapper: Any, connection: Any, binding: Any) -> None:
    """Raise `QosRuleNotSupported` for a floating IP or a gateway that is to have a rule of ours."""
    name = _rule_of_ours(connection, binding.policy_id)
    if name:
        called, column = _ROUTED[mapper.class_]
        target = f"{called} {getattr(binding, column)}"
        raise QosRuleNotSupported(rule_type=name, target=target, reason=_ROUTED_ONLY)


def _refuse_trunk(mapper: Any, connection: Any, member: Any) -> None:
    """Raise `QosRuleNotSupported` for a parent port or a subport that has a rule of ours."""
    own, of_network = qos_models.QosPortPolicyBinding, qos_models.QosNetworkPolicyBinding
    port = models_v2.Port
    policy: Any = (
        orm.Query([sa.func.coalesce(own.policy_id, of_network.policy_id)])
        .select_from(port)
        .outerjoin(own, own.port_id == port.id)
        .outerjoin(of_network, of_network.network_id == port.network_id)
        .filter(port.id == member.port_id)
    )
    name = _rule_of_ours(connection, connection.execute(policy.statement).scalar())
    if name:
        target = f"port {member.port_id}"
        raise QosRuleNotSupported(rule_type=name, target=target, reason=IN_A_TRUNK)


def _rule_of_ours(connection: Any, policy_id: Optional[str]) -> Optional[str]:
    """Return the type of a rule of ours in the policy; None without one."""
    rules = _union(
        orm.Query([sa.literal(name).label("name")]).filter(cls.db_model.qos_policy_id == policy_id)
        for name, cls in objects.BY_TYPE.items()
    )
    name: Optional[str] = connection.execute(rules).scalar()
    return name


def _union(queries: Any) -> Any:
    first, *others = queries
    return first.union_all(*others).statement
