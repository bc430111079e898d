# SPDX-License-Identifier: Apache-2.0
"""What to do so that a device holds its plan; nothing when it does."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Optional, Tuple

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.observed import Observed, ObservedTree
from networking_netem.domain.plan import Plan, Tree, opened
from networking_netem.domain.qdisc import Netem
from networking_netem.domain.step import (
    AddClsact,
    AddIfb,
    AddQdisc,
    AddRedirect,
    Await,
    ChangeQdisc,
    DeleteClsact,
    DeleteIfb,
    DeleteLegacy,
    DeleteRedirect,
    DeleteTree,
    Qdisc,
    SetIfbUp,
    Step,
)

Steps = Tuple[Step, ...]


def diff(plan: Plan, observed: Observed) -> Steps:
    """The steps from what the kernel holds to the plan, in an order that loses no packet.

    They may not be all: what drains is deleted by a later diff. Empty means the plan holds, or that
    ``obstacles`` are in the way of what is missing.
    """
    return (
        _egress(plan.egress, observed)
        + _legacy(plan, observed)
        + _tree(observed.device, plan.ingress, observed.tree)
    )


def obstacles(plan: Plan, observed: Observed) -> Tuple[str, ...]:
    """What keeps the plan from being carried out, in words; we touch nothing that is not ours."""
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
    """On a port with a link of ours, a bare netem at the root is an impairment that was meant."""
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
    """First the tree drains, then packets go past the ifb, then clsact and the ifb go.

    A later diff does the last part: what else hangs on clsact is known when our filter is off.
    """
    device, ifb = observed.device, observed.ifb
    if ifb is None:
        return ()
    name = ifb_name(device)
    if observed.redirect_ifindex == ifb.ifindex:
        pending = _drain(name, ifb.tree) if ifb.is_up else ()
        return pending or (DeleteRedirect(device),)
    if observed.has_clsact and not observed.has_clsact_company:
        return (DeleteClsact(device), DeleteIfb(name))
    return (DeleteIfb(name),)


def _tree(device: str, wanted: Optional[Tree], found: ObservedTree) -> Steps:
    if wanted is None:
        if found.tbf is None:
            return ()
        return _drain(device, found) or (DeleteTree(device),)
    if found.foreign and not found.foreign.is_legacy:
        return ()
    if found.tbf is None:
        return _build(device, wanted)
    return _changes(device, wanted, found)


def _build(device: str, wanted: Tree) -> Steps:
    """The root starts open: TBF makes itself a bfifo, and what waits in it is lost for netem."""
    root = opened(wanted).tbf
    children = [AddQdisc(device, entry) for entry in (wanted.netem, wanted.fifo) if entry]
    closed = (ChangeQdisc(device, wanted.tbf),) if wanted.tbf != root else ()
    return (AddQdisc(device, root), *children, *closed)


def _changes(device: str, wanted: Tree, found: ObservedTree) -> Steps:
    steps: List[Step] = []
    pairs: Tuple[Tuple[Optional[Qdisc], Optional[Qdisc]], ...] = (
        (_not_lowered(wanted.netem, found.netem), found.netem),
        (wanted.fifo, found.fifo),
        (wanted.tbf, found.tbf),
    )
    for entry, present in pairs:
        if entry is None or entry == present:
            continue
        steps.append(ChangeQdisc(device, entry) if present else AddQdisc(device, entry))
    return tuple(steps)


def _not_lowered(wanted: Optional[Netem], found: Optional[Netem]) -> Optional[Netem]:
    """netem's limit only grows: packets that come while more than it are on the way are lost."""
    if wanted is None or found is None or found.limit_packets <= wanted.limit_packets:
        return wanted
    return replace(wanted, limit_packets=found.limit_packets)


def _drain(device: str, found: ObservedTree) -> Steps:
    """Open the tree and wait for what is in it; empty when nothing is, or there is no tree."""
    if found.tbf is None or found.netem is None or found.fifo is None:
        return ()
    if not found.backlog_packets:
        return ()
    changes = _changes(device, opened(Tree(found.tbf, found.netem, found.fifo)), found)
    return changes or (Await(device, found.backlog_packets),)
