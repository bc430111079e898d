# SPDX-License-Identifier: Apache-2.0
"""The steps that lead from what a device holds to its plan; none where it holds the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.link import DIRECTIONS, Direction
from networking_netem.domain.observed import Observed
from networking_netem.domain.plan import Plan
from networking_netem.domain.step import AddClsact, DeleteClsact, DeleteFilter, DeleteLegacy, Step
from networking_netem.domain.tree_diff import Steps, removal_steps, tree_steps
from networking_netem.domain.way_diff import filter_steps, ifb_steps, is_draining


@dataclass(frozen=True)
class Difference:
    """What is left to do until a device holds its plan.

    ``steps`` can be carried out now. ``awaited_packets`` is how many packets are in trees that the
    plan does not have. A tree is removed when it is empty, so the steps for that come later.
    """

    steps: Steps = ()
    awaited_packets: int = 0

    @property
    def is_none(self) -> bool:
        """True when nothing can be done: the plan holds, or ``obstacles`` are in the way."""
        return not self.steps and not self.awaited_packets


def diff(plan: Plan, observed: Observed) -> Difference:
    """What is left to do; the steps are in an order that loses no packet.

    Some steps depend on others. They are in the diff that follows the next observation. A limit of
    netem is told as the plan has it: ``reconcile.limits`` decides when one may be lowered.
    """
    steps: List[Step] = []
    for direction in DIRECTIONS:
        steps += ifb_steps(direction, plan[direction], observed)
    steps += _hook(plan, observed)
    for direction in DIRECTIONS:
        steps += filter_steps(direction, plan[direction], observed)
    steps += _hook_removal(plan, observed, steps)
    steps += _root(plan, observed)
    return Difference(tuple(steps), _awaited_packets(plan, observed))


def obstacles(plan: Plan, observed: Observed) -> Dict[Direction, str]:
    """Why a direction's path cannot be had: a phrase on the qdisc in the way that is not ours."""
    found = {}
    for direction in DIRECTIONS:
        foreign = observed[direction].tree.foreign
        if plan[direction].ifb_tree and foreign:
            name = ifb_name(observed.device, direction)
            found[direction] = f"{name} has a root qdisc that is not ours: {foreign}"
    foreign = observed.root.foreign
    if plan.ingress.root_tree and foreign and not foreign.is_legacy:
        found[Direction.INGRESS] = (
            f"{observed.device} has a root qdisc that is not ours: {foreign}; "
            "its qdisc ingress has no hook for what it sends"
        )
    return found


def _hook(plan: Plan, observed: Observed) -> Steps:
    return (AddClsact(observed.device),) if plan.has_filter and not observed.hook else ()


def _hook_removal(plan: Plan, observed: Observed, steps: List[Step]) -> Steps:
    """The step that removes clsact with the last of our filters, if it came with the first."""
    ways = (observed.egress, observed.ingress)
    is_needed = plan.has_filter or plan.keeps_clsact
    if is_needed or observed.hook != "clsact" or observed.is_hook_foreign:
        return ()
    leaving = sum(isinstance(step, DeleteFilter) for step in steps)
    is_last = bool(leaving) and leaving == sum(way.has_filter for way in ways)
    return (DeleteClsact(observed.device),) if is_last else ()


def _root(plan: Plan, observed: Observed) -> Steps:
    """The steps at the device's root: the tree of the ingress, if there, or the removal of one.

    An older version had it there at all times. It goes when packets have the way through the ifb.
    """
    device, root, wanted = observed.device, observed.root, plan.ingress
    steps: List[Step] = []
    if root.foreign and root.foreign.is_legacy and (plan.egress.tree or wanted.tree):
        steps.append(DeleteLegacy(device, root.foreign.handle))
    if wanted.root_tree is not None:
        steps += tree_steps(device, wanted.root_tree, root)
    elif wanted.ifb_tree is None or observed.ingress.is_carrying:
        steps += removal_steps(device, root)
    return tuple(steps)


def _awaited_packets(plan: Plan, observed: Observed) -> int:
    awaited = sum(
        observed[direction].tree.backlog_packets
        for direction in DIRECTIONS
        if is_draining(plan[direction], observed[direction])
    )
    if plan.ingress.root_tree is None and observed.root.holds_packets:
        awaited += observed.root.backlog_packets
    return awaited
