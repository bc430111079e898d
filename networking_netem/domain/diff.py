# SPDX-License-Identifier: Apache-2.0
"""The steps that lead from what a device holds to its plan; none where it holds the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.observed import Observed, ObservedTree
from networking_netem.domain.plan import Plan, Tree, opened
from networking_netem.domain.qdisc import Qdisc
from networking_netem.domain.step import (
    AddClsact,
    AddIfb,
    AddQdisc,
    AddRedirect,
    ChangeQdisc,
    DeleteClsact,
    DeleteIfb,
    DeleteLegacy,
    DeleteRedirect,
    DeleteTree,
    SetIfbUp,
    Step,
)

Steps = Tuple[Step, ...]


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
    steps = (
        _egress(plan.egress, observed)
        + _legacy(plan, observed)
        + _tree(observed.device, plan.ingress, observed.tree)
    )
    return Difference(steps, _awaited_packets(plan, observed))


def obstacles(plan: Plan, observed: Observed) -> Tuple[str, ...]:
    """Why the plan cannot be carried out: a phrase for each qdisc in the way that is not ours."""
    found = []
    root = observed.tree.foreign
    if plan.ingress and root and not root.is_legacy:
        found.append(f"{observed.device} has a root qdisc that is not ours: {root}")
    if plan.egress and observed.has_ingress_qdisc:
        found.append(f"{observed.device} has an ingress qdisc, which excludes clsact")
    if plan.egress and observed.ifb and observed.ifb.tree.foreign:
        found.append(
            f"{ifb_name(observed.device)} has a root qdisc that is not ours: "
            f"{observed.ifb.tree.foreign}"
        )
    return tuple(found)


def _legacy(plan: Plan, observed: Observed) -> Steps:
    """The step that removes a bare netem from the root of a port that has an impaired link.

    The first version of our rules put one there.
    """
    root = observed.tree.foreign
    if root and root.is_legacy and (plan.egress or plan.ingress):
        return (DeleteLegacy(observed.device, root.handle),)
    return ()


def _egress(wanted: Optional[Tree], observed: Observed) -> Steps:
    device = observed.device
    blind: Steps = (DeleteRedirect(device),) if observed.has_blind_redirect else ()
    if wanted is None:
        return blind + _egress_removal(observed)
    return blind + _egress_build(wanted, observed)


def _egress_build(wanted: Tree, observed: Observed) -> Steps:
    """The ifb comes first and the filter last, so no packet is sent to an unfinished tree."""
    device, name, ifb = observed.device, ifb_name(observed.device), observed.ifb
    if observed.has_ingress_qdisc or (ifb and ifb.tree.foreign):
        return ()
    steps: List[Step] = []
    if ifb is None:
        steps.append(AddIfb(name))
    elif not ifb.is_up:
        steps.append(SetIfbUp(name))
    steps.extend(_tree(name, wanted, ifb.tree if ifb else ObservedTree()))
    if not observed.has_clsact:
        steps.append(AddClsact(device))
    if observed.redirect_ifindex is None or observed.has_blind_redirect:
        steps.append(AddRedirect(device, name))
    return tuple(steps)


def _egress_removal(observed: Observed) -> Steps:
    """The next steps of a removal: the tree is opened, the filter goes, then clsact and the ifb.

    Each part is in a diff of its own. Filters of others on clsact are observed only when our filter
    is gone.
    """
    device, ifb = observed.device, observed.ifb
    if ifb is None:
        return ()
    name = ifb_name(device)
    if _drains_to_ifb(observed):
        return _opening(name, ifb.tree)
    if observed.redirect_ifindex == ifb.ifindex:
        return (DeleteRedirect(device),)
    if observed.has_clsact and not observed.has_clsact_company:
        return (DeleteClsact(device), DeleteIfb(name))
    return (DeleteIfb(name),)


def _tree(device: str, wanted: Optional[Tree], found: ObservedTree) -> Steps:
    if wanted is None:
        if found.tbf is None:
            return ()
        return _opening(device, found) if found.holds_packets else (DeleteTree(device),)
    if found.foreign and not found.foreign.is_legacy:
        return ()
    if found.tbf is None:
        return _build(device, wanted)
    return _changes(device, wanted, found)


def _build(device: str, wanted: Tree) -> Steps:
    """The root starts open: TBF makes a bfifo, whose packets are lost when netem replaces it."""
    root = opened(wanted).tbf
    children = [AddQdisc(device, entry) for entry in (wanted.netem, wanted.fifo) if entry]
    closed = (ChangeQdisc(device, wanted.tbf),) if wanted.tbf != root else ()
    return (AddQdisc(device, root), *children, *closed)


def _changes(device: str, wanted: Tree, found: ObservedTree) -> Steps:
    steps: List[Step] = []
    pairs: Tuple[Tuple[Optional[Qdisc], Optional[Qdisc]], ...] = (
        (wanted.netem, found.netem),
        (wanted.fifo, found.fifo),
        (wanted.tbf, found.tbf),
    )
    for entry, present in pairs:
        if entry is None or entry == present:
            continue
        steps.append(ChangeQdisc(device, entry) if present else AddQdisc(device, entry))
    return tuple(steps)


def _opening(device: str, found: ObservedTree) -> Steps:
    """The steps after which a whole tree passes at once what it holds."""
    assert found.tbf
    return _changes(device, opened(Tree(found.tbf, found.netem, found.fifo)), found)


def _drains_to_ifb(observed: Observed) -> bool:
    """Whether the ifb still receives what the instance sends, and its tree holds packets."""
    ifb = observed.ifb
    if ifb is None or not ifb.is_up or observed.redirect_ifindex != ifb.ifindex:
        return False
    return ifb.tree.holds_packets


def _awaited_packets(plan: Plan, observed: Observed) -> int:
    awaited = 0
    if plan.egress is None and observed.ifb and _drains_to_ifb(observed):
        awaited += observed.ifb.tree.backlog_packets
    if plan.ingress is None and observed.tree.holds_packets:
        awaited += observed.tree.backlog_packets
    return awaited
