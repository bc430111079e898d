# SPDX-License-Identifier: Apache-2.0
"""Whether the selectors of a link hit the probe's packets, which are UDP and TCP over IPv4."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional, Tuple

from netem_lab.verdict.row import Row, Verdict
from networking_netem.domain import protocol as protocols
from networking_netem.domain.impairment import NONE
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.selector import Selector, passes_unnamed

EPHEMERAL = range(32_768, 61_000)
"""The ports of the probe are among these (ip_local_port_range of Linux)."""


def seen_by_probe(link: Link) -> Link:
    """The link that the probe meets. A direction keeps its selectors where that is not known."""
    for direction in Direction:
        fate = _fate(link, direction)
        if fate is None:
            continue
        if fate:
            link = link.with_impairment(direction, NONE)
        link = link.with_selectors(direction, ())
    return link


def judged(link: Link, row: Row) -> Row:
    """The row, which is unsure where it is not known whether selectors hit the probe."""
    if row.verdict is Verdict.SHOWN or not link.selectors(Direction(row.direction)):
        return row
    measured = f"{row.measured}; the policy's selectors may tell it apart"
    return replace(row, verdict=Verdict.UNSURE, measured=measured)


def _fate(link: Link, direction: Direction) -> Optional[bool]:
    """Whether all of the probe's packets pass; None where it is not known."""
    selectors = link.selectors(direction)
    fates = {_passes(selectors, protocol) for protocol in (protocols.UDP, protocols.TCP)}
    return fates.pop() if len(fates) == 1 else None


def _passes(selectors: Tuple[Selector, ...], protocol: int) -> Optional[bool]:
    for each in selectors:
        names = _names(each, protocol)
        if names is None:
            return None
        if names:
            return each.passes
    return passes_unnamed(selectors)


def _names(selector: Selector, protocol: int) -> Optional[bool]:
    if selector.version != 4 or selector.protocol not in (None, protocol):
        return False
    low, high = selector.port_range_min, selector.port_range_max
    if low is not None and high is not None:
        if high < EPHEMERAL.start or low >= EPHEMERAL.stop:
            return False
        if low > EPHEMERAL.start or high < EPHEMERAL.stop - 1:
            return None
    # The addresses of the instances are not looked at.
    return True if selector.network is None or selector.network.prefixlen == 0 else None
