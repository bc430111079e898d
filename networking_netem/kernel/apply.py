# SPDX-License-Identifier: Apache-2.0
"""Carries out steps in the kernel; whoever sends the messages needs CAP_NET_ADMIN."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from typing import Callable, List, Sequence, Tuple

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
from networking_netem.kernel import device, qdisc, redirect
from networking_netem.kernel.netlink import Answer, Request

Transact = Callable[[Sequence[Request]], Sequence[Answer]]

_ABSENT = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_REMOVALS = (DeleteTree, DeleteLegacy, DeleteIfb, DeleteClsact, DeleteRedirect)


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
        if isinstance(step, AddRedirect):
            return "act_mirred" if "action" in self.answer.reason else "cls_matchall"
        return ""


def apply(transact: Transact, steps: Sequence[Step]) -> Tuple[Failure, ...]:
    """Carry out the steps of any number of devices and return what failed.

    New ifbs are made first, because other steps need their index. The other steps follow in one
    send, in order. A refused step does not stop the next one. Removing what is absent is success.
    """
    new_ifbs: List[Step] = [step for step in steps if isinstance(step, AddIfb)]
    others: List[Step] = [step for step in steps if not isinstance(step, AddIfb)]
    return tuple(_send(transact, new_ifbs) + _send(transact, others))


def _send(transact: Transact, steps: Sequence[Step]) -> List[Failure]:
    failures: List[Failure] = []
    sent: List[Step] = []
    requests: List[Request] = []
    for step in steps:
        try:
            requests.append(_request(step))
            sent.append(step)
        except OSError as error:
            if not isinstance(step, _REMOVALS):
                failures.append(Failure(step, Answer(error.errno or errno.ENODEV)))
    for step, answer in zip(sent, transact(requests) if requests else ()):
        if answer.error and not (isinstance(step, _REMOVALS) and answer.error in _ABSENT):
            failures.append(Failure(step, answer))
    return failures


def _request(step: Step) -> Request:
    """The message for a step. Raises ``OSError`` when its device does not exist."""
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
        return qdisc.change(ifindex, step.qdisc)
    if isinstance(step, DeleteTree):
        return qdisc.delete_root(ifindex)
    if isinstance(step, DeleteLegacy):
        return qdisc.delete_legacy(ifindex, step.handle)
    if isinstance(step, AddClsact):
        return qdisc.add_clsact(ifindex)
    if isinstance(step, DeleteClsact):
        return qdisc.delete_clsact(ifindex)
    if isinstance(step, AddRedirect):
        return redirect.add(ifindex, socket.if_nametoindex(step.ifb))
    return redirect.delete(ifindex)
