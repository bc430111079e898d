# SPDX-License-Identifier: Apache-2.0
"""The rules as openstacksdk resources; pass `connection.network` as their session."""

from __future__ import annotations

from typing import Dict, Type

from openstack import resource

from networking_netem.domain.rule_types import (
    CORRUPT,
    DELAY,
    DUPLICATE,
    LOSS,
    REORDER,
    SELECTOR,
    TIMELINE,
)


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


class QoSSelectorRule(QoSRule):
    """Which packets of one direction of a QoS policy are impaired."""

    resource_key = SELECTOR.member
    resources_key = SELECTOR.collection
    base_path = f"/qos/policies/%(qos_policy_id)s/{SELECTOR.collection}"

    _query_mapping = resource.QueryParameters(
        *("action", "priority", "ethertype", "protocol", "port_range_min", "port_range_max"),
        *("remote_ip_prefix", "direction"),
    )

    #: `impair` or `pass`.
    action = resource.Body("action")
    #: 0 to 1000; the lowest is looked at first.
    priority = resource.Body("priority")
    #: `IPv4` or `IPv6`.
    ethertype = resource.Body("ethertype")
    #: Name or number; None for all.
    protocol = resource.Body("protocol")
    #: First port of either side, or type of ICMP; None for all.
    port_range_min = resource.Body("port_range_min")
    #: Last port, or code of ICMP; None for all.
    port_range_max = resource.Body("port_range_max")
    #: Addresses that the instance talks to; None for all.
    remote_ip_prefix = resource.Body("remote_ip_prefix")


class QoSTimelineRule(QoSRule):
    """What one direction of a QoS policy, or both, does when."""

    resource_key = TIMELINE.member
    resources_key = TIMELINE.collection
    base_path = f"/qos/policies/%(qos_policy_id)s/{TIMELINE.collection}"

    _query_mapping = resource.QueryParameters(
        *("steps", "length_ms", "repeat", "at_end", "start_at", "direction")
    )

    #: List of objects with `at_ms` and what holds from then on.
    steps = resource.Body("steps", type=list)
    #: Length of a round in milliseconds.
    length_ms = resource.Body("length_ms")
    #: How many rounds; default 1, and 0 is for ever.
    repeat = resource.Body("repeat")
    #: `revert` (the default) or `hold`.
    at_end = resource.Body("at_end")
    #: When the first round begins (RFC 3339); None: it is not running.
    start_at = resource.Body("start_at")
    #: Sets `start_at` to so many milliseconds from now; is not returned.
    start_in_ms = resource.Body("start_in_ms")
    #: `loaded`, `waiting`, `running` or `over`.
    state = resource.Body("state")
    #: The round that it is in.
    round = resource.Body("round")
    #: The step that it is in.
    step = resource.Body("step")


RESOURCES: Dict[str, Type[QoSRule]] = {
    DELAY.name: QoSDelayRule,
    LOSS.name: QoSLossRule,
    DUPLICATE.name: QoSDuplicateRule,
    CORRUPT.name: QoSCorruptRule,
    REORDER.name: QoSReorderRule,
    SELECTOR.name: QoSSelectorRule,
    TIMELINE.name: QoSTimelineRule,
}
"""The resource of each rule type, by its name."""
