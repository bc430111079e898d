# SPDX-License-Identifier: Apache-2.0
"""What selectors say of a frame, worked out without a program."""

from __future__ import annotations

import ipaddress
from typing import Collection, List, Tuple

from networking_netem.domain.link import Direction
from networking_netem.domain.selector import IPV6, PASS, Selector
from tests.support.frame import ICMP, ICMPV6, TCP, UDP, Frame


def passes(frame: Frame, direction: Direction, selectors: Collection[Selector]) -> bool:
    """Whether a frame goes past the link."""
    for each in sorted(selectors, key=lambda each: each.priority):
        if _names(each, frame, direction):
            return each.passes
    return any(not each.passes for each in selectors)


def _names(selector: Selector, frame: Frame, direction: Direction) -> bool:
    remote = frame.destination if direction is Direction.EGRESS else frame.source
    if selector.version != frame.version or selector.wire_protocol not in (None, frame.protocol):
        return False
    if selector.network and ipaddress.ip_address(remote) not in selector.network:
        return False
    low, high = selector.port_range_min, selector.port_range_max
    if low is None:
        return True
    if frame.fragment:
        return False
    if frame.protocol in (ICMP, ICMPV6):
        return low == frame.ports[0] and high in (None, frame.ports[1])
    assert high is not None
    return any(low <= port <= high for port in frame.ports)


def longest() -> List[Selector]:
    """The selectors whose program is the longest."""
    protocols = (TCP, UDP, 132, 33, 136, ICMPV6, TCP, UDP)
    return [
        Selector(number, PASS, IPV6, protocol, *_range(protocol), f"2001:db8:1:42::{number}/127")
        for number, protocol in enumerate(protocols)
    ]


def _range(protocol: int) -> Tuple[int, int]:
    return (128, 1) if protocol == ICMPV6 else (1_000, 2_000)
