# SPDX-License-Identifier: Apache-2.0
"""What to do so that a device holds its plan; nothing when it does."""

from __future__ import annotations

from typing import List, Optional, Tuple

from networking_netem.domain.observed import Observed, ObservedTree
from networking_netem.domain.plan import Plan, Tree, opened
from networking_netem.domain.step import (
    AddClsact,
    AddIfb,
    AddQdisc,
    AddRedirect,
    Await,
    ChangeQdisc,
    DeleteClsact,
    DeleteIfb,
    DeleteRedirect,
    DeleteTree,
    Qdisc,
    SetIfbUp,
    Step,
)

Steps = Tuple[Step, ...]

IFB_PREFIX = "nifb"


def ifb_name(device: str) -> str:
    """The ifb of a port's device: ``tap1a2b3c4d-5e`` has ``nifb1a2b3c4d-5e``.

    Raises ``ValueError`` for a name that is not three letters and 1 to 11 characters, as Neutron's.
    """
    if not 4 <= len(device) <= 14:
        raise ValueError(f"device name {device!r} must have 4 to 14 characters")
    return IFB_PREFIX + device[3:]


def diff(plan: Plan, observed: Observed) -> Steps:
    """The steps from what the kernel holds to the plan, in an order that loses no packet.

    They may not be all: what drains is deleted by a later diff. Empty means the plan holds, or that
    ``obstacles`` are in the way of what is missing.
    """
    return _egress(plan.egress, observed) + _tree(observed.device, plan.ingress, observed.tree)


def obstacles(plan: Plan, observed: Observed) -> Tuple[str, ...]:
    """What keeps the plan from being carried out, in words; we touch nothing that is not ours."""
    found = []
    if plan.ingress and observed.tree.foreign:
        found.append(
            f"{observed.device} has a root qdisc that is not ours: {observed.tree.foreign}"
        )
    if plan.egress and observed.has_ingress_qdisc:
        found.append(f"{observed.device} has an ingress qdisc, which excludes clsact")
    if plan.egress and observed.ifb and observed.ifb.tree.foreign:
        found.append(
            f"{ifb_name(observed.device)} has a root qdisc that is not ours: "
            f"{observed.ifb.tree.foreign}"
        )
    return tuple(found)


def _egress(wanted: Optional[Tree], observed: Observed) -> Steps:
    device = observed.device
    blind: Steps = (DeleteRedirect(device),) if observed.has_blind_redirect else ()
    if wanted is None:
        return blind + _egress_removal(observed)
    return blind + _egress_build(wanted, observed)


def _egress_build(wanted: Tree, observed: Observed) -> Steps:
    """The ifb comes first and the filter last, so that no packet meets a half-built way."""
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
    """First the tree drains, then packets go past the ifb, then it goes."""
    device, ifb = observed.device, observed.ifb
    if ifb is None:
        return ()
    name = ifb_name(device)
    in_use = observed.redirect_ifindex == ifb.ifindex
    if in_use and ifb.is_up:
        pending = _drain(name, ifb.tree)
        if pending:
            return pending
    steps: List[Step] = []
    if in_use:
        steps.append(DeleteRedirect(device))
    if observed.has_clsact and not observed.has_clsact_company:
        steps.append(DeleteClsact(device))
    steps.append(DeleteIfb(name))
    return tuple(steps)


def _tree(device: str, wanted: Optional[Tree], found: ObservedTree) -> Steps:
    if wanted is None:
        if found.tbf is None:
            return ()
        return _drain(device, found) or (DeleteTree(device),)
    if found.foreign:
        return ()
    if found.tbf is None:
        return _build(device, wanted)
    return _changes(device, wanted, found)


def _build(device: str, wanted: Tree) -> Steps:
    """The root starts open: TBF makes itself a bfifo, and what waits in it is lost for netem."""
    root = opened(wanted).tbf
    steps: List[Step] = [
        AddQdisc(device, root),
        AddQdisc(device, wanted.netem),
        AddQdisc(device, wanted.fifo),
    ]
    if wanted.tbf != root:
        steps.append(ChangeQdisc(device, wanted.tbf))
    return tuple(steps)


def _changes(device: str, wanted: Tree, found: ObservedTree) -> Steps:
    steps: List[Step] = []
    pairs: Tuple[Tuple[Qdisc, Optional[Qdisc]], ...] = (
        (wanted.netem, found.netem),
        (wanted.fifo, found.fifo),
        (wanted.tbf, found.tbf),
    )
    for entry, present in pairs:
        if present is None:
            steps.append(AddQdisc(device, entry))
        elif present != entry:
            steps.append(ChangeQdisc(device, entry))
    return tuple(steps)


def _drain(device: str, found: ObservedTree) -> Steps:
    """Open the tree and wait for what is in it; empty when nothing is, or there is no tree."""
    if found.tbf is None or found.netem is None or found.fifo is None:
        return ()
    if not found.backlog_packets:
        return ()
    changes = _changes(device, opened(Tree(found.tbf, found.netem, found.fifo)), found)
    return changes or (Await(device, found.backlog_packets),)
