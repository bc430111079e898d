# SPDX-License-Identifier: Apache-2.0
"""Flows that the probe sends, and the samples that it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Optional, Union

WIRE_OVERHEAD_BYTES = 8 + 20 + 14
"""UDP, IPv4 and Ethernet headers. A qdisc, and so a limit, counts frames without their FCS."""

SEGMENT_OVERHEAD_BYTES = 20 + 12 + 20 + 14
"""TCP with timestamps, IPv4 and Ethernet headers around one full segment."""


class Key(NamedTuple):
    """What identifies a flow: its direction and its kind."""

    direction: str
    """`egress` or `ingress`, as the first VM sees it."""
    kind: str


@dataclass(frozen=True)
class Datagrams:
    """Numbered, timestamped UDP packets from one VM to another at a constant pace.

    Single packets open the flow until one has arrived. A switch that does not know the flow delays
    its first packets, and others that follow closely would overtake them. The next `settle_count`
    packets settle the flow. Where `awaits_edit` is set, more follow until SIGUSR1 says that the
    link has been edited. The next `count` packets are measured. Order and copies are counted from
    the end of settling.
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
    """A sender that is later than this does not catch up with the rest: its schedule is shifted."""
    opened: bool = True
    """Whether single packets open the flow; False where the link loses all packets."""
    quiet_s: float = 0.5
    """Missing packets are lost when nothing has arrived for this time after the last was sent."""
    compares_payload: bool = False
    """Whether packets go without a UDP checksum, and each payload is compared with what was sent.

    The kernel would drop a corrupt packet with a checksum.
    """
    netem_device: Optional[str] = None
    """The device of the node whose netem counters are read before and after the flow."""

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
    """The number of arrivals, with copies, in which `duplicates` and `reordered` were counted."""
    all_sent: int
    """The number of all packets: `sent`, and those before that were not measured."""
    all_received: int
    """How many different packets arrived of `all_sent`."""
    loss_runs: int = 0
    """How many runs the packets that never arrived make up."""
    overtaking: int = 0
    """How many packets arrived before one with a lower number; copies are not counted."""
    corrupt: int = 0
    """How many arrivals differed from what was sent; counted where payloads are compared."""
    corrupt_bits: int = 0
    """In how many bits these differed."""
    netem: Optional[NetemCount] = None
    clock_error_ms: float = 0.0
    """How far the mean may be off because the VMs are in two guests, each with a clock."""

    @property
    def distinct(self) -> int:
        """How many different packets arrived since the flow has settled."""
        return self.ordered - self.duplicates

    @property
    def lost(self) -> int:
        """How many packets never arrived."""
        return self.sent - self.received

    @property
    def stalled_share(self) -> float:
        """The share of the packets received that were left out for a stall, 0.0 to 1.0."""
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

    What a limit could have let pass in a stall is not made up for later.
    """

    @property
    def running_kbps(self) -> float:
        """The rate of the frames in the time in which the machine was not stalled."""
        return self.wire_kbps / (1 - self.stalled_share)
