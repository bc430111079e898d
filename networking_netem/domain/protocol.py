# SPDX-License-Identifier: Apache-2.0
"""Protocols on top of IP, by the names that security group rules have for them."""

from __future__ import annotations

from typing import Dict, Optional

ICMP, TCP, UDP, IPV6_ICMP = 1, 6, 17, 58

NUMBERS: Dict[str, int] = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "icmp": ICMP,
    "icmpv6": IPV6_ICMP,
    "igmp": 2,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-icmp": IPV6_ICMP,
    "ipv6-nonxt": 59,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": TCP,
    "udp": UDP,
    "udplite": 136,
    "vrrp": 112,
}
"""Those of Neutron (IP_PROTOCOL_MAP in neutron_lib.constants), without the headers below."""

HEADERS = frozenset({0, 43, 44, 60})
"""Extension headers of IPv6 (RFC 8200), which come before a protocol. Neutron names them too."""

WITH_PORTS = frozenset({TCP, UDP, NUMBERS["dccp"], NUMBERS["sctp"], NUMBERS["udplite"]})
"""Their header begins with the two ports (SG_PORT_PROTO_NUMS in neutron.common._constants)."""

WITH_TYPES = frozenset({ICMP, IPV6_ICMP})
"""Their header begins with a type and a code."""

ONLY_IPV6 = frozenset({NUMBERS["ipv6-encap"], IPV6_ICMP, NUMBERS["ipv6-nonxt"]})
"""Neutron refuses these in a rule for IPv4 (17 to 29)."""

ANY = "any"
"""The word for every protocol."""

_NAMES = {number: name for name, number in NUMBERS.items() if name != "icmpv6"}


def number(text: str) -> Optional[int]:
    """The number of a protocol that is named or numbered; None for none, or an extension header."""
    lowered = text.strip().lower()
    if lowered in NUMBERS:
        return NUMBERS[lowered]
    if not (lowered.isascii() and lowered.isdigit() and len(lowered) <= 3):
        return None
    value = int(lowered)
    return value if value <= 255 and value not in HEADERS else None


def name(of: int) -> str:
    """The name of a protocol, or its number where it has none."""
    return _NAMES.get(of, str(of))
