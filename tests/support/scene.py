# SPDX-License-Identifier: Apache-2.0
"""A reconciler among a kernel in memory, a switch that remembers and a clock moved by hand."""

from __future__ import annotations

from typing import List

from networking_netem.domain.diff import diff
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.plan import plan
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.status import SETTLED, Status
from tests.support.kernel_in_memory import KernelInMemory

ONE, TWO = "tap00000000-01", "tap00000000-02"
SLOW = Link(egress=Impairment(delay_us=100_000), ingress=Impairment(rate_kbps=1000))
LOSSY = Link(egress=Impairment(loss_ppm=10_000))


class Claims:
    """Records which ports Open vSwitch was told to leave alone."""

    def __init__(self) -> None:
        self.held: List[str] = []

    def claim(self, device: str) -> bool:
        if device in self.held:
            return False
        self.held.append(device)
        return True

    def release(self, device: str) -> None:
        if device in self.held:
            self.held.remove(device)


class Scene:
    """A reconciler with a kernel in memory and a clock that stands still until moved."""

    def __init__(self, memory_bytes: int = 1 << 40) -> None:
        self.now_s = 100.0
        self.kernel = KernelInMemory(ONE, TWO)
        self.claims = Claims()
        self.reconciler = Reconciler(
            self.kernel, self.claims, Budget(memory_bytes), clock=lambda: self.now_s
        )

    def link(self, device: str, link: Link) -> None:
        self.reconciler.want(device, link)
        self.reconciler.reconcile([device])

    def status(self, device: str) -> Status:
        return self.reconciler.statuses().get(device, SETTLED)

    def holds(self, device: str, link: Link) -> bool:
        return diff(plan(link), self.kernel.devices[device]).is_none
