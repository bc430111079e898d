# SPDX-License-Identifier: Apache-2.0
"""The rules as openstacksdk resources; pass `connection.network` as their session."""

from __future__ import annotations

from typing import Dict, Type

from openstack import resource

from networking_netem.domain.rule_types import CORRUPT, DELAY, DUPLICATE, LOSS, REORDER


class QoSRule(resource.Resource):
    """The base of our rules' resources."""

    allow_create = True
    allow_fetch = True
    allow_commit = True
    allow_delete = True
    allow_list = True

    #: The id of the policy that holds the rule.
    qos_policy_id = resource.URI("qos_policy_id")
    #: `egress` (what the instance sends, the default) or `ingress`.
    direction = resource.Body("direction")


class QoSDelayRule(QoSRule):
    """Delay with jitter in one direction of a QoS policy."""

    resource_key = DELAY.member
    resources_key = DELAY.collection
    base_path = f"/qos/policies/%(qos_policy_id)s/{DELAY.collection}"

    _query_mapping = resource.QueryParameters("delay_ms", "delay_correlation_ms", "direction")

    #: One-way delay in milliseconds.
    delay_ms = resource.Body("delay_ms")
    #: Jitter in either direction in milliseconds; default 0.
    delay_correlation_ms = resource.Body("delay_correlation_ms")


class QoSLossRule(QoSRule):
    """Packet loss in one direction of a QoS policy."""

    resource_key = LOSS.member
    resources_key = LOSS.collection
    base_path = f"/qos/policies/%(qos_policy_id)s/{LOSS.collection}"

    _query_mapping = resource.QueryParameters("loss_pct", "loss_burst_packets", "direction")

    #: Share of the packets that is dropped, in percent.
    loss_pct = resource.Body("loss_pct")
    #: Mean length of a run of lost packets; default 1, each packet by itself.
    loss_burst_packets = resource.Body("loss_burst_packets")


class QoSDuplicateRule(QoSRule):
    """Duplication in one direction of a QoS policy."""

    resource_key = DUPLICATE.member
    resources_key = DUPLICATE.collection
    base_path = f"/qos/policies/%(qos_policy_id)s/{DUPLICATE.collection}"

    _query_mapping = resource.QueryParameters("duplicate_pct", "direction")

    #: Share of the packets that arrive twice, of those that arrive, in percent.
    duplicate_pct = resource.Body("duplicate_pct")


class QoSCorruptRule(QoSRule):
    """Corruption in one direction of a QoS policy."""

    resource_key = CORRUPT.member
    resources_key = CORRUPT.collection
    base_path = f"/qos/policies/%(qos_policy_id)s/{CORRUPT.collection}"

    _query_mapping = resource.QueryParameters("corrupt_pct", "direction")

    #: Share of the packets that arrive with one bit turned, in percent.
    corrupt_pct = resource.Body("corrupt_pct")


class QoSReorderRule(QoSRule):
    """Reordering in one direction of a QoS policy."""

    resource_key = REORDER.member
    resources_key = REORDER.collection
    base_path = f"/qos/policies/%(qos_policy_id)s/{REORDER.collection}"

    _query_mapping = resource.QueryParameters("reorder_pct", "direction")

    #: Share of the packets that skip the delay of their direction, in percent.
    reorder_pct = resource.Body("reorder_pct")


RESOURCES: Dict[str, Type[QoSRule]] = {
    DELAY.name: QoSDelayRule,
    LOSS.name: QoSLossRule,
    DUPLICATE.name: QoSDuplicateRule,
    CORRUPT.name: QoSCorruptRule,
    REORDER.name: QoSReorderRule,
}
"""The resource of each rule type, by its name."""
