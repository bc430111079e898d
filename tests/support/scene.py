# SPDX-License-Identifier: Apache-2.0
"""A reconciler among a kernel in memory, a switch that remembers and a clock moved by hand."""

from __future__ import annotations

from typing import Collection, List, Set

from networking_netem.domain.diff import diff
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.plan import Conditions, plan
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.status import SETTLED, Status
from tests.support.kernel_in_memory import KernelInMemory

ONE, TWO = "tap00000000-01", "tap00000000-02"
SLOW = Link(egress=Impairment(delay_us=100_000), ingress=Impairment(rate_kbps=1000))
LOSSY = Link(egress=Impairment(loss_ppm=10_000))


class Claims:
    """Records of which ports Open vSwitch was told to leave the limits or the roots."""

    def __init__(self) -> None:
        self.claimed: Set[str] = set()
        self.limited: Set[str] = set()
        self.roots: List[str] = []
        self.offloads = False

    def claim(self, device: str, has_root: bool) -> bool:
        self.claimed.add(device)
        if has_root and device not in self.roots:
            self.roots.append(device)
        is_limited = device in self.limited
        self.limited.discard(device)
        return is_limited

    def release(self, device: str) -> None:
        if device in self.roots:
            self.roots.remove(device)

    def kept_roots(self) -> Collection[str]:
        return list(self.roots)

    def uses_hooks(self) -> bool:
        return self.offloads


class Scene:
    """A reconciler with a kernel in memory and a clock that stands still until moved."""

    def __init__(self, memory_bytes: int = 1 << 40) -> None:
        self.now_s = 100.0
        self.now_ms = 1_000_000
        self.kernel = KernelInMemory(ONE, TWO)
        self.claims = Claims()
        self.reconciler = Reconciler(
            self.kernel,
            self.claims,
            Budget(memory_bytes),
            clock=lambda: self.now_s,
            wall_clock=lambda: self.now_ms,
        )

    def link(self, device: str, link: Link) -> None:
        self.reconciler.want(device, link)
        self.reconciler.reconcile([device])

    def status(self, device: str) -> Status:
        return self.reconciler.statuses().get(device, SETTLED)

    def holds(self, device: str, link: Link) -> bool:
        observed = self.kernel.devices[device]
        return diff(plan(link, Conditions.of(observed)), observed).is_none
