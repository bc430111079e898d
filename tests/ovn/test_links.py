# SPDX-License-Identifier: Apache-2.0
"""A port's link reaches its rows in both of OVN's databases, and its meter gives way to it."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from tests.api import attaching
from tests.ovn import chassis
from tests.ovn.central import Central
from tests.ovn.rows import link, meters
from tests.support.neutron_api import NeutronApi

DELAY_AND_LOSS = {"v": 1, "egress": {"delay_us": 1000, "loss_ppm": 10000}}
LIMIT = 1000
BURST = 100


@pytest.fixture
def network(api: NeutronApi) -> str:
    return attaching.network(api)


@pytest.fixture(scope="module", autouse=True)
def served_chassis(ovn: Central, api: NeutronApi) -> None:
    chassis.add(ovn, "served")
    chassis.announce(ovn, api, "served")


def _rules(policy: str, rule_type: str) -> str:
    return f"/qos/policies/{policy}/{rule_type}_rules"


def _add(api: NeutronApi, policy: str, rule_type: str, **values: Any) -> str:
    body = {f"{rule_type}_rule": values or attaching.RULES[rule_type]}
    answer = api.post(_rules(policy, rule_type), body)
    assert answer.status == 201, answer.body
    return answer.body[f"{rule_type}_rule"]["id"]


def test_all_rule_types_are_listed(api: NeutronApi) -> None:
    listed = api.get("/qos/rule-types").body["rule_types"]
    assert {"delay", "loss", "bandwidth_limit", "dscp_marking"} <= {e["type"] for e in listed}
    (driver,) = api.get("/qos/rule-types/delay").body["rule_type"]["drivers"]
    assert driver["name"] == "OVNQosDriver"


@pytest.mark.parametrize("host", ["", "served"])
def test_a_port_has_the_link_of_its_policy_from_birth_to_death(
    api: NeutronApi, ovn: Central, network: str, host: str
) -> None:
    policy = attaching.policy(api, "delay", "loss")
    port = attaching.port(api, network, host, qos_policy_id=policy)
    assert link(ovn, port) == DELAY_AND_LOSS
    assert ovn.wait_for_sb_link(port["id"]) == DELAY_AND_LOSS
    for other, said in (
        (attaching.policy(api, "delay"), {"v": 1, "egress": {"delay_us": 1000}}),
        (attaching.policy(api), None),
        (policy, DELAY_AND_LOSS),
        (None, None),
    ):
        assert attaching.attach(api, port, other).status == 200
        assert link(ovn, port) == said
    assert api.delete(f"/ports/{port['id']}").status == 204
    assert not ovn.rows("nb", "Logical_Switch_Port", f"name={port['id']}")


def test_an_edit_reaches_all_ports_of_the_policy(
    api: NeutronApi, ovn: Central, network: str
) -> None:
    policy = attaching.policy(api)
    ports = [attaching.port(api, network, "served", qos_policy_id=policy) for _ in range(3)]
    rule = _add(api, policy, "delay", delay_ms=5, direction="ingress")
    for port in ports:
        assert link(ovn, port) == {"v": 1, "ingress": {"delay_us": 5000}}
    path = f"{_rules(policy, 'delay')}/{rule}"
    assert api.put(path, {"delay_rule": {"delay_ms": 7, "direction": "egress"}}).status == 200
    for port in ports:
        assert link(ovn, port) == {"v": 1, "egress": {"delay_us": 7000}}
    assert api.delete(path).status == 204
    assert [link(ovn, port) for port in ports] == [None] * 3


def test_a_network_has_a_policy_for_its_ports(api: NeutronApi, ovn: Central) -> None:
    network = attaching.network(api, qos_policy_id=attaching.policy(api, "delay"))
    of_network = attaching.port(api, network, "served")
    own = attaching.port(api, network, "served", qos_policy_id=attaching.policy(api, "loss"))
    dhcp = attaching.port(api, network, device_owner="network:dhcp")
    assert link(ovn, of_network) == {"v": 1, "egress": {"delay_us": 1000}}
    assert link(ovn, own) == {"v": 1, "egress": {"loss_ppm": 10000}}
    assert link(ovn, dhcp) is None
    other = {"network": {"qos_policy_id": attaching.policy(api, "loss")}}
    assert api.put(f"/networks/{network}", other).status == 200
    assert link(ovn, of_network) == {"v": 1, "egress": {"loss_ppm": 10000}}
    assert api.put(f"/networks/{network}", {"network": {"qos_policy_id": None}}).status == 200
    assert link(ovn, of_network) is None
    assert link(ovn, own) == {"v": 1, "egress": {"loss_ppm": 10000}}


def test_bandwidth_moves_to_us_in_a_direction_that_has_ours(
    api: NeutronApi, ovn: Central, network: str
) -> None:
    policy = attaching.policy(api)
    port = attaching.port(api, network, "served", qos_policy_id=policy)
    for direction in ("egress", "ingress"):
        _add(
            api, policy, "bandwidth_limit",
            max_kbps=LIMIT, max_burst_kbps=BURST, direction=direction,
        )  # fmt: skip
    _add(api, policy, "dscp_marking", dscp_mark=10)
    metered = {"rate": LIMIT, "burst": BURST}
    assert link(ovn, port) is None
    assert meters(ovn, port) == {"egress": {**metered, "dscp": 10}, "ingress": metered}

    delay = _add(api, policy, "delay")
    assert link(ovn, port) == {
        "v": 1,
        "egress": {"delay_us": 1000, "rate_kbps": LIMIT, "burst_kbit": BURST},
    }
    assert meters(ovn, port) == {"egress": {"dscp": 10}, "ingress": metered}

    assert api.delete(f"{_rules(policy, 'delay')}/{delay}").status == 204
    assert link(ovn, port) is None
    assert meters(ovn, port) == {"egress": {**metered, "dscp": 10}, "ingress": metered}


def test_a_stock_policy_is_as_without_us(api: NeutronApi, ovn: Central, network: str) -> None:
    policy = attaching.policy(api, "bandwidth_limit")
    port = attaching.port(api, network, "served", qos_policy_id=policy)
    assert meters(ovn, port) == {"egress": {"rate": LIMIT, "burst": BURST}}
    (row,) = ovn.rows("nb", "Logical_Switch_Port", f"name={port['id']}")
    assert "netem:link" not in row["external_ids"]


def test_what_neutron_writes_keeps_the_link(api: NeutronApi, ovn: Central, network: str) -> None:
    port = attaching.port(api, network, "", qos_policy_id=attaching.policy(api, "delay", "loss"))
    nova = api.as_user("ours", "admin,service,reader")
    changes: Dict[str, Any]
    for changes in (
        {"name": "another"},
        {"binding:host_id": "served"},
        {"allowed_address_pairs": [{"ip_address": "10.9.8.7"}]},
        {"binding:host_id": ""},
    ):
        assert nova.put(f"/ports/{port['id']}", {"port": changes}).status == 200
        assert link(ovn, port) == DELAY_AND_LOSS


def test_no_rule_of_ours_is_warned_of(
    api: NeutronApi, network: str, caplog: pytest.LogCaptureFixture
) -> None:
    attaching.port(api, network, "served", qos_policy_id=attaching.policy(api, "delay", "loss"))
    assert not [each for each in caplog.records if "not supported" in each.getMessage()]


def test_selectors_travel_with_the_link_and_take_a_limit_from_ovn(
    api: NeutronApi, ovn: Central, network: str
) -> None:
    policy = attaching.policy(api)
    port = attaching.port(api, network, "served", qos_policy_id=policy)
    selector = {"action": "pass", "priority": 3, "protocol": "tcp"}
    _add(api, policy, "selector", **selector, port_range_min=22, port_range_max=22)
    assert link(ovn, port) is None
    _add(api, policy, "bandwidth_limit", max_kbps=1000, max_burst_kbps=100)
    ssh = [3, "pass", "IPv4", 6, 22, 22, None]
    egress = {"rate_kbps": 1000, "burst_kbit": 100, "selectors": [ssh]}
    assert link(ovn, port) == {"v": 2, "egress": egress}
    assert meters(ovn, port) == {}
