# SPDX-License-Identifier: Apache-2.0
"""Policies, rules and ports as Neutron passes them to an agent."""

from __future__ import annotations

import uuid
from typing import Any, Dict

from neutron.agent.common import ovs_lib
from neutron.objects.qos import policy as qos_policy
from neutron.objects.qos import rule as qos_rule

from networking_netem.rules import objects

TAP = "tap11111111-11"
PORT_ID, POLICY_ID = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


def policy(*rules: Any) -> Any:
    """The policy `POLICY_ID` with these rules."""
    for rule in rules:
        rule.id, rule.qos_policy_id = str(uuid.uuid4()), POLICY_ID
    return qos_policy.QosPolicy(id=POLICY_ID, rules=list(rules))


def delay(delay_ms: int, direction: str) -> Any:
    """A delay rule without jitter."""
    return objects.QosDelayRule(delay_ms=delay_ms, delay_correlation_ms=0, direction=direction)


def limit(max_kbps: int, direction: str) -> Any:
    """A bandwidth limit with a burst of one second."""
    return qos_rule.QosBandwidthLimitRule(
        max_kbps=max_kbps, max_burst_kbps=max_kbps, direction=direction
    )


def port(device: str = TAP) -> Dict[str, Any]:
    """A port as the Open vSwitch agent passes it to extensions."""
    return {
        "port_id": PORT_ID,
        "qos_policy_id": POLICY_ID,
        "network_qos_policy_id": None,
        "device_owner": "compute:nova",
        "vif_port": ovs_lib.VifPort(device, 1, PORT_ID, "fa:16:3e:00:00:01", None),
    }
