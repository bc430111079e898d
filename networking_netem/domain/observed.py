# SPDX-License-Identifier: Apache-2.0
"""What the kernel holds for one device, in the same entries as a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from networking_netem.domain.qdisc import Fifo, Netem, Tbf


@dataclass(frozen=True)
class ObservedTree:
    """Our qdiscs at the root of one device; ``foreign`` names a root that is nobody's default."""

    tbf: Optional[Tbf] = None
    netem: Optional[Netem] = None
    fifo: Optional[Fifo] = None
    backlog_packets: int = 0
    foreign: str = ""


@dataclass(frozen=True)
class Ifb:
    """The device that carries the egress tree."""

    ifindex: int
    is_up: bool
    tree: ObservedTree


@dataclass(frozen=True)
class Observed:
    """One port's device, its root tree (the instance's ingress) and the way to its ifb (egress).

    ``redirect_ifindex`` is where our filter sends what the instance sends. ``has_clsact_company``
    tells of filters on the hook that are not ours, ``has_ingress_qdisc`` of the older qdisc that
    excludes clsact.
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
    def has_blind_redirect(self) -> bool:
        """True when our filter sends packets where they are lost: an absent, other or down ifb."""
        if self.redirect_ifindex is None:
            return False
        return self.ifb is None or not self.ifb.is_up or self.ifb.ifindex != self.redirect_ifindex
