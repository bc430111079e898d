# SPDX-License-Identifier: Apache-2.0
"""A kernel for the reconciler's tests: it carries out steps, and refuses those it is set to."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import Any, Collection, Dict, List, Optional, Sequence, Set, Tuple, Type

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.link import Direction
from networking_netem.domain.observed import Ifb, Observed, ObservedTree, Way
from networking_netem.domain.qdisc import Tbf
from networking_netem.domain.step import (
    AddClsact,
    AddIfb,
    AddPolice,
    AddQdisc,
    AddRedirect,
    ChangeQdisc,
    DeleteClsact,
    DeleteFilter,
    DeleteIfb,
    DeletePasses,
    DeleteTree,
    SetPasses,
    Step,
)
from networking_netem.kernel.apply import Failure, Prepared, possible
from networking_netem.kernel.netlink import Answer, Request

IFINDEX = 9
"""The index of every ifb here."""
NO_REQUEST = Request(0, 0, b"")


def with_way(observed: Observed, direction: Direction, **changes: Any) -> Observed:
    """The same with another way in one direction."""
    return replace(observed, **{direction.value: replace(observed[direction], **changes)})


def with_tree(observed: Observed, direction: Direction, **changes: Any) -> Observed:
    """The same with another tree on the ifb of one direction."""
    ifb = observed[direction].ifb
    assert ifb
    return with_way(observed, direction, ifb=replace(ifb, tree=replace(ifb.tree, **changes)))


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
        ways = {
            direction.value: Way(ifb=self.ifbs_left.pop(ifb_name(device, direction), None))
            for direction in Direction
        }
        self.devices[device] = Observed(device, 1500, **ways)

    def unplug(self, device: str) -> None:
        """The device goes; its ifbs stay."""
        observed = self.devices.pop(device)
        for direction in Direction:
            ifb = observed[direction].ifb
            if ifb:
                self.ifbs_left[ifb_name(device, direction)] = ifb

    def observe(self, devices: Collection[str]) -> Dict[str, Observed]:
        return {name: self.devices[name] for name in devices if name in self.devices}

    def traces(self) -> List[str]:
        return [name for name, observed in self.devices.items() if observed.is_ours]

    def orphans(self) -> List[str]:
        return list(self.ifbs_left)

    def trees(self) -> Dict[str, ObservedTree]:
        """What is on every device and ifb."""
        trees = {ifb: left.tree for ifb, left in self.ifbs_left.items()}
        for device, observed in self.devices.items():
            trees[device] = observed.root
            for direction in Direction:
                trees[ifb_name(device, direction)] = observed[direction].tree
        return trees

    def limits_packets(self) -> Dict[str, int]:
        trees = self.trees()
        return {holder: tree.netem.limit_packets for holder, tree in trees.items() if tree.netem}

    def apply(self, steps: Sequence[Step]) -> List[Failure]:
        new = [step for step in steps if isinstance(step, AddIfb)]
        failures = self._tell(new)
        others = [step for step in steps if not isinstance(step, AddIfb)]
        lost = {failure.step.device for failure in failures}
        return failures + self._tell(possible(others, lost) if lost else others)

    def prepare(self, steps: Sequence[Step]) -> Sequence[Prepared]:
        return [Prepared(step, NO_REQUEST) for step in steps]

    def send(self, prepared: Sequence[Prepared]) -> List[Failure]:
        return self._tell([each.step for each in prepared])

    def _tell(self, steps: Sequence[Step]) -> List[Failure]:
        failures = []
        for step in steps:
            self.told.append(step)
            if type(step) in self.unknown:
                code = errno.EOPNOTSUPP if isinstance(step, AddIfb) else errno.ENOENT
                failures.append(Failure(step, Answer(code)))
            elif step.device in self.refusals:
                failures.append(Failure(step, Answer(self.refusals[step.device])))
            elif not self._carry_out(step):
                failures.append(Failure(step, Answer(errno.EINVAL)))
        return failures

    def _carry_out(self, step: Step) -> bool:
        """Carry out a step; return False when an object that it needs is missing."""
        if step.device in self.ifbs_left:
            assert isinstance(step, DeleteIfb)
            del self.ifbs_left[step.device]
            return True
        device, direction = self._place(step.device)
        observed = self.devices[device]
        if direction is None:
            changed = _with_device(observed, step)
        else:
            changed = _with_ifb(observed, step, direction)
        if changed:
            self.devices[device] = changed
        return changed is not None

    def _place(self, name: str) -> Tuple[str, Optional[Direction]]:
        """The port's device, and the direction where the name is that of an ifb."""
        for device in self.devices:
            if device == name:
                return device, None
            for direction in Direction:
                if ifb_name(device, direction) == name:
                    return device, direction
        raise KeyError(name)


def _with_ifb(observed: Observed, step: Step, direction: Direction) -> Optional[Observed]:
    if isinstance(step, AddIfb):
        return with_way(observed, direction, ifb=Ifb(IFINDEX, True))
    if isinstance(step, DeleteIfb):
        return with_way(observed, direction, ifb=None)
    ifb = observed[direction].ifb
    tree = _tree(ifb.tree, step) if ifb else None
    return with_way(observed, direction, ifb=replace(ifb, tree=tree)) if ifb and tree else None


def _with_device(observed: Observed, step: Step) -> Optional[Observed]:
    if isinstance(step, AddClsact):
        return replace(observed, hook="clsact")
    if isinstance(step, DeleteClsact):
        for direction in Direction:
            observed = with_way(
                observed,
                direction,
                redirect_ifindex=None,
                police=None,
                passes=None,
                selected=None,
            )
        return replace(observed, hook="")
    if isinstance(step, (AddRedirect, AddPolice, DeleteFilter, SetPasses, DeletePasses)):
        return _with_filter(observed, step) if observed.hook else None
    tree = _tree(observed.root, step)
    return replace(observed, root=tree) if tree else None


def _with_filter(observed: Observed, step: Step) -> Optional[Observed]:
    if isinstance(step, AddRedirect):
        ifb = observed[step.direction].ifb
        if ifb is None:
            return None
        changes = {"redirect_ifindex": ifb.ifindex, "is_first": step.is_first}
        return with_way(observed, step.direction, **changes, unshares=step.unshares)
    if isinstance(step, AddPolice):
        return with_way(observed, step.direction, police=step.police, is_first=step.is_first)
    if isinstance(step, DeleteFilter):
        return with_way(
            observed,
            step.direction,
            **{"redirect_ifindex": None, "police": None, "is_first": False, "unshares": False},
        )
    if isinstance(step, SetPasses):
        place = "passes" if step.passes.police else "selected"
        return with_way(observed, step.direction, **{place: step.passes})
    assert isinstance(step, DeletePasses)
    place = "selected" if step.is_of_selectors else "passes"
    return with_way(observed, step.direction, **{place: None})


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
