# SPDX-License-Identifier: Apache-2.0
"""Selectors: what is refused, as of a security group rule, and how they stand in a link."""

from __future__ import annotations

import re
from typing import Any, Dict

import pytest

from networking_netem.domain.attribute import InvalidValue
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.selector import IMPAIR, IPV6, PASS, Selector

TCP = {"protocol": 6}
ICMP = {"protocol": 1}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"priority": -1}, "priority must be a whole number from 0 to 1000, not -1"),
        ({"priority": 1001}, "priority must be a whole number from 0 to 1000, not 1001"),
        ({"priority": True}, "priority must be a whole number from 0 to 1000, not True"),
        ({"action": "drop"}, "action must be one of impair, pass, not 'drop'"),
        ({"ethertype": "ARP"}, "ethertype must be one of IPv4, IPv6, not 'ARP'"),
        ({"protocol": 256}, "protocol must be a number from 1 to 255 or a name .*256"),
        ({"protocol": 44}, "protocol must be .* but no extension header of IPv6, not 44"),
        ({"protocol": 58}, "ethertype must be IPv6 with the protocol ipv6-icmp, not 'IPv4'"),
        ({"port_range_min": 1}, "port_range_min must be absent where protocol is none of dccp,"),
        ({"port_range_max": 1}, "port_range_max must be absent where protocol is none of dccp,"),
        ({"protocol": 50, "port_range_min": 1}, "port_range_min must be absent where"),
        ({**TCP, "port_range_min": 1}, "port_range_max must be a whole number from 1 to 65535, as"),
        ({**TCP, "port_range_max": 1}, "port_range_min must be a whole number from 1 to 65535, as"),
        ({**TCP, "port_range_min": 0, "port_range_max": 9}, "port_range_min must be a whole"),
        ({**TCP, "port_range_min": 9, "port_range_max": 65_536}, "port_range_max must be a whole"),
        (
            {**TCP, "port_range_min": 9, "port_range_max": 8},
            r"port_range_max must be 9 \(port_range_min\) or more, not 8",
        ),
        ({**ICMP, "port_range_min": 256}, "port_range_min must be a whole number from 0 to 255"),
        ({**ICMP, "port_range_max": 0}, r"port_range_min must be given with a code of ICMP .*None"),
        ({"remote_ip_prefix": "10.0.0.0/33"}, "remote_ip_prefix must be an address or a prefix"),
        ({"remote_ip_prefix": "fd00::/8"}, "remote_ip_prefix must be a prefix of IPv4, as is the"),
        ({"ethertype": IPV6, "remote_ip_prefix": "10.0.0.1"}, "remote_ip_prefix must be a prefix"),
    ],
)
def test_what_a_security_group_rule_does_not_take(values: Dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Selector(**{"priority": 1, "action": PASS, **values})
    assert re.match(message, str(refused.value)), str(refused.value)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"protocol": 1, "ethertype": IPV6, "port_range_min": 128, "port_range_max": 0},
        {"protocol": 1, "port_range_min": 0},
        {**TCP, "port_range_min": 1, "port_range_max": 65_535},
        {"remote_ip_prefix": "10.0.0.7/8"},
        {"ethertype": IPV6, "remote_ip_prefix": "::/0"},
    ],
)
def test_what_it_takes(values: Dict[str, Any]) -> None:
    for priority in (0, 1000):
        assert Selector(**{"priority": priority, "action": PASS, **values})


def test_a_selector_as_text() -> None:
    ssh = Selector(1, PASS, protocol=6, port_range_min=22, port_range_max=22)
    assert str(ssh) == "pass IPv4 tcp 22"
    net = Selector(1, IMPAIR, IPV6, 17, 1, 9, "fd00::/8")
    assert str(net) == "impair IPv6 udp 1-9 of fd00::/8"
    assert str(Selector(1, PASS, protocol=1, port_range_min=3, port_range_max=3)) == (
        "pass IPv4 icmp 3-3"
    )
    link = Link(egress=Impairment(delay_us=1000), egress_selectors=(ssh,), ingress_selectors=(net,))
    assert str(link) == "egress 1 ms (pass IPv4 tcp 22); ingress clean"


def test_a_link_has_its_selectors_in_order_and_one_of_a_priority() -> None:
    first, second, other = (Selector(n, PASS) for n in (1, 7, 7))
    link = Link.CLEAN.with_selector(Direction.EGRESS, second).with_selector(Direction.EGRESS, first)
    assert link.selectors(Direction.EGRESS) == (first, second)
    assert link.with_selector(Direction.EGRESS, other) == link
    assert link.selectors(Direction.INGRESS) == ()
    assert link.with_selectors(Direction.EGRESS, ()) == Link.CLEAN
