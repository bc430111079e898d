# SPDX-License-Identifier: Apache-2.0
"""Which packets are protected: an instance on a dead link keeps its lease and its neighbours."""

from __future__ import annotations

import functools
from typing import FrozenSet, Optional

from networking_netem.domain.filters import Passes
from networking_netem.domain.link import Direction
from networking_netem.domain.police import protected_police
from networking_netem.domain.program import (
    IF_ANY_BIT,
    IF_AT_LEAST,
    IF_EQUAL,
    IF_GREATER,
    IPV4_HEADER_TO_X,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_HALF_AT_X,
    LOAD_WORD,
    NO,
    RETURN,
    YES,
    Line,
    Lines,
    assembled,
)

ARP, ND, DHCP, METADATA = "arp", "nd", "dhcp", "metadata"
PROTECTED = frozenset({ARP, ND, DHCP, METADATA})
"""ARP; neighbour and router discovery; DHCP and DHCPv6; 169.254.169.254 and fe80::a9fe:a9fe."""

_ETHERTYPE, _IPV4, _IPV6, _ARP = 12, 0x0800, 0x86DD, 0x0806
"""The frame begins with its Ethernet header. The kernel takes a VLAN tag out before."""
_UDP, _ICMPV6 = 17, 58
_FRAGMENT_OFFSET = 0x1FFF
_METADATA_IPV4 = 0xA9FEA9FE
_METADATA_IPV6 = (0xFE800000, 0, 0, 0xA9FEA9FE)
_FIRST_ND, _LAST_ND = 133, 137
"""Router solicitation and advertisement, neighbour solicitation and advertisement, redirect."""


@functools.lru_cache(maxsize=None)
def passes(direction: Direction, protected: FrozenSet[str], rate_kbps: int) -> Optional[Passes]:
    """What lets the protected traffic of a direction with this bandwidth limit past its ifb.

    A packet that is cut short is not protected: the kernel returns 0 when a program reads behind
    its end.
    """
    if not protected:
        return None
    lines: Lines = [
        *_any_frame(protected),
        *("ipv4", *_ipv4(direction, protected)),
        *("ipv6", *_ipv6(direction, protected)),
        *("rest", Line(RETURN, NO)),
        *("pass", Line(RETURN, YES)),
    ]
    return Passes(assembled(lines), protected_police(rate_kbps))


def _any_frame(protected: FrozenSet[str]) -> Lines:
    lines: Lines = [Line(LOAD_HALF, _ETHERTYPE)]
    if ARP in protected:
        lines.append(Line(IF_EQUAL, _ARP, then="pass"))
    return [
        *lines,
        Line(IF_EQUAL, _IPV4, then="ipv4"),
        Line(IF_EQUAL, _IPV6, then="ipv6", otherwise="rest"),
    ]


def _ipv4(direction: Direction, protected: FrozenSet[str]) -> Lines:
    lines: Lines = []
    if METADATA in protected:
        peer = 30 if direction is Direction.EGRESS else 26
        lines += [Line(LOAD_WORD, peer), Line(IF_EQUAL, _METADATA_IPV4, then="pass")]
    if DHCP in protected:
        lines += [
            Line(LOAD_BYTE, 23),
            Line(IF_EQUAL, _UDP, otherwise="rest"),
            Line(LOAD_HALF, 20),
            Line(IF_ANY_BIT, _FRAGMENT_OFFSET, then="rest"),
            Line(IPV4_HEADER_TO_X, 14),
            Line(LOAD_HALF_AT_X, 16),
            Line(IF_EQUAL, 67, then="pass"),
            Line(IF_EQUAL, 68, then="pass"),
        ]
    return [*lines, Line(RETURN, NO)]


def _ipv6(direction: Direction, protected: FrozenSet[str]) -> Lines:
    lines: Lines = []
    if METADATA in protected:
        peer = 38 if direction is Direction.EGRESS else 22
        for offset, word in enumerate(_METADATA_IPV6[:-1]):
            lines += [Line(LOAD_WORD, peer + 4 * offset)]
            lines += [Line(IF_EQUAL, word, otherwise="no metadata")]
        lines += [Line(LOAD_WORD, peer + 12), Line(IF_EQUAL, _METADATA_IPV6[-1], then="pass")]
    lines += ["no metadata", Line(LOAD_BYTE, 20)]
    if ND in protected:
        lines += [
            Line(IF_EQUAL, _ICMPV6, otherwise="no icmp"),
            Line(LOAD_BYTE, 54),
            Line(IF_AT_LEAST, _FIRST_ND, otherwise="rest"),
            Line(IF_GREATER, _LAST_ND, then="rest", otherwise="pass"),
        ]
    if DHCP in protected:
        lines += [
            *("no icmp", Line(IF_EQUAL, _UDP, otherwise="rest")),
            Line(LOAD_HALF, 56),
            Line(IF_EQUAL, 546, then="pass"),
            Line(IF_EQUAL, 547, then="pass"),
        ]
    else:
        lines.append("no icmp")
    return [*lines, Line(RETURN, NO)]
