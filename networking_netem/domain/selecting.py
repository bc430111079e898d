# SPDX-License-Identifier: Apache-2.0
"""The program that lets past the ifb what the selectors of a direction let pass."""

from __future__ import annotations

import functools
from typing import List, Optional, Tuple

from networking_netem.domain import program as bpf
from networking_netem.domain import protocol as protocols
from networking_netem.domain.filters import Passes
from networking_netem.domain.link import Direction
from networking_netem.domain.program import Line, Lines
from networking_netem.domain.selector import Selector, in_order, passes_unnamed

_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS = (0x8100, 0x88A8)
"""802.1Q and 802.1ad. The kernel has taken out the outer tag of what a device receives."""
_MOST_TAGS = 2
_MOST_HEADERS = 6
"""Extension headers of IPv6 that are looked into; RFC 8200 has four that come before ports."""
_OPTIONS, _FRAGMENT = (0, 43, 60), 44

_PROTOCOL, _FIRST, _SECOND, _ADDRESS = 0, 1, 2, 3
"""Cells of memory: protocol; ports, or type and code; the words of the remote address from here."""
_NEITHER = 0xFFFFFFFF
"""No port, no type: a later fragment has none."""


@functools.lru_cache(maxsize=4096)
def selected(direction: Direction, selectors: Tuple[Selector, ...]) -> Optional[Passes]:
    """What lets packets past the ifb of a direction by its selectors; None where all go through.

    A packet that is cut short goes through: the kernel returns 0 when a program reads behind its
    end. ``X`` is the offset of IP's header, and later that of what comes after it.
    """
    if not selectors:
        return None
    ordered = in_order(selectors)
    lines: Lines = [
        *_ethertype(),
        Line(bpf.IF_EQUAL, _IPV4, then="to ipv4"),
        Line(bpf.IF_EQUAL, _IPV6, then="to ipv6"),
        _verdict(passes_unnamed(selectors)),
        *("to ipv4", Line(bpf.JUMP, then="ipv4")),
        *("to ipv6", Line(bpf.JUMP, then="ipv6")),
    ]
    for version in (4, 6):
        named = [each for each in ordered if each.version == version]
        lines += [f"ipv{version}", *_family(direction, version, named)]
        lines.append(_verdict(passes_unnamed(selectors)))
    return Passes(bpf.assembled(lines), None)


def _verdict(passes: bool) -> Line:
    return Line(bpf.RETURN, bpf.YES if passes else bpf.NO)


def _ethertype() -> Lines:
    """The type of what the frame carries in ``A``, where that begins in ``X``."""
    lines: Lines = []
    for count in range(_MOST_TAGS + 1):
        offset = 12 + 4 * count
        lines += [Line(bpf.VALUE_TO_X, offset + 2), Line(bpf.LOAD_HALF, offset)]
        if count < _MOST_TAGS:
            first, second = _TAGS
            lines.append(Line(bpf.IF_EQUAL, first, then=f"tagged {count}"))
            lines.append(Line(bpf.IF_EQUAL, second, otherwise="untagged"))
            lines.append(f"tagged {count}")
    return [*lines, "untagged"]


def _family(direction: Direction, version: int, selectors: List[Selector]) -> Lines:
    """The packets of one version of IP. What no selector names falls through."""
    if not selectors:
        return []
    words = {word for each in selectors for word, _, _ in _words(each)}
    lines: Lines = []
    for word in sorted(words):
        lines.append(Line(bpf.LOAD_WORD_AT_X, _address(direction, version) + 4 * word))
        lines.append(Line(bpf.STORE, _ADDRESS + word))
    if any(each.protocol is not None for each in selectors):
        lines += [Line(bpf.LOAD_VALUE, _NEITHER), *_stored(_FIRST), *_stored(_SECOND)]
        lines += _ipv4_protocol() if version == 4 else _ipv6_protocol()
        lines += _ports(version, selectors)
    for number, each in enumerate(selectors):
        lines += _selector(each, f"after {number} of ipv{version}")
    return lines


def _stored(cell: int) -> Lines:
    return [Line(bpf.STORE, cell)]


def _address(direction: Direction, version: int) -> int:
    """Where the remote address is in the header."""
    is_source = direction is Direction.INGRESS
    if version == 4:
        return 12 if is_source else 16
    return 8 if is_source else 24


def _ipv4_protocol() -> Lines:
    return [
        *(Line(bpf.LOAD_BYTE_AT_X, 9), Line(bpf.STORE, _PROTOCOL)),
        *(Line(bpf.LOAD_HALF_AT_X, 6), Line(bpf.IF_ANY_BIT, 0x1FFF, then="far later 4")),
        *(Line(bpf.LOAD_BYTE_AT_X, 0), Line(bpf.AND, 0x0F), Line(bpf.SHIFT_LEFT, 2)),
        *(Line(bpf.ADD_X), Line(bpf.A_TO_X), Line(bpf.JUMP, then="first 4")),
        *("far later 4", Line(bpf.JUMP, then="named 4")),
        "first 4",
    ]


