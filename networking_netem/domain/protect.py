# SPDX-License-Identifier: Apache-2.0
"""Which packets are protected: an instance on a dead link keeps its lease and its neighbours."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Optional, Tuple, Union

from networking_netem.domain.filters import Instruction, Passes
from networking_netem.domain.link import Direction
from networking_netem.domain.police import protected_police

ARP, ND, DHCP, METADATA = "arp", "nd", "dhcp", "metadata"
PROTECTED = frozenset({ARP, ND, DHCP, METADATA})
"""ARP; neighbour and router discovery; DHCP and DHCPv6; 169.254.169.254 and fe80::a9fe:a9fe."""

_LOAD_BYTE, _LOAD_HALF, _LOAD_WORD, _LOAD_HALF_AT_X = 0x30, 0x28, 0x20, 0x48
_IPV4_HEADER_TO_X = 0xB1
_IF_EQUAL, _IF_GREATER, _IF_AT_LEAST, _IF_ANY_BIT = 0x15, 0x25, 0x35, 0x45
_RETURN = 0x06
"""Codes of classic BPF (include/uapi/linux/filter.h, bpf_common.h)."""

_ETHERTYPE, _IPV4, _IPV6, _ARP = 12, 0x0800, 0x86DD, 0x0806
"""The frame begins with its Ethernet header. The kernel takes a VLAN tag out before."""
_UDP, _ICMPV6 = 17, 58
_FRAGMENT_OFFSET = 0x1FFF
_METADATA_IPV4 = 0xA9FEA9FE
_METADATA_IPV6 = (0xFE800000, 0, 0, 0xA9FEA9FE)
_FIRST_ND, _LAST_ND = 133, 137
"""Router solicitation and advertisement, neighbour solicitation and advertisement, redirect."""


@dataclass(frozen=True)
class _Line:
    """An instruction with labels to jump to; no label is the next line."""

    code: int
    value: int
    then: Optional[str] = None
    otherwise: Optional[str] = None


_Lines = List[Union[_Line, str]]
"""A text in between is a label."""


@functools.lru_cache(maxsize=None)
def passes(direction: Direction, protected: FrozenSet[str], rate_kbps: int) -> Optional[Passes]:
    """What lets the protected traffic of a direction with this bandwidth limit past its ifb.

    A packet that is cut short is not protected: the kernel returns 0 when a program reads behind
    its end.
    """
    if not protected:
        return None
    lines: _Lines = [
        *_any_frame(protected),
        *("ipv4", *_ipv4(direction, protected)),
        *("ipv6", *_ipv6(direction, protected)),
        *("rest", _Line(_RETURN, 0)),
        *("pass", _Line(_RETURN, 0xFFFFFFFF)),
    ]
    return Passes(_assembled(lines), protected_police(rate_kbps))


def _any_frame(protected: FrozenSet[str]) -> _Lines:
    lines: _Lines = [_Line(_LOAD_HALF, _ETHERTYPE)]
    if ARP in protected:
        lines.append(_Line(_IF_EQUAL, _ARP, then="pass"))
    return [
        *lines,
        _Line(_IF_EQUAL, _IPV4, then="ipv4"),
        _Line(_IF_EQUAL, _IPV6, then="ipv6", otherwise="rest"),
    ]


def _ipv4(direction: Direction, protected: FrozenSet[str]) -> _Lines:
    lines: _Lines = []
    if METADATA in protected:
        peer = 30 if direction is Direction.EGRESS else 26
        lines += [_Line(_LOAD_WORD, peer), _Line(_IF_EQUAL, _METADATA_IPV4, then="pass")]
    if DHCP in protected:
        lines += [
            _Line(_LOAD_BYTE, 23),
            _Line(_IF_EQUAL, _UDP, otherwise="rest"),
            _Line(_LOAD_HALF, 20),
            _Line(_IF_ANY_BIT, _FRAGMENT_OFFSET, then="rest"),
            _Line(_IPV4_HEADER_TO_X, 14),
            _Line(_LOAD_HALF_AT_X, 16),
            _Line(_IF_EQUAL, 67, then="pass"),
            _Line(_IF_EQUAL, 68, then="pass"),
        ]
    return [*lines, _Line(_RETURN, 0)]


def _ipv6(direction: Direction, protected: FrozenSet[str]) -> _Lines:
    lines: _Lines = []
    if METADATA in protected:
        peer = 38 if direction is Direction.EGRESS else 22
        for offset, word in enumerate(_METADATA_IPV6[:-1]):
            lines += [_Line(_LOAD_WORD, peer + 4 * offset)]
            lines += [_Line(_IF_EQUAL, word, otherwise="no metadata")]
        lines += [_Line(_LOAD_WORD, peer + 12), _Line(_IF_EQUAL, _METADATA_IPV6[-1], then="pass")]
    lines += ["no metadata", _Line(_LOAD_BYTE, 20)]
    if ND in protected:
        lines += [
            _Line(_IF_EQUAL, _ICMPV6, otherwise="no icmp"),
            _Line(_LOAD_BYTE, 54),
            _Line(_IF_AT_LEAST, _FIRST_ND, otherwise="rest"),
            _Line(_IF_GREATER, _LAST_ND, then="rest", otherwise="pass"),
        ]
    if DHCP in protected:
        lines += [
            *("no icmp", _Line(_IF_EQUAL, _UDP, otherwise="rest")),
            _Line(_LOAD_HALF, 56),
            _Line(_IF_EQUAL, 546, then="pass"),
            _Line(_IF_EQUAL, 547, then="pass"),
        ]
    else:
        lines.append("no icmp")
    return [*lines, _Line(_RETURN, 0)]


def _assembled(lines: _Lines) -> Tuple[Instruction, ...]:
    labels: Dict[str, int] = {}
    code: List[_Line] = []
    for line in lines:
        if isinstance(line, str):
            labels[line] = len(code)
        else:
            code.append(line)
    return tuple(
        (
            line.code,
            labels[line.then] - number - 1 if line.then else 0,
            labels[line.otherwise] - number - 1 if line.otherwise else 0,
            line.value,
        )
        for number, line in enumerate(code)
    )
