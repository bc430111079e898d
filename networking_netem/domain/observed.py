# SPDX-License-Identifier: Apache-2.0
"""What the kernel holds for one device, in the same types as a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from networking_netem.domain.filters import Passes, Police
from networking_netem.domain.link import Direction
from networking_netem.domain.qdisc import HEADER_BYTES, Fifo, Netem, Tbf


@dataclass(frozen=True)
class Foreign:
    """A root qdisc that is neither ours nor the kernel's default."""

    kind: str
    handle: int

    def __str__(self) -> str:
        return f"{self.kind} {self.handle >> 16:x}:"

    @property
    def is_legacy(self) -> bool:
        """True for a netem: the first version of our rules put one there, as `tc` by hand does."""
        return self.kind == "netem"


@dataclass(frozen=True)
class ObservedTree:
    """Our qdiscs at the root of one device, or what is there in their place."""

    tbf: Optional[Tbf] = None
    netem: Optional[Netem] = None
    fifo: Optional[Fifo] = None
    backlog_packets: int = 0
    foreign: Optional[Foreign] = None

    @property
    def holds_packets(self) -> bool:
        """True when packets are on their way through a whole tree of ours."""
        return bool(self.tbf and self.netem and self.fifo and self.backlog_packets)


_NO_TREE = ObservedTree()


@dataclass(frozen=True)
class Ifb:
    """The device that carries the tree of one direction."""

    ifindex: int
    is_up: bool
    tree: ObservedTree = _NO_TREE


@dataclass(frozen=True)
class Way:
    """One direction of a device: our filters on its hook, and the direction's ifb.

    One filter either sends to the device ``redirect_ifindex`` or has a ``police``. It comes before
    those of others where ``is_first``. Where it ``unshares``, packets have data of their own.
    ``passes`` is the protected traffic that goes past the ifb, ``selected`` what selectors let.
    """

    redirect_ifindex: Optional[int] = None
    police: Optional[Police] = None
    is_first: bool = False
    unshares: bool = False
    passes: Optional[Passes] = None
    selected: Optional[Passes] = None
    ifb: Optional[Ifb] = None

    @property
    def has_filter(self) -> bool:
        """True when our last filter is on the hook."""
        return self.redirect_ifindex is not None or self.police is not None

    @property
    def has_passes(self) -> bool:
        """True when a filter of ours lets packets past the ifb."""
        return self.passes is not None or self.selected is not None

    @property
    def is_blind(self) -> bool:
        """True when our filter sends packets where they are lost: an absent, other or down ifb."""
        if self.redirect_ifindex is None:
            return False
        return self.ifb is None or not self.ifb.is_up or self.ifb.ifindex != self.redirect_ifindex

    @property
    def is_carrying(self) -> bool:
        """True when packets are sent through the ifb and arrive."""
        return self.redirect_ifindex is not None and not self.is_blind

    @property
    def tree(self) -> ObservedTree:
        """What the ifb has; nothing where there is no ifb."""
        return self.ifb.tree if self.ifb else _NO_TREE


@dataclass(frozen=True)
class Observed:
    """One port's device, what is at its root, its hooks, and the ways through them.

    ``hook`` is the kind of the qdisc that has the hooks: ``clsact``, ``ingress``, which has only
    that of what the device receives, or empty. ``is_hook_foreign`` is true when it was there before
    our filters.
    """

    device: str
    mtu_bytes: int
    root: ObservedTree = _NO_TREE
    hook: str = ""
    is_hook_foreign: bool = False
    egress: Way = Way()
    ingress: Way = Way()

    def __getitem__(self, direction: Direction) -> Way:
        return self.egress if direction is Direction.EGRESS else self.ingress

    def tree(self, direction: Direction) -> ObservedTree:
        """What carries a direction: its ifb's tree, or the root where the instance's ingress is."""
        if direction is Direction.INGRESS and self.ingress.ifb is None:
            return self.root
        return self[direction].tree

    @property
    def plan_mtu_bytes(self) -> int:
        """The MTU to plan for: the device's, or a larger one that our trees were built for.

        TBF never sends a packet longer than its buckets (tbf_dequeue, to Linux 6.12 at least). If
        the buckets shrank below a queued packet, it would block the direction for ever.
        """
        built = [tree.tbf.segment_bytes for tree in self.trees if tree.tbf]
        return max([self.mtu_bytes, *(size - HEADER_BYTES for size in built)])

    @property
    def trees(self) -> Tuple[ObservedTree, ...]:
        """The trees of the device and of its ifbs."""
        return (self.root, self.egress.tree, self.ingress.tree)

    @property
    def is_ours(self) -> bool:
        """True when the device carries anything of ours."""
        return any(tree.tbf for tree in self.trees) or any(
            way.has_filter or way.has_passes or way.ifb for way in (self.egress, self.ingress)
        )
