# SPDX-License-Identifier: Apache-2.0
"""The rule type that says which packets a link hits: a selector, in a security group's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional

from networking_netem.domain import protocol as protocols
from networking_netem.domain.attribute import Choice, InvalidValue, Text, Whole
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.rule_type import DIRECTION, RuleType
from networking_netem.domain.selector import (
    ACTIONS,
    ETHERTYPES,
    IPV4,
    IPV6,
    MAX_PORT,
    MAX_PRIORITY,
    PREFIX_EXPECTED,
    PROTOCOL_EXPECTED,
    Selector,
    network,
)


def _protocol(text: str) -> Optional[str]:
    lowered = text.strip().lower()
    if lowered == protocols.ANY:
        return None
    if protocols.number(lowered) is None:
        raise InvalidValue("protocol", PROTOCOL_EXPECTED, text)
    return lowered


def _prefix(text: str) -> str:
    return str(network(text))


ACTION = Choice(
    "action",
    choices=ACTIONS,
    help="What becomes of these packets: they are impaired, or they pass.",
)
PRIORITY = Whole(
    "priority",
    0,
    MAX_PRIORITY,
    help="Which selector is looked at first: the lowest. The first that names a packet decides.",
)
ETHERTYPE = Choice(
    "ethertype",
    choices=ETHERTYPES,
    help="Version of IP. When absent it is that of the prefix or protocol, else IPv4.",
    is_optional=True,
)
PROTOCOL = Text(
    "protocol",
    PROTOCOL_EXPECTED,
    help="Protocol by name or number, as in a security group rule; any when absent.",
    read=_protocol,
    longest=20,
)
PORT_RANGE_MIN = Whole(
    "port_range_min",
    0,
    MAX_PORT,
    help="First port of a range. Either port of a packet may be in it. Of ICMP, the type.",
    is_optional=True,
)
PORT_RANGE_MAX = Whole(
    "port_range_max",
    0,
    MAX_PORT,
    help="Last port of the range. Of ICMP, the code.",
    is_optional=True,
)
REMOTE_IP_PREFIX = Text(
    "remote_ip_prefix",
    PREFIX_EXPECTED,
    help="Addresses that the instance talks to; any when absent.",
    read=_prefix,
    longest=64,
)


@dataclass(frozen=True)
class SelectorType(RuleType):
    """The rule type of selectors: a policy has several in a direction."""

    def check(self, values: Mapping[str, Any]) -> None:
        selector(values)

    def put_on(self, link: Link, direction: Direction, values: Mapping[str, Any]) -> Link:
        return link.with_selector(direction, selector(values))

    def drop_from(self, link: Link, direction: Direction) -> Link:
        return link.with_selectors(direction, ())


SELECTOR = SelectorType(
    "selector",
    help="Which packets are impaired",
    attributes=(
        *(ACTION, PRIORITY, ETHERTYPE, PROTOCOL, PORT_RANGE_MIN, PORT_RANGE_MAX),
        *(REMOTE_IP_PREFIX, DIRECTION),
    ),
    key=(DIRECTION.name, PRIORITY.name),
)


def selector(values: Mapping[str, Any]) -> Selector:
    """The selector that a rule says; `values` are the rule's, parsed, by name of attribute.

    Raises ``InvalidValue`` for what does not go together.
    """
    named = values.get(PROTOCOL.name)
    protocol = None if named is None else protocols.number(named)
    if named is not None and protocol is None:
        raise InvalidValue(PROTOCOL.name, PROTOCOL_EXPECTED, named)
    prefix = values.get(REMOTE_IP_PREFIX.name)
    return Selector(
        priority=values[PRIORITY.name],
        action=values[ACTION.name],
        ethertype=values.get(ETHERTYPE.name) or _ethertype(protocol, prefix),
        protocol=protocol,
        port_range_min=values.get(PORT_RANGE_MIN.name),
        port_range_max=values.get(PORT_RANGE_MAX.name),
        remote_ip_prefix=prefix,
    )


def _ethertype(protocol: Optional[int], prefix: Optional[str]) -> str:
    if prefix is not None:
        return IPV6 if network(prefix).version == 6 else IPV4
    return IPV6 if protocol in protocols.ONLY_IPV6 else IPV4
