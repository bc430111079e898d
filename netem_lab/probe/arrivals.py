# SPDX-License-Identifier: Apache-2.0
"""Makes a `Sample` of the packets that were sent and those that arrived."""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass, field
from typing import Container, List, NamedTuple, Optional, Sequence, Set, Tuple

from netem_lab.probe.flow import Datagrams, Sample


class Arrival(NamedTuple):
    """One packet that arrived: its number from 0, and when it was sent and received.

    `corrupt_bits` of its payload differ from what was sent.
    """

    number: int
    sent_ns: int
    received_ns: int
    corrupt_bits: int = 0


@dataclass
class Sending:
    """What was sent of a flow; packets are numbered from 0, times are in CLOCK_REALTIME."""

    sent: int = 0
    """How many packets were sent."""
    settled_from: int = 0
    """The number of the first packet after the flow has settled; order and copies count from it."""
    measured_from: int = 0
    """The number of the first packet that is measured."""
    measured_ns: int = 0
    """When the first packet that is measured was sent."""
    last_ns: int = 0
    """When the last packet was sent."""
    held: Set[int] = field(default_factory=set)
    """The numbers of packets that were stamped before a stall and sent after it."""


def sample(
    flow: Datagrams,
    sending: Sending,
    arrivals: Sequence[Arrival],
    stalls_ns: Sequence[Tuple[int, int]] = (),
) -> Sample:
    """Return what became of the packets of `flow`; delays are None where no packet has one.

    `arrivals` are in order of arrival. `stalls_ns` are begin and end of each stall, ascending.
    """
    counted = {a.number: a for a in reversed(arrivals) if a.number >= sending.measured_from}
    ordered = [a.number for a in arrivals if a.number >= sending.settled_from]
    early = overtaking(ordered)
    timely = [
        a
        for a in counted.values()
        if a.number not in sending.held and not _within(a.received_ns, stalls_ns)
    ]
    # A packet that overtakes others has skipped the delay.
    delays_ms = sorted((a.received_ns - a.sent_ns) / 1e6 for a in timely if a.number not in early)
    mean_ms, sd_ms = spread(delays_ms)
    compared = [a for a in arrivals if a.number >= sending.measured_from]
    sent = sending.sent - sending.measured_from
    return Sample(
        sent=sent,
        received=len(counted),
        stalled=len(counted) - len(timely),
        mean_ms=mean_ms,
        sd_ms=sd_ms,
        middle90_ms=middle90(delays_ms),
        offered_kbps=_kbps((sent - 1) * flow.frame_bits, sending.last_ns - sending.measured_ns),
        wire_kbps=_busy_kbps(flow, sending, arrivals),
        duplicates=len(ordered) - len(set(ordered)),
        reordered=reordered(ordered),
        ordered=len(ordered),
        all_sent=sending.sent,
        all_received=len({a.number for a in arrivals}),
        loss_runs=loss_runs(range(sending.measured_from, sending.sent), counted),
        overtaking=len(early),
        corrupt=sum(a.corrupt_bits > 0 for a in compared),
        corrupt_bits=sum(a.corrupt_bits for a in compared),
    )


def loss_runs(sent: Sequence[int], arrived: Container[int]) -> int:
    """Return how many runs the numbers that did not arrive make up."""
    return sum(lost for lost, _ in itertools.groupby(number not in arrived for number in sent))


def overtaking(numbers: Sequence[int]) -> Set[int]:
    """Return the numbers that came before a lower one; of a copy, the first arrival counts."""
    found, lowest_left = set(), math.inf
    for number in reversed(list(dict.fromkeys(numbers))):
        if number > lowest_left:
            found.add(number)
        lowest_left = min(lowest_left, number)
    return found


def reordered(numbers: Sequence[int]) -> int:
    """Return how many packets came after one with a higher number (RFC 4737, section 3.3)."""
    highest = -1
    late = 0
    for number in numbers:
        if number < highest:
            late += 1
        else:
            highest = number
    return late


def spread(values: Sequence[float]) -> Tuple[Optional[float], Optional[float]]:
    """Return mean and standard deviation; both are None where there are no values."""
    if not values:
        return None, None
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))


def _within(stamp_ns: int, spans_ns: Sequence[Tuple[int, int]]) -> bool:
    """Whether one of the last two spans that begin before the stamp holds it."""
    after = bisect.bisect_right(spans_ns, (stamp_ns, math.inf))
    return any(stamp_ns <= end_ns for _, end_ns in spans_ns[max(0, after - 2) : after])


def middle90(ordered: Sequence[float]) -> Optional[float]:
    """Return half the width of the interval with the middle 90 % of the ascending values."""
    if not ordered:
        return None
    cut = len(ordered) // 20
    return (ordered[len(ordered) - 1 - cut] - ordered[cut]) / 2


def _busy_kbps(flow: Datagrams, sending: Sending, arrivals: Sequence[Arrival]) -> Optional[float]:
    """Return the rate of arrivals while the sender kept the link busy; None for less than two.

    The link is busy while measured packets are sent, and later by the least delay of a packet.
    """
    if not arrivals:
        return None
    least_ns = min(a.received_ns - a.sent_ns for a in arrivals)
    begin_ns, end_ns = sending.measured_ns + least_ns, sending.last_ns + least_ns
    stamps: List[int] = sorted(
        a.received_ns for a in arrivals if begin_ns <= a.received_ns <= end_ns
    )
    if len(stamps) < 2:
        return None
    return _kbps((len(stamps) - 1) * flow.frame_bits, stamps[-1] - stamps[0])


def _kbps(bits: int, duration_ns: int) -> float:
    return bits * 1e6 / max(duration_ns, 1)
