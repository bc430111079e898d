# SPDX-License-Identifier: Apache-2.0
"""Carries out steps in the kernel; whoever sends the messages needs CAP_NET_ADMIN."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from typing import Callable, Collection, List, NamedTuple, Optional, Sequence, Tuple, Union

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
    DeleteLegacy,
    DeletePasses,
    DeleteTree,
    SetIfbUp,
    SetPasses,
    Step,
)
from networking_netem.kernel import device, hook, passes, qdisc, redirect
from networking_netem.kernel.netlink import Answer, Request

Transact = Callable[[Sequence[Request]], Sequence[Answer]]

_ABSENT = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_REMOVALS = (DeleteTree, DeleteLegacy, DeleteIfb, DeleteClsact, DeleteFilter, DeletePasses)


@dataclass(frozen=True)
class Failure:
    """A step that the kernel refused, and the kernel's answer."""

    step: Step
    answer: Answer

    def __str__(self) -> str:
        missing = self.missing_module
        return f"kernel module {missing} is missing" if missing else f"{self.step}: {self.answer}"

    @property
    def missing_module(self) -> str:
        """The kernel module that the step needs and that could not be loaded; empty if none.

        The kernel first tries to load a module by itself. Then it answers ENOENT for an unknown
        qdisc, classifier or action, and EOPNOTSUPP for an unknown kind of device (net/sched,
        net/core/rtnetlink.c).
        """
        step, error = self.step, self.answer.error
        if isinstance(step, AddIfb) and error == errno.EOPNOTSUPP:
            return "ifb"
        if error != errno.ENOENT:
            return ""
        if isinstance(step, AddQdisc):
            return f"sch_{step.qdisc.kind}"
        if isinstance(step, AddClsact):
            return "sch_ingress"
        # The kernel says "Failed to load TC action module", or the same of a classifier.
        if isinstance(step, AddRedirect):
            # It does not say which. With both missing, the next attempt finds the other.
            action = "act_pedit" if step.unshares else "act_mirred"
            return action if "action" in self.answer.reason else "cls_matchall"
        if isinstance(step, AddPolice):
            return "act_police" if "action" in self.answer.reason else "cls_matchall"
        if isinstance(step, SetPasses):
            return "act_police" if "action" in self.answer.reason else "cls_bpf"
        return ""


class Prepared(NamedTuple):
    """A step and its message: it may be made before it is sent."""

    step: Step
    request: Request


def apply(transact: Transact, steps: Sequence[Step]) -> Tuple[Failure, ...]:
    """Carry out the steps of any number of devices and return what failed.

    New ifbs are made first, because other steps need their index. The other steps follow in one
    send, in order. A refused step does not stop the next one, except that what needs an ifb that
    cannot be made is left out. Removing what is absent is success.
    """
    failures = _send(transact, [step for step in steps if isinstance(step, AddIfb)])
    others = [step for step in steps if not isinstance(step, AddIfb)]
    lost = {failure.step.device for failure in failures}
    return tuple(failures + _send(transact, possible(others, lost) if lost else others))


def possible(steps: Sequence[Step], lost: Collection[str]) -> List[Step]:
    """The steps that need none of the ifbs that could not be made.

    On a hook that nothing is left for, nothing is put.
    """
    left = [
        step
        for step in steps
        if step.device not in lost and not (isinstance(step, AddRedirect) and step.ifb in lost)
    ]
    led = {(s.device, s.direction) for s in left if isinstance(s, (AddRedirect, AddPolice))}
    hooked = {device for device, _ in led}
    return [
        step
        for step in left
        if not (isinstance(step, AddClsact) and step.device not in hooked)
        and not (isinstance(step, SetPasses) and (step.device, step.direction) not in led)
    ]


def prepare(steps: Sequence[Step]) -> Tuple[List[Prepared], List[Failure]]:
    """The messages for steps, in order, and the steps that have none: their device is not there."""
    prepared: List[Prepared] = []
    failures: List[Failure] = []
    changes = qdisc.Changes()
    for step in steps:
        try:
            request = _request(step, changes)
        except OSError as error:
            if not isinstance(step, _REMOVALS):
                failures.append(Failure(step, Answer(error.errno or errno.ENODEV)))
            continue
        if request is not None:
            prepared.append(Prepared(step, request))
    return prepared, failures


def send(transact: Transact, prepared: Sequence[Prepared]) -> List[Failure]:
    """Send messages at once and return what failed."""
    answers = transact([each.request for each in prepared]) if prepared else ()
    return [
        Failure(each.step, answer)
        for each, answer in zip(prepared, answers)
        if answer.error and not (isinstance(each.step, _REMOVALS) and answer.error in _ABSENT)
    ]


def _send(transact: Transact, steps: Sequence[Step]) -> List[Failure]:
    prepared, failures = prepare(steps)
    return failures + send(transact, prepared)


def _request(step: Step, changes: qdisc.Changes) -> Optional[Request]:
    """The message for a step; None when others need what it would remove.

    Raises ``OSError`` when the step's device does not exist.
    """
    if isinstance(step, AddIfb):
        return device.add_ifb(step.device)
    if isinstance(step, SetIfbUp):
        return device.set_up(step.device)
    if isinstance(step, DeleteIfb):
        return device.delete(step.device)
    ifindex = socket.if_nametoindex(step.device)
    if isinstance(step, AddQdisc):
        return qdisc.add(ifindex, step.qdisc)
    if isinstance(step, ChangeQdisc):
        return changes.message(ifindex, step.qdisc)
    if isinstance(step, DeleteTree):
        return qdisc.delete_root(ifindex)
    if isinstance(step, DeleteLegacy):
        return qdisc.delete_legacy(ifindex, step.handle)
    if isinstance(step, AddClsact):
        return qdisc.add_clsact(ifindex)
    if isinstance(step, DeleteClsact):
        return None if hook.has_company(ifindex) else qdisc.delete_clsact(ifindex)
    return _filter_request(step, ifindex)


def _filter_request(
    step: Union[AddRedirect, AddPolice, DeleteFilter, SetPasses, DeletePasses], ifindex: int
) -> Request:
    direction = step.direction
    if isinstance(step, AddRedirect):
        target = socket.if_nametoindex(step.ifb)
        where = (step.is_hook_foreign, step.is_first)
        return redirect.add(ifindex, direction, target, *where, step.unshares)
    if isinstance(step, AddPolice):
        where = (step.is_hook_foreign, step.is_first)
        return redirect.add_police(ifindex, direction, step.police, *where)
    if isinstance(step, DeleteFilter):
        return redirect.delete(ifindex, direction, step.is_first)
    if isinstance(step, SetPasses):
        return passes.set_(ifindex, direction, step.passes)
    return passes.delete(ifindex, direction, step.is_of_selectors)
