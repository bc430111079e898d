# SPDX-License-Identifier: Apache-2.0
"""What the kernel holds for one device, in the same types as a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

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


@dataclass(frozen=True)
class Ifb:
    """The device that carries the egress tree."""

    ifindex: int
    is_up: bool
    tree: ObservedTree


@dataclass(frozen=True)
class Observed:
    """One port's device, its root tree (the instance's ingress) and the way to its ifb (egress).

    ``redirect_ifindex`` is the device that our filter redirects to; None where we have no filter.
    ``has_clsact_company`` is true when others have filters on the hook and ours is not there.
    ``has_ingress_qdisc`` is true when the device has a qdisc `ingress`, which excludes clsact.
    """

    device: str
    mtu_bytes: int
    tree: ObservedTree = ObservedTree()
    has_clsact: bool = False
    has_clsact_company: bool = False
    has_ingress_qdisc: bool = False
    redirect_ifindex: Optional[int] = None
    ifb: Optional[Ifb] = None

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
        """The trees of the device and of its ifb."""
        return (self.tree, self.ifb.tree) if self.ifb else (self.tree,)

    @property
    def has_blind_redirect(self) -> bool:
        """True when our filter sends packets where they are lost: an absent, other or down ifb."""
        if self.redirect_ifindex is None:
            return False
        return self.ifb is None or not self.ifb.is_up or self.ifb.ifindex != self.redirect_ifindex
