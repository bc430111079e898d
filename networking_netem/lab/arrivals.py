# SPDX-License-Identifier: Apache-2.0
"""Counting: from the packets that arrived, in order of arrival, to a `Sample`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import List, NamedTuple, Optional, Sequence, Tuple

from networking_netem.lab.flow import Datagrams, Sample


class Arrival(NamedTuple):
    """One packet that arrived: its number from 0, and when it was sent and received."""

    number: int
    sent_ns: int
    received_ns: int


@dataclass
class Sending:
    """When a flow sent its first packet, the first one that is measured, and its last."""

    first_ns: int = 0
    counted_ns: int = 0
    last_ns: int = 0


def sample(flow: Datagrams, sending: Sending, arrivals: Sequence[Arrival]) -> Sample:
    """Return what became of the packets of `flow`; delays are None where none arrived."""
    counted = [a for a in arrivals if a.number >= flow.settle_count]
    received = len({a.number for a in counted})
    mean_ms, sd_ms = spread([(a.received_ns - a.sent_ns) / 1e6 for a in counted])
    sent = flow.count - flow.settle_count
    return Sample(
        sent=sent,
        received=received,
        duplicates=len(counted) - received,
        reordered=reordered([a.number for a in counted]),
        mean_ms=mean_ms,
        sd_ms=sd_ms,
        offered_kbps=_kbps((sent - 1) * flow.frame_bits, sending.last_ns - sending.counted_ns),
        wire_kbps=_busy_kbps(flow, sending, arrivals),
        all_sent=flow.count,
        all_received=len({a.number for a in arrivals}),
    )


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
    """Return mean and standard deviation, None and None of nothing."""
    if not values:
        return None, None
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))


def _busy_kbps(
    flow: Datagrams, sending: Sending, arrivals: Sequence[Arrival]
) -> Optional[float]:
    """Return the rate of arrivals from settled to when the last packet sent could arrive."""
    if not arrivals:
        return None
    settled_ns = min(a.received_ns for a in arrivals) + sending.counted_ns - sending.first_ns
    end_ns = sending.last_ns + min(a.received_ns - a.sent_ns for a in arrivals)
    stamps: List[int] = sorted(
        a.received_ns for a in arrivals if settled_ns <= a.received_ns <= end_ns
    )
    if len(stamps) < 2:
        return None
    return _kbps((len(stamps) - 1) * flow.frame_bits, stamps[-1] - stamps[0])


def _kbps(bits: int, duration_ns: int) -> float:
    return bits * 1e6 / max(duration_ns, 1)
