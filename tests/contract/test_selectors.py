# SPDX-License-Identifier: Apache-2.0
"""Selectors in the API: the words of a security group rule, and what does not go together."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from neutron.common import _constants as neutron_constants
from neutron_lib import constants as lib_constants

from networking_netem.domain import protocol as protocols
from networking_netem.domain.selector import MOST
from tests.support.neutron_api import NeutronApi

SSH = {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
NULLS: Dict[str, Any] = {
    "protocol": None,
    "port_range_min": None,
    "port_range_max": None,
    "remote_ip_prefix": None,
}


@pytest.fixture
def path(policy: str) -> str:
    return f"{policy}/selector_rules"


def create(api: NeutronApi, path: str, **values: Any) -> Any:
    return api.post(path, {"selector_rule": {"action": "pass", "priority": 1, **values}})


def test_protocols_are_neutrons() -> None:
    headers = {name for name, n in lib_constants.IP_PROTOCOL_MAP.items() if n in protocols.HEADERS}
    named = {name: n for name, n in lib_constants.IP_PROTOCOL_MAP.items() if name not in headers}
    assert named == protocols.NUMBERS
    assert set(neutron_constants.SG_PORT_PROTO_NUMS) == protocols.WITH_PORTS
    assert protocols.ANY in neutron_constants.SG_RULE_PROTO_ANY


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({}, {"ethertype": "IPv4", "direction": "egress"}),
        (SSH, {**SSH, "ethertype": "IPv4"}),
        ({"protocol": "TCP"}, {"protocol": "tcp"}),
        ({"protocol": 6}, {"protocol": "6"}),
        ({"protocol": "any"}, {}),
        ({"protocol": "icmp", "port_range_min": 8}, {"protocol": "icmp", "port_range_min": 8}),
        ({"protocol": "ipv6-icmp"}, {"protocol": "ipv6-icmp", "ethertype": "IPv6"}),
        (
            {"ethertype": "IPv6", "protocol": "icmp", "port_range_min": 128, "port_range_max": 0},
            {"ethertype": "IPv6", "port_range_min": 128, "port_range_max": 0, "protocol": "icmp"},
        ),
        ({"remote_ip_prefix": "fd00::7/8"}, {"remote_ip_prefix": "fd00::/8", "ethertype": "IPv6"}),
        ({"remote_ip_prefix": "10.0.0.7"}, {"remote_ip_prefix": "10.0.0.7/32"}),
        ({"priority": "7", "ethertype": None}, {"priority": 7, "ethertype": "IPv4"}),
    ],
    ids=str,
)
def test_a_selector_comes_back(
    api: NeutronApi, policy: str, path: str, sent: Dict[str, Any], stored: Dict[str, Any]
) -> None:
    created = create(api, path, **sent)
    assert created.status == 201, created.message
    rule = created.body["selector_rule"]
    whole = {"action": "pass", "priority": 1, "direction": "egress", **NULLS, **stored}
    assert {name: rule[name] for name in whole} == whole
    assert api.get(f"{path}/{rule['id']}").body == created.body
    (listed,) = api.get(policy).body["policy"]["rules"]
    assert {name: listed[name] for name in whole} == whole
    assert listed["type"] == "selector"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"port_range_min": 22}, "port_range_min must be absent where protocol is none of"),
        ({**SSH, "protocol": "esp"}, "port_range_min must be absent where protocol is none of"),
        ({**SSH, "port_range_max": 21}, "port_range_max must be 22 (port_range_min) or more"),
        ({"protocol": "tcp", "port_range_min": 1}, "port_range_max must be a whole number from 1"),
        ({**SSH, "port_range_min": 0}, "port_range_min must be a whole number from 1 to 65535"),
        ({"protocol": "icmp", "port_range_max": 0}, "port_range_min must be given with a code"),
        ({"protocol": "ipv6-icmp", "ethertype": "IPv4"}, "ethertype must be IPv6 with the"),
        ({"protocol": "ipv6-frag"}, "protocol must be a number from 1 to 255 or a name"),
        ({"protocol": 0}, "protocol must be a number from 1 to 255 or a name"),
        (
            {"ethertype": "IPv6", "remote_ip_prefix": "10.0.0.0/8"},
            "remote_ip_prefix must be a prefix of IPv6, as is the ethertype, not '10.0.0.0/8'",
        ),
        ({"remote_ip_prefix": "10.0.0.0/33"}, "remote_ip_prefix must be an address or a prefix"),
        ({"remote_ip_prefix": "fe80::1%eth0"}, "remote_ip_prefix must be an address or a prefix"),
        ({"priority": 1001}, "priority must be a whole number from 0 to 1000, not 1001"),
        ({"priority": 1.5}, "priority must be a whole number from 0 to 1000, not 1.5"),
        ({"priority": None}, "priority must be a whole number from 0 to 1000, not None"),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(
    api: NeutronApi, path: str, sent: Dict[str, Any], message: str
) -> None:
    answer = create(api, path, **sent)
    assert answer.status == 400
    assert message in answer.message
    assert api.get(path).body == {"selector_rules": []}


@pytest.mark.parametrize("lacking", ["action", "priority"])
def test_what_must_be_given(api: NeutronApi, path: str, lacking: str) -> None:
    rule = {"action": "impair", "priority": 0}
    del rule[lacking]
    answer = api.post(path, {"selector_rule": rule})
    assert answer.status == 400
    assert f"'{lacking}' not specified" in answer.message


def test_a_change_is_looked_at_as_a_whole(api: NeutronApi, path: str) -> None:
    rule_id = create(api, path, **SSH).body["selector_rule"]["id"]
    at = f"{path}/{rule_id}"

    def change(**values: Any) -> Any:
        return api.put(at, {"selector_rule": values})

    assert change(protocol=None).status == 400
    assert change(remote_ip_prefix="fd00::/8").status == 400
    assert change(port_range_min=23).status == 400
    before = api.get(at).body
    changed = change(remote_ip_prefix="fd00::/8", ethertype=None)
    assert changed.status == 200
    assert changed.body["selector_rule"]["ethertype"] == "IPv6"
    assert changed.body == api.get(at).body != before
    nothing = change(protocol=None, port_range_min=None, port_range_max=None, remote_ip_prefix=None)
    assert {name: nothing.body["selector_rule"][name] for name in NULLS} == NULLS


def test_a_priority_is_taken_once_in_a_direction(api: NeutronApi, path: str) -> None:
    assert create(api, path).status == 201
    assert create(api, path).status == 409
    other = create(api, path, direction="ingress")
    assert other.status == 201
    at = f"{path}/{other.body['selector_rule']['id']}"
    assert api.put(at, {"selector_rule": {"direction": "egress"}}).status == 409
    assert api.put(at, {"selector_rule": {"direction": "egress", "priority": 2}}).status == 200


def test_a_direction_has_eight_at_most(api: NeutronApi, path: str) -> None:
    for priority in range(MOST):
        assert create(api, path, priority=priority).status == 201
    ninth = create(api, path, priority=MOST)
    assert ninth.status == 409
    assert "at most 8 selector rules of direction egress" in ninth.message
    other = create(api, path, priority=MOST, direction="ingress")
    assert other.status == 201
    at = f"{path}/{other.body['selector_rule']['id']}"
    assert api.put(at, {"selector_rule": {"direction": "egress"}}).status == 409
    first = api.get(f"{path}?priority=0").body["selector_rules"][0]
    assert api.put(f"{path}/{first['id']}", {"selector_rule": {"priority": 900}}).status == 200
    assert api.delete(f"{path}/{first['id']}").status == 204
    assert api.put(at, {"selector_rule": {"direction": "egress"}}).status == 200
