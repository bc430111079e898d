# SPDX-License-Identifier: Apache-2.0
"""Verdicts on bandwidth: the rate that passes a limit while more than the limit is offered."""

from __future__ import annotations

from dataclasses import replace
from typing import Tuple

from netem_lab.probe.flow import Goodput, Sample
from netem_lab.verdict.doubt import Doubt, stalled_or
from netem_lab.verdict.row import Row, Verdict
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction

SHARES = (0.90, 1.02)
"""A rate is good from the first to the second share of the limit."""
LEAST_OFFER = 1.1


def throughput(direction: Direction, asked: Impairment, sample: Sample) -> Row:
    """Judge the rate of the frames that passed the limit.

    Unsure where less than 1.1 times the limit was offered. A corrupt frame does not arrive.
    """
    whole = replace(asked, rate_kbps=round(asked.rate_kbps * (1 - asked.corrupt_ppm / 1e6)))
    measured_kbps = sample.wire_kbps or 0.0
    text = f"{_mbps(measured_kbps)} of {_mbps(sample.offered_kbps)} offered"
    surviving_kbps = sample.offered_kbps * (1 - asked.loss_ppm / 1e6)
    if surviving_kbps >= LEAST_OFFER * asked.rate_kbps:
        verdict, doubt = _limited(measured_kbps, sample.stalled_share, whole)
    else:
        verdict, doubt = Verdict.UNSURE, stalled_or(Doubt.NONE, sample.stalled_share)
    figures = {
        "asked_kbps": asked.rate_kbps,
        "wire_kbps": measured_kbps,
        "offered_kbps": sample.offered_kbps,
    }
    asked_text = _mbps(asked.rate_kbps)
    return Row(direction.value, "UDP throughput", asked_text, text, verdict, figures, doubt)


def goodput(
    direction: Direction, asked: Impairment, measured: Goodput, metered: bool = False
) -> Row:
    """Judge the rate of TCP's frames, headers included; without a limit, only show it.

    A meter drops what exceeds its rate, 64 KB of TCP at a time, and TCP then sends less than it
    might. So the rate behind one is only shown.
    """
    figures = {
        "asked_kbps": asked.rate_kbps,
        "goodput_kbps": measured.goodput_kbps,
        "wire_kbps": measured.wire_kbps,
    }
    what, text = "TCP goodput", _mbps(measured.goodput_kbps)
    if not asked.rate_kbps:
        return Row(direction.value, what, "no limit", text, Verdict.SHOWN, figures)
    text += f", {measured.wire_kbps / 1000:.2f} with headers"
    if metered:
        return Row(direction.value, what, _mbps(asked.rate_kbps), text, Verdict.SHOWN, figures)
    verdict, doubt = _limited(measured.wire_kbps, measured.stalled_share, asked)
    return Row(direction.value, what, _mbps(asked.rate_kbps), text, verdict, figures, doubt)


def _mbps(kbps: float) -> str:
    """Return a rate as a phrase."""
    return f"{kbps / 1000:.2f} Mbit/s"


def _limited(kbps: float, stalled_share: float, asked: Impairment) -> Tuple[Verdict, Doubt]:
    """Judge a rate under a limit.

    Unsure where it is too low for the whole time, but high enough for the time without stalls.
    """
    low_kbps, high_kbps = (share * asked.rate_kbps for share in SHARES)
    if low_kbps * (1 - stalled_share) <= kbps < low_kbps:
        return Verdict.UNSURE, Doubt.STALLED
    if low_kbps <= kbps <= high_kbps:
        return Verdict.GOOD, Doubt.NONE
    return Verdict.BAD, stalled_or(Doubt.NONE, stalled_share)
