# SPDX-License-Identifier: Apache-2.0
"""The steps that lead one direction of a device to its path through a hook."""

from __future__ import annotations

from typing import List

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.link import Direction
from networking_netem.domain.observed import Observed, Way
from networking_netem.domain.plan import Path
from networking_netem.domain.step import (
    AddIfb,
    AddPolice,
    AddRedirect,
    DeleteFilter,
    DeleteIfb,
    DeletePasses,
    SetIfbUp,
    SetPasses,
    Step,
)
from networking_netem.domain.tree_diff import Steps, opening_steps, tree_steps


def ifb_steps(direction: Direction, wanted: Path, observed: Observed) -> Steps:
    """The steps for the ifb that a path needs, and for the tree on it."""
    way, name = observed[direction], ifb_name(observed.device, direction)
    if wanted.ifb_tree is None or way.tree.foreign:
        return ()
    steps: List[Step] = []
    if way.ifb is None:
        steps.append(AddIfb(name))
    elif not way.ifb.is_up:
        steps.append(SetIfbUp(name))
    return (*steps, *tree_steps(name, wanted.ifb_tree, way.tree))


def filter_steps(direction: Direction, wanted: Path, observed: Observed) -> Steps:
    """The steps for the filters of a path. They come after ``ifb_steps``, and after the hook's.

    So no packet is sent to an unfinished tree.
    """
    way = observed[direction]
    if wanted.ifb_tree is not None and not way.tree.foreign:
        return _redirect(direction, wanted, observed)
    if wanted.police is not None:
        return _police(direction, wanted, observed)
    return _removal(direction, observed)


def is_draining(wanted: Path, way: Way) -> bool:
    """Whether packets of a path that is not wanted are on their way through its ifb."""
    return wanted.ifb_tree is None and way.tree.holds_packets


def _redirect(direction: Direction, wanted: Path, observed: Observed) -> Steps:
    device, way = observed.device, observed[direction]
    name = ifb_name(device, direction)
    if way.police is not None and ifb_steps(direction, wanted, observed):
        return ()  # the limit holds until the tree stands
    steps: List[Step] = []
    kind = (wanted.is_first, wanted.unshares)
    is_right = way.is_carrying and (way.is_first, way.unshares) == kind
    if way.has_filter and not is_right:
        steps.append(DeleteFilter(device, direction, way.is_first))
    for exempt, present, of_selectors in (
        (wanted.passes, way.passes, False),
        (wanted.selected, way.selected, True),
    ):
        if exempt is None and present is not None:
            steps.append(DeletePasses(device, direction, of_selectors))
        elif exempt is not None and exempt != present:
            steps.append(SetPasses(device, direction, exempt))
    if not is_right:
        steps.append(AddRedirect(device, direction, name, observed.is_hook_foreign, *kind))
    return tuple(steps)


def _police(direction: Direction, wanted: Path, observed: Observed) -> Steps:
    device, way = observed.device, observed[direction]
    assert wanted.police
    steps: List[Step] = []
    if (way.police, way.is_first) != (wanted.police, wanted.is_first):
        if way.has_filter:
            steps.append(DeleteFilter(device, direction, way.is_first))
        where = (observed.is_hook_foreign, wanted.is_first)
        steps.append(AddPolice(device, direction, wanted.police, *where))
    return (*steps, *_leftovers(direction, way, device))


def _removal(direction: Direction, observed: Observed) -> Steps:
    """The tree is opened, then the filters go, then the ifb: each in a diff of its own.

    When the filters go, packets may still be in the ifb's own queue, which no qdisc shows.
    """
    device, way = observed.device, observed[direction]
    if way.is_carrying and way.tree.holds_packets:
        return opening_steps(ifb_name(device, direction), way.tree)
    if way.has_filter:
        passes = _without_passes(direction, way, device)
        return (DeleteFilter(device, direction, way.is_first), *passes)
    return _leftovers(direction, way, device)


def _leftovers(direction: Direction, way: Way, device: str) -> Steps:
    passes = _without_passes(direction, way, device)
    if way.ifb is None:
        return passes
    name = ifb_name(device, direction)
    if way.tree.holds_packets:
        return (*passes, *opening_steps(name, way.tree))
    return (*passes, DeleteIfb(name))


def _without_passes(direction: Direction, way: Way, device: str) -> Steps:
    present = ((way.passes, False), (way.selected, True))
    return tuple(DeletePasses(device, direction, which) for passes, which in present if passes)
