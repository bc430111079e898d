# SPDX-License-Identifier: Apache-2.0
"""From one plan to another where only the settings of qdiscs differ: one message for each."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Optional, Tuple

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.link import DIRECTIONS, Direction
from networking_netem.domain.plan import Path, Plan
from networking_netem.domain.qdisc import Qdisc
from networking_netem.domain.step import ChangeQdisc, Step
from networking_netem.domain.tree_diff import differing

Leap = Tuple[Tuple[Direction, bool, Qdisc], ...]
"""The qdiscs to change: of which direction, whether at the device's root, and the new settings."""


def like(held: Plan, needed: Plan) -> Plan:
    """What is needed, with the limits of netem and the clsact of a plan that the kernel holds."""
    limits: Dict[Direction, int] = {}
    for direction in DIRECTIONS:
        tree = held[direction].tree
        if tree and tree.netem:
            limits[direction] = tree.netem.limit_packets
    after = needed.limited(limits)
    if after.keeps_clsact != held.keeps_clsact:
        return replace(after, keeps_clsact=held.keeps_clsact)
    return after


def leap(before: Plan, after: Plan) -> Optional[Leap]:
    """The qdiscs that differ between two plans for a device; None where anything else does."""
    changed = []
    for direction in DIRECTIONS:
        here, there = before[direction], after[direction]
        if here is there:
            continue
        if not _are_alike(here, there):
            return None
        if here.tree and there.tree:
            changes = differing(there.tree, here.tree)
            changed += [(direction, there.is_at_root, qdisc) for qdisc, _ in changes]
    return tuple(changed)


def steps(device: str, leap: Leap) -> Tuple[Step, ...]:
    """The steps of a leap on a device."""
    return tuple(
        ChangeQdisc(device if is_at_root else ifb_name(device, direction), qdisc)
        for direction, is_at_root, qdisc in leap
    )


def _are_alike(here: Path, there: Path) -> bool:
    """Whether both have the same way and the same kinds of qdiscs."""
    if (here.tree is None) != (there.tree is None):
        return False
    if here.tree and there.tree and (here.tree.netem is None) != (there.tree.netem is None):
        return False
    return replace(here, tree=None) == replace(there, tree=None)
