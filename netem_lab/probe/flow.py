# SPDX-License-Identifier: Apache-2.0
"""What the probe is asked to send and what it answers: flows and their samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

WIRE_OVERHEAD_BYTES = 8 + 20 + 14
"""UDP, IPv4 and Ethernet headers: a qdisc, and so a limit, counts frames without their FCS."""

SEGMENT_OVERHEAD_BYTES = 20 + 12 + 20 + 14
"""TCP with timestamps, IPv4 and Ethernet headers around one full segment."""


@dataclass(frozen=True)
class Datagrams:
    """Numbered, timestamped UDP packets from one VM to another at a constant pace.

    Single packets open the flow, until one arrives: a switch that does not know it takes them
    aside, and what follows closely would overtake them. Nothing is measured of these and of the
    next `settle_count`; then `count` packets are. Where `awaits_edit`, these are preceded by as
    many as it takes until the probe is told that the link has been edited: of them neither delay
    nor loss is measured.
    """

    name: str
    sender: str
    receiver: str
    pps: float
    count: int
    settle_count: int
    awaits_edit: bool = False
    payload_bytes: int = 18
    most_debt_s: float = 0.02
    """A sender that was held up for longer forgives itself the rest."""
    opened: bool = True
    """Whether to open it first; no packet opens a flow that loses them all."""
    quiet_s: float = 0.5
    """When nothing has arrived for so long after the last packet, what is missing is lost."""
    netem_device: Optional[str] = None
    """A device of the node whose netem counters are read before and after."""

    @property
    def frame_bits(self) -> int:
        """Bits of one packet as the qdisc counts them."""
        return 8 * (self.payload_bytes + WIRE_OVERHEAD_BYTES)


@dataclass(frozen=True)
class Transfer:
    """One TCP connection sending as fast as it can; the first `settle_s` are not measured."""

    name: str
    sender: str
    receiver: str
    duration_s: float
    settle_s: float


@dataclass(frozen=True)
class Sample:
    """What became of the packets of one `Datagrams` flow."""

    sent: int
    received: int
    """Different packets that arrived."""
    stalled: int
    """Of these, how many were sent or arrived when the machine stood still: they tell no delay."""
    mean_ms: Optional[float]
    sd_ms: Optional[float]
    middle90_ms: Optional[float]
    """Half the width of the interval that holds the middle 90 % of the delays."""
    offered_kbps: float
    wire_kbps: Optional[float]
    """Rate of the frames that came out while the sender kept the link busy."""
    duplicates: int
    reordered: int
    """Packets that came after one with a higher number (RFC 4737, section 3.3)."""
    ordered: int
    """How many packets arrived in all of which order and copies are counted."""
    all_sent: int
    """With the packets that settled the flow."""
    all_received: int
    netem: Optional[NetemCount] = None

    @property
    def lost(self) -> int:
        """How many packets never arrived."""
        return self.sent - self.received

    @property
    def stalled_share(self) -> float:
        """How much of the measurement the machine stood still, as a share of the packets."""
        return self.stalled / self.received if self.received else 0.0


@dataclass(frozen=True)
class NetemCount:
    """What the netem of one device did with packets: let them pass or dropped them."""

    passed: int
    dropped: int

    def since(self, earlier: NetemCount) -> NetemCount:
        """Return what happened after `earlier`; negative figures mean that it began anew."""
        return NetemCount(self.passed - earlier.passed, self.dropped - earlier.dropped)


@dataclass(frozen=True)
class Goodput:
    """What one TCP connection carried: payload, and the frames that payload needs."""

    goodput_kbps: float
    wire_kbps: float
    stalled_share: float = 0.0
    """How much of the time the machine stood still: what a limit would have let pass is lost."""

    @property
    def running_kbps(self) -> float:
        """The rate of the frames in the time that the machine ran."""
        return self.wire_kbps / (1 - self.stalled_share)