def _ipv6_protocol() -> Lines:
    lines: Lines = [
        *(Line(bpf.LOAD_BYTE_AT_X, 6), Line(bpf.STORE, _PROTOCOL)),
        *(Line(bpf.X_TO_A), Line(bpf.ADD, 40), Line(bpf.A_TO_X)),
    ]
    for count in range(_MOST_HEADERS):
        options, fragment, onward = f"options {count}", f"fragment {count}", f"header {count + 1}"
        lines += [
            Line(bpf.LOAD_MEMORY, _PROTOCOL),
            *(Line(bpf.IF_EQUAL, header, then=options) for header in _OPTIONS),
            Line(bpf.IF_EQUAL, _FRAGMENT, then=fragment),
            Line(bpf.JUMP, then="first 6"),
            *(options, Line(bpf.LOAD_BYTE_AT_X, 0), Line(bpf.STORE, _PROTOCOL)),
            *(Line(bpf.LOAD_BYTE_AT_X, 1), Line(bpf.ADD, 1), Line(bpf.SHIFT_LEFT, 3)),
            *(Line(bpf.ADD_X), Line(bpf.A_TO_X), Line(bpf.JUMP, then=onward)),
            *(fragment, Line(bpf.LOAD_BYTE_AT_X, 0), Line(bpf.STORE, _PROTOCOL)),
            *(Line(bpf.LOAD_HALF_AT_X, 2), Line(bpf.IF_GREATER, 7, otherwise=f"whole {count}")),
            Line(bpf.JUMP, then="named 6"),
            *(f"whole {count}", Line(bpf.X_TO_A), Line(bpf.ADD, 8), Line(bpf.A_TO_X)),
            onward,
        ]
    return [*lines, "first 6"]


def _ports(version: int, selectors: List[Selector]) -> Lines:
    """Ports, or type and code, of the protocols that a selector asks for them."""
    asked = sorted(
        {each.wire_protocol for each in selectors if each.wire_protocol and each.has_range}
    )
    lines: Lines = []
    if asked:
        lines.append(Line(bpf.LOAD_MEMORY, _PROTOCOL))
    for of, load, size in (
        (protocols.WITH_PORTS, bpf.LOAD_HALF_AT_X, 2),
        (protocols.WITH_TYPES, bpf.LOAD_BYTE_AT_X, 1),
    ):
        here, behind = f"with {size} {version}", f"behind {size} {version}"
        found = [each for each in asked if each in of]
        for each in found[:-1]:
            lines.append(Line(bpf.IF_EQUAL, each, then=here))
        for each in found[-1:]:
            lines += [Line(bpf.IF_EQUAL, each, otherwise=behind), here]
            lines += [Line(load, 0), *_stored(_FIRST), Line(load, size), *_stored(_SECOND)]
            lines += [Line(bpf.JUMP, then=f"named {version}"), behind]
    return [*lines, f"named {version}"]


def _selector(selector: Selector, after: str) -> Lines:
    lines: Lines = []
    protocol = selector.wire_protocol
    low, high = selector.port_range_min, selector.port_range_max
    if protocol is not None:
        lines.append(Line(bpf.LOAD_MEMORY, _PROTOCOL))
        lines.append(Line(bpf.IF_EQUAL, protocol, otherwise=after))
    if protocol in protocols.WITH_TYPES and low is not None:
        lines += [Line(bpf.LOAD_MEMORY, _FIRST), Line(bpf.IF_EQUAL, low, otherwise=after)]
        if high is not None:
            lines += [Line(bpf.LOAD_MEMORY, _SECOND), Line(bpf.IF_EQUAL, high, otherwise=after)]
    elif low is not None and high is not None:
        other, both = f"other port {after}", f"in range {after}"
        lines += [
            *(Line(bpf.LOAD_MEMORY, _FIRST), Line(bpf.IF_AT_LEAST, low, otherwise=other)),
            *(Line(bpf.IF_GREATER, high, otherwise=both), other),
            *(Line(bpf.LOAD_MEMORY, _SECOND), Line(bpf.IF_AT_LEAST, low, otherwise=after)),
            *(Line(bpf.IF_GREATER, high, then=after), both),
        ]
    for word, mask, wanted in _words(selector):
        lines.append(Line(bpf.LOAD_MEMORY, _ADDRESS + word))
        if mask != _NEITHER:
            lines.append(Line(bpf.AND, mask))
        lines.append(Line(bpf.IF_EQUAL, wanted, otherwise=after))
    return [*lines, _verdict(selector.passes), after]


def _words(selector: Selector) -> List[Tuple[int, int, int]]:
    """The words of the remote address that matter: number, mask and what they must be."""
    network = selector.network
    if network is None:
        return []
    address, mask = int(network.network_address), int(network.netmask)
    count = 1 if selector.version == 4 else 4
    split = [32 * (count - 1 - word) for word in range(count)]
    return [
        (word, mask >> shift & _NEITHER, address >> shift & _NEITHER)
        for word, shift in enumerate(split)
        if mask >> shift & _NEITHER
    ]
