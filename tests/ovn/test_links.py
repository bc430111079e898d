# SPDX-License-Identifier: Apache-2.0
"""A port's link reaches its rows in both of OVN's databases, and its meter gives way to it."""

from __future__ import annotations

import json
from typing import Any, Dict

from tests.api import attaching
from tests.ovn.central import Central
from tests.support.neutron_api import NeutronApi

KEY = "netem:link"


def test_all_rule_types_are_listed(api: NeutronApi) -> None:
    listed = api.get("/qos/rule-types").body["rule_types"]
    assert {"delay", "loss", "bandwidth_limit", "dscp_marking"} <= {e["type"] for e in listed}


def test_a_port_made_with_a_policy_has_its_link(api: NeutronApi, ovn: Central) -> None:
    policy = attaching.policy(api, "delay", "loss")
    port = attaching.port(api, attaching.network(api), qos_policy_id=policy)
    assert _link(ovn, port) == {"v": 1, "egress": {"delay_us": 1000, "loss_ppm": 10000}}
    assert api.delete(f"/ports/{port['id']}").status == 204


def _link(ovn: Central, port: Dict[str, Any]) -> Any:
    (row,) = ovn.rows("nb", "Logical_Switch_Port", f"name={port['id']}")
    text = row["external_ids"].get(KEY)
    return json.loads(text) if text else None
