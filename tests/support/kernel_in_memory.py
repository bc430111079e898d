# SPDX-License-Identifier: Apache-2.0
"""A kernel for the reconciler's tests: it carries out steps, and refuses those it is set to."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import Collection, Dict, List, Optional, Sequence, Set, Type

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.observed import Ifb, Observed, ObservedTree
from networking_netem.domain.qdisc import Tbf
from networking_netem.domain.step import (
    AddClsact,
    AddIfb,
    AddQdisc,
    AddRedirect,
    ChangeQdisc,
    DeleteClsact,
    DeleteIfb,
    DeleteRedirect,
    DeleteTree,
    Step,
)
from networking_netem.kernel.apply import Failure
from networking_netem.kernel.netlink import Answer


class KernelInMemory:
    """Devices by name; ``refusals`` maps a device or ifb to the errno of every step on it."""

    def __init__(self, *devices: str) -> None:
        self.devices: Dict[str, Observed] = {}
        self.ifbs_left: Dict[str, Ifb] = {}
        self.refusals: Dict[str, int] = {}
        self.unknown: Set[Type[Step]] = set()
        self.told: List[Step] = []
        for device in devices:
            self.plug(device)

    def plug(self, device: str) -> None:
        self.devices[device] = Observed(
            device, 1500, ifb=self.ifbs_left.pop(ifb_name(device), None)
        )

    def unplug(self, device: str) -> None:
        """The device goes; its ifb stays."""
        ifb = self.devices.pop(device).ifb
        if ifb:
            self.ifbs_left[ifb_name(device)] = ifb

    def observe(self, devices: Collection[str]) -> Dict[str, Observed]:
        return {name: self.devices[name] for name in devices if name in self.devices}

    def orphans(self) -> List[str]:
        return list(self.ifbs_left)

    def limits_packets(self) -> Dict[str, int]:
        trees = {ifb: left.tree for ifb, left in self.ifbs_left.items()}
        for device, observed in self.devices.items():
            trees[device] = observed.tree
            if observed.ifb:
                trees[ifb_name(device)] = observed.ifb.tree
        return {holder: tree.netem.limit_packets for holder, tree in trees.items() if tree.netem}

    def apply(self, steps: Sequence[Step]) -> List[Failure]:
        failures = []
        for step in steps:
            self.told.append(step)
            if type(step) in self.unknown:
                code = errno.EOPNOTSUPP if isinstance(step, AddIfb) else errno.ENOENT
                failures.append(Failure(step, Answer(code)))
            elif step.device in self.refusals:
                failures.append(Failure(step, Answer(self.refusals[step.device])))
            elif not self._carry_out(step):
                failures.append(Failure(step, Answer(errno.ENOENT)))
        return failures

    def _carry_out(self, step: Step) -> bool:
        """Carry out a step; return False when an object that it needs is missing."""
        if step.device in self.ifbs_left:
            assert isinstance(step, DeleteIfb)
            del self.ifbs_left[step.device]
            return True
        device = next(d for d in self.devices if step.device in (d, ifb_name(d)))
        observed = self.devices[device]
        if isinstance(step, (AddQdisc, ChangeQdisc, DeleteTree)):
            changed = _with_tree(observed, step, on_ifb=step.device != device)
        else:
            changed = _with_way(observed, step)
        if changed:
            self.devices[device] = changed
        return changed is not None


def _with_way(observed: Observed, step: Step) -> Optional[Observed]:
    if isinstance(step, AddIfb):
        return replace(observed, ifb=Ifb(9, True, ObservedTree()))
    if isinstance(step, DeleteIfb):
        return replace(observed, ifb=None)
    if isinstance(step, AddClsact):
        return replace(observed, has_clsact=True)
    if isinstance(step, DeleteClsact):
        return replace(observed, has_clsact=False, redirect_ifindex=None)
    if isinstance(step, AddRedirect):
        return replace(observed, redirect_ifindex=observed.ifb.ifindex) if observed.ifb else None
    assert isinstance(step, DeleteRedirect)
    return replace(observed, redirect_ifindex=None)


def _with_tree(observed: Observed, step: Step, on_ifb: bool) -> Optional[Observed]:
    if not on_ifb:
        tree = _tree(observed.tree, step)
        return replace(observed, tree=tree) if tree else None
    tree = _tree(observed.ifb.tree, step) if observed.ifb else None
    return (
        replace(observed, ifb=replace(observed.ifb, tree=tree)) if observed.ifb and tree else None
    )


def _tree(tree: ObservedTree, step: Step) -> Optional[ObservedTree]:
    if isinstance(step, DeleteTree):
        return ObservedTree()
    assert isinstance(step, (AddQdisc, ChangeQdisc))
    if not isinstance(step.qdisc, Tbf) and tree.tbf is None:
        return None
    name = {"tbf": "tbf", "netem": "netem", "bfifo": "fifo"}[step.qdisc.kind]
    if (getattr(tree, name) is None) != isinstance(step, AddQdisc):
        return None
    return replace(tree, **{name: step.qdisc})
