# SPDX-License-Identifier: Apache-2.0
"""The flows that judge a link; they have so many packets that a right link seldom fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import List, Mapping, NamedTuple, Optional, Tuple

from netem_lab.probe.flow import WIRE_OVERHEAD_BYTES, Datagrams, Key, Transfer
from netem_lab.verdict.counts import independent_share
from netem_lab.verdict.delays import SD_TOLERANCE, mean_tolerance_ms, sd_ms
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link

DELAY, CORRUPT, UDP, TCP = "delay", "corrupt", "udp", "tcp"
"""The kinds of flows."""

_LEAST_PPS, _MOST_PPS = 500.0, 1000.0
_LEAST_COUNT = 2000
_SETTLE_S = 0.3
_MOST_S = 60.0
_STANDARD_ERRORS = 2.4
"""A random figure is off by more standard errors 1 time in 60, twice in a row 1 time in 3600."""
_SHARE_OF_LIMIT = 0.2
_SMALL_BYTES = 18

_OFFER = 1.5
_LEAST_OFFER = 1.2
_LARGE_BYTES = 1400
_BUSY_S = 2.0
_LEAST_LARGE_COUNT = 200


@dataclass(frozen=True)
class Pair:
    """Two VMs by name; egress is from the first to the second."""

    first: str
    second: str

    def way(self, direction: Direction) -> Tuple[str, str]:
        """Return sender and receiver."""
        egress = direction is Direction.EGRESS
        return (self.first, self.second) if egress else (self.second, self.first)


class _Pace(NamedTuple):
    """The rate and payload of packets, and how long they settle and are measured."""

    pps: float
    payload_bytes: int
    settle_s: float
    duration_s: float
    least_count: int


def delay_duration_s(asked: Impairment) -> float:
    """How long to measure the delays of a link so that a right one seldom fails, at most 60 s.

    Jitter is slots of exponential length with mean m = J/sqrt(3). A packet of a dense flow waits
    for the rest of the running slot. Over a time T, the mean of these waits has a variance of
    2 m^3/T (renewal theory), and their standard deviation a relative variance of 5 m/T (simulated).
    """
    slot_s = sd_ms(asked) / 1000
    tolerance_s = mean_tolerance_ms(asked.delay_us / 1000) / 1000
    for_mean_s = 2 * slot_s**3 * (_STANDARD_ERRORS / tolerance_s) ** 2
    for_sd_s = 5 * slot_s * (_STANDARD_ERRORS / SD_TOLERANCE) ** 2
    for_runs_s = _LEAST_COUNT / independent_share(asked) / _MOST_PPS if asked.loses_in_runs else 0
    return min(max(for_mean_s, for_sd_s, for_runs_s), _MOST_S)


def delay_flows(
    pair: Pair,
    asked: Link,
    awaits_edit: bool = False,
    netem: Optional[Mapping[Direction, str]] = None,
) -> List[Datagrams]:
    """Return a flow for each direction, to run at the same time: for delay, jitter, loss and order.

    `netem` names devices, by direction, whose netem counts are taken.
    """
    duration_s = max(delay_duration_s(asked[direction]) for direction in Direction)
    flows = []
    for direction in Direction:
        pps = _small_pps(asked[direction], duration_s)
        pace = _Pace(pps, _SMALL_BYTES, _SETTLE_S, duration_s, _LEAST_COUNT)
        flow = replace(
            _flow(pair, Key(direction.value, DELAY), asked[direction], pace),
            awaits_edit=awaits_edit,
            opened=not asked[direction].loses_all,
            netem_device=(netem or {}).get(direction),
        )
        flows.append(flow)
    return flows


def corruptible_flows(pair: Pair, asked: Link) -> List[Datagrams]:
    """Return a flow for each direction with corrupt packets: large ones, whose payload is compared.

    Most bits of a large packet are payload, which is where a bit that is turned is seen.
    """
    flows = []
    for direction in Direction:
        impairment = asked[direction]
        if not impairment.corrupt_ppm or impairment.loses_all:
            continue
        pps = _pps_within(impairment, _LEAST_PPS, _LARGE_BYTES)
        pace = _Pace(pps, _LARGE_BYTES, _SETTLE_S, 0.0, _LEAST_COUNT)
        flow = _flow(pair, Key(direction.value, CORRUPT), impairment, pace)
        flows.append(replace(flow, compares_payload=True))
    return flows


def busy_flows(pair: Pair, asked: Link) -> List[Datagrams]:
    """Return a flow for each limited direction; it offers more than the limit."""
    flows = []
    for direction in Direction:
        limit = asked[direction]
        if not limit.rate_kbps or limit.loses_all:
            continue
        # netem loses packets before the limit, and the rest must still exceed it.
        offer = max(_OFFER, _LEAST_OFFER / (1 - limit.loss_ppm / 1e6))
        pps = offer * limit.rate_kbps * 1000 / _frame_bits(_LARGE_BYTES)
        # A full bucket empties as fast as the offer exceeds the limit.
        settle_s = 0.5 + limit.burst_kbit / ((_LEAST_OFFER - 1) * limit.rate_kbps)
        pace = _Pace(pps, _LARGE_BYTES, settle_s, _BUSY_S, _LEAST_LARGE_COUNT)
        flow = _flow(pair, Key(direction.value, UDP), limit, pace)
        flows.append(replace(flow, most_debt_s=_BUSY_S))
    return flows


def transfers(pair: Pair, asked: Link) -> List[Transfer]:
    """Return a TCP connection for each direction; none where anything else would slow TCP down."""
    if any(not replace(asked[each], rate_kbps=0).is_none for each in Direction):
        return []
    flows = []
    for direction in Direction:
        limited = asked[direction].rate_kbps > 0
        settle_s, duration_s = (1.0, 3.2) if limited else (0.3, 1.0)
        key = Key(direction.value, TCP)
        flows.append(Transfer(key, *pair.way(direction), duration_s, settle_s))
    return flows


def _flow(pair: Pair, key: Key, asked: Impairment, pace: _Pace) -> Datagrams:
    sender, receiver = pair.way(Direction(key.direction))
    return Datagrams(
        key=key,
        sender=sender,
        receiver=receiver,
        pps=pace.pps,
        count=max(pace.least_count, round(pace.pps * pace.duration_s)),
        settle_count=round(pace.pps * pace.settle_s),
        payload_bytes=pace.payload_bytes,
        quiet_s=0.3 + (asked.delay_us + 4 * asked.jitter_us) / 1e6,
    )


def _small_pps(asked: Impairment, duration_s: float) -> float:
    """A pace that sends enough packets, spares the guest's CPU and fills no queue of a limit.

    Packets that are closer than the slots of jitter add no information.
    """
    pps = min(_MOST_PPS, max(_LEAST_PPS, _LEAST_COUNT / duration_s if duration_s else _MOST_PPS))
    # A packet that skips the delay is told by those that it overtakes.
    return _pps_within(asked, _MOST_PPS if asked.reorder_ppm else pps, _SMALL_BYTES)


def _pps_within(asked: Impairment, pps: float, payload_bytes: int) -> float:
    """The pace, or a slower one that fills no queue of a limit."""
    if not asked.rate_kbps:
        return pps
    return min(pps, _SHARE_OF_LIMIT * asked.rate_kbps * 1000 / _frame_bits(payload_bytes))


def _frame_bits(payload_bytes: int) -> int:
    return 8 * (payload_bytes + WIRE_OVERHEAD_BYTES)
