# SPDX-License-Identifier: Apache-2.0
"""Policies, networks and ports by requests, and a policy put on a port."""

from __future__ import annotations

from typing import Any, Optional

from tests.support.neutron_api import Answer, NeutronApi
from tests.support.values import VALUES

RULES = {
    **VALUES,
    "bandwidth_limit": {"max_kbps": 1000, "max_burst_kbps": 100},
}


def network(api: NeutronApi, **values: Any) -> str:
    answer = api.post("/networks", {"network": {"name": "net", **values}})
    assert answer.status == 201
    return answer.body["network"]["id"]


def policy(api: NeutronApi, *rule_types: str, **values: Any) -> str:
    """Return the id of a new policy with a rule of each type."""
    answer = api.post("/qos/policies", {"policy": {"name": "some", **values}})
    policy = answer.body["policy"]["id"]
    for rule_type in rule_types:
        assert add_rule(api, policy, rule_type).status == 201
    return policy


def add_rule(api: NeutronApi, policy: str, rule_type: str) -> Answer:
    path = f"/qos/policies/{policy}/{rule_type}_rules"
    return api.post(path, {f"{rule_type}_rule": RULES[rule_type]})


def port(api: NeutronApi, network: str, host: str = "", **values: Any) -> dict[str, Any]:
    if host:
        values["binding:host_id"] = host
    # Only a service such as Nova may set a profile (29).
    nova = api.as_user("ours", "admin,service,reader")
    answer = nova.post("/ports", {"port": {"network_id": network, **values}})
    assert answer.status == 201, answer.body
    return answer.body["port"]


def attach(api: NeutronApi, port: dict[str, Any], policy: Optional[str]) -> Answer:
    return api.put(f"/ports/{port['id']}", {"port": {"qos_policy_id": policy}})


def assert_refused(answer: Answer, rule_type: str, port: dict[str, Any], reason: str) -> None:
    assert answer.status == 409, answer.body
    assert answer.body["NeutronError"]["type"] == "QosRuleNotSupported"
    said = f"Rule {rule_type} is not supported by port {port['id']}: {reason}"
    assert answer.message.startswith(said)
