# SPDX-License-Identifier: Apache-2.0
"""What the probe is asked to send and what it answers: flows and their samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Optional, Union

WIRE_OVERHEAD_BYTES = 8 + 20 + 14
"""UDP, IPv4 and Ethernet headers: a qdisc, and so a limit, counts frames without their FCS."""

SEGMENT_OVERHEAD_BYTES = 20 + 12 + 20 + 14
"""TCP with timestamps, IPv4 and Ethernet headers around one full segment."""


class Key(NamedTuple):
    """What tells a flow from the others that run: its direction, and what kind of flow it is."""

    direction: str
    """`egress` or `ingress`, as the first VM sees it."""
    kind: str


@dataclass(frozen=True)
class Datagrams:
    """Numbered, timestamped UDP packets from one VM to another at a constant pace.

    Single packets open the flow until one has arrived. A switch that does not know the flow takes
    them aside, and packets that follow closely would overtake them. The next `settle_count` packets
    settle the flow. Where `awaits_edit`, more follow until the probe is told that the link has been
    edited. The `count` packets after these are measured. Of those before, order and copies are
    counted once the flow has settled, and nothing else.
    """

    key: Key
    sender: str
    receiver: str
    pps: float
    count: int
    settle_count: int
    awaits_edit: bool = False
    payload_bytes: int = 18
    most_debt_s: float = 0.02
    """A late sender catches up with so much; what is overdue by more shifts the schedule."""
    opened: bool = True
    """Whether single packets open the flow; none can where all are lost."""
    quiet_s: float = 0.5
    """A packet counts as lost when nothing has arrived for so long after the last was sent."""
    netem_device: Optional[str] = None
    """A device of the node whose netem counters are read before and after."""

    @property
    def frame_bits(self) -> int:
        """Bits of one packet as the qdisc counts them."""
        return 8 * (self.payload_bytes + WIRE_OVERHEAD_BYTES)


@dataclass(frozen=True)
class Transfer:
    """One TCP connection that sends as fast as it can; the first `settle_s` are not measured."""

    key: Key
    sender: str
    receiver: str
    duration_s: float
    settle_s: float


Flow = Union[Datagrams, Transfer]


@dataclass(frozen=True)
class Sample:
    """What became of the packets of one `Datagrams` flow."""

    sent: int
    received: int
    """How many different packets arrived."""
    stalled: int
    """How many of these were sent or arrived while the machine was stalled.

    They are left out of mean, deviation and interval.
    """
    mean_ms: Optional[float]
    sd_ms: Optional[float]
    middle90_ms: Optional[float]
    """Half the width of the interval that holds the middle 90 % of the delays."""
    offered_kbps: float
    wire_kbps: Optional[float]
    """The rate of the frames that arrived while the sender kept the link busy."""
    duplicates: int
    reordered: int
    """Packets that came after one with a higher number (RFC 4737, section 3.3)."""
    ordered: int
    """How many arrivals, copies included, `duplicates` and `reordered` were counted among."""
    all_sent: int
    """`sent`, and the packets before them that were not measured."""
    all_received: int
    """How many different packets arrived of `all_sent`."""
    netem: Optional[NetemCount] = None

    @property
    def lost(self) -> int:
        """How many packets never arrived."""
        return self.sent - self.received

    @property
    def stalled_share(self) -> float:
        """The share of the packets received that met a stalled machine, 0.0 to 1.0."""
        return self.stalled / self.received if self.received else 0.0


@dataclass(frozen=True)
class NetemCount:
    """How many packets the netem of one device has let pass, and how many it has dropped."""

    passed: int
    dropped: int

    def since(self, earlier: NetemCount) -> NetemCount:
        """Return what was counted after `earlier`; a new qdisc makes the figures negative."""
        return NetemCount(self.passed - earlier.passed, self.dropped - earlier.dropped)


@dataclass(frozen=True)
class Goodput:
    """The rate at which one TCP connection carried payload, and that of its frames."""

    goodput_kbps: float
    wire_kbps: float
    stalled_share: float = 0.0
    """The share of the time in which the machine was stalled, 0.0 to 1.0.

    A limit does not let pass later what it could have let pass then.
    """

    @property
    def running_kbps(self) -> float:
        """The rate of the frames in the time in which the machine was not stalled."""
        return self.wire_kbps / (1 - self.stalled_share)
