# SPDX-License-Identifier: Apache-2.0
"""What to send to judge a link: so much that chance seldom fails a right one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from netem_lab.probe.flow import WIRE_OVERHEAD_BYTES, Datagrams, Transfer
from netem_lab.verdict.asked import DIRECTIONS, Asked, Both
from netem_lab.verdict.verdicts import SD_TOLERANCE, mean_tolerance_ms

_LEAST_PPS, _MOST_PPS = 500.0, 1000.0
_LEAST_COUNT = 2000
_SETTLE_S = 0.3
_MOST_S = 60.0
_STANDARD_ERRORS = 2.4
"""Chance goes further 1 time in 60, and with a fresh sample after that 1 time in 3600."""
_SHARE_OF_LIMIT = 0.2
_SMALL_BYTES = 18

_OFFER = 1.5
_LEAST_OFFER = 1.2
_LARGE_BYTES = 1400
_BUSY_S = 2.0
_LEAST_LARGE_COUNT = 200


@dataclass(frozen=True)
class Pair:
    """Two VMs by name; the first one's point of view gives the directions their names."""

    first: str
    second: str

    def way(self, direction: str) -> Tuple[str, str]:
        """Return sender and receiver."""
        egress = direction == "egress"
        return (self.first, self.second) if egress else (self.second, self.first)


def delay_duration_s(asked: Asked) -> float:
    """How long to watch the delays of a link so that chance does not fail it, at most 60 s.

    Jitter comes as slots of exponential length with mean m = J/sqrt(3). What is left of the running
    slot, seen by a dense flow over a time T, has a mean with variance 2 m^3/T (renewal theory) and
    a standard deviation with relative variance 5 m/T (simulated).
    """
    slot_s = asked.sd_ms / 1000
    tolerance_s = mean_tolerance_ms(asked.delay_ms) / 1000
    for_mean_s = 2 * slot_s**3 * (_STANDARD_ERRORS / tolerance_s) ** 2
    for_sd_s = 5 * slot_s * (_STANDARD_ERRORS / SD_TOLERANCE) ** 2
    return min(max(for_mean_s, for_sd_s), _MOST_S)


def delay_flows(
    pair: Pair, asked: Both, awaits_edit: bool = False, netem: Optional[Dict[str, str]] = None
) -> List[Datagrams]:
    """Return one flow a direction for delay, jitter, loss and order, to run at the same time.

    `netem` names, by direction, devices whose netem accounts for the packets.
    """
    duration_s = max(delay_duration_s(asked[direction]) for direction in DIRECTIONS)
    flows = []
    for direction in DIRECTIONS:
        sender, receiver = pair.way(direction)
        pps = _small_pps(asked[direction], duration_s)
        flows.append(
            Datagrams(
                name=f"{direction} delay",
                sender=sender,
                receiver=receiver,
                pps=pps,
                count=max(_LEAST_COUNT, round(pps * duration_s)),
                settle_count=round(pps * _SETTLE_S),
                awaits_edit=awaits_edit,
                payload_bytes=_SMALL_BYTES,
                opened=asked[direction].loss_pct < 100,
                quiet_s=_quiet_s(asked[direction]),
                netem_device=(netem or {}).get(direction),
            )
        )
    return flows


def busy_flows(pair: Pair, asked: Both) -> List[Datagrams]:
    """Return one flow for each limited direction that offers more than the limit."""
    flows = []
    for direction in DIRECTIONS:
        limit = asked[direction]
        if not limit.max_kbps or limit.loss_pct == 100:
            continue
        sender, receiver = pair.way(direction)
        # The loss comes first: what is left of the offer must still exceed the limit.
        offer = max(_OFFER, _LEAST_OFFER / (1 - limit.loss_pct / 100))
        pps = offer * limit.max_kbps * 1000 / _frame_bits(_LARGE_BYTES)
        # A bucket full of tokens empties at the rate of what is offered beyond the limit.
        settle_s = 0.5 + limit.max_burst_kbps / ((_LEAST_OFFER - 1) * limit.max_kbps)
        flows.append(
            Datagrams(
                name=f"{direction} udp",
                sender=sender,
                receiver=receiver,
                pps=pps,
                count=max(_LEAST_LARGE_COUNT, round(pps * _BUSY_S)),
                settle_count=round(pps * settle_s),
                payload_bytes=_LARGE_BYTES,
                most_debt_s=_BUSY_S,
                quiet_s=_quiet_s(limit),
            )
        )
    return flows


def transfers(pair: Pair, asked: Both) -> List[Transfer]:
    """Return one TCP connection a direction, none on a link whose delay or loss TCP feels."""
    if any(asked[direction].delay_ms or asked[direction].loss_pct for direction in DIRECTIONS):
        return []
    flows = []
    for direction in DIRECTIONS:
        limited = asked[direction].max_kbps > 0
        settle_s, duration_s = (1.0, 3.2) if limited else (0.3, 1.0)
        flows.append(Transfer(f"{direction} tcp", *pair.way(direction), duration_s, settle_s))
    return flows


def _small_pps(asked: Asked, duration_s: float) -> float:
    """A pace that gives enough packets, spares the guest's CPU and leaves a limited queue empty.

    Packets closer than the slots of jitter tell nothing new.
    """
    pps = min(_MOST_PPS, max(_LEAST_PPS, _LEAST_COUNT / duration_s if duration_s else _MOST_PPS))
    if not asked.max_kbps:
        return pps
    return min(pps, _SHARE_OF_LIMIT * asked.max_kbps * 1000 / _frame_bits(_SMALL_BYTES))


def _quiet_s(asked: Asked) -> float:
    return 0.3 + (asked.delay_ms + 4 * asked.delay_correlation_ms) / 1000


def _frame_bits(payload_bytes: int) -> int:
    return 8 * (payload_bytes + WIRE_OVERHEAD_BYTES)
