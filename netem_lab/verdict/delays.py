# SPDX-License-Identifier: Apache-2.0
"""Verdicts on delay and jitter, from the delays of small packets."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from netem_lab.probe.flow import Sample
from netem_lab.verdict.doubt import MOST_STALLED_SHARE, Doubt, stalled_or
from netem_lab.verdict.row import Row, Verdict
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.jitter import spread_ns
from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import DELAY_CORRELATION_MS, DELAY_MS

MEAN_TOLERANCE_MS = 0.5
MEAN_TOLERANCE = 0.01
SD_TOLERANCE = 0.15
MIDDLE90_TOLERANCE_MS = 0.5
"""For a link without jitter. One packet that a busy host delays would spoil a standard deviation,
so there the middle 90 % of the delays are judged."""


class Clean(NamedTuple):
    """The mean delay of the clean link, and how far clocks may have put it off; 0 if not known."""

    mean_ms: float = 0.0
    clock_error_ms: float = 0.0


NOT_KNOWN = Clean()


def mean_tolerance_ms(delay_ms: float) -> float:
    """How far the mean may be from the delay asked, in milliseconds."""
    return max(MEAN_TOLERANCE_MS, MEAN_TOLERANCE * delay_ms)


def sd_ms(asked: Impairment) -> float:
    """The standard deviation that the jitter asks for, in milliseconds."""
    return spread_ns(asked.delay_us, asked.jitter_us) / 1e6


def delay(direction: Direction, asked: Impairment, sample: Sample, clean: Clean = NOT_KNOWN) -> Row:
    """Judge the mean one-way delay, less that of the clean link.

    Unsure where it is in tolerance or not, depending on what two clocks are off.
    """
    asked_ms = DELAY_MS.value(asked.delay_us)
    what, text = "one-way delay", f"{asked_ms:g} ms" if asked_ms else "clean"
    if sample.mean_ms is None:
        return _unseen(direction, what, text, asked, sample)
    off_ms = abs(sample.mean_ms - clean.mean_ms - asked_ms)
    error_ms = sample.clock_error_ms + clean.clock_error_ms
    tolerance_ms = mean_tolerance_ms(asked_ms)
    verdict, doubt = _timed(off_ms <= tolerance_ms + error_ms, asked, sample)
    if verdict is Verdict.GOOD and off_ms > tolerance_ms - error_ms:
        verdict = Verdict.UNSURE
    measured = f"{sample.mean_ms:.2f} ms"
    measured += f" ±{sample.clock_error_ms:.2f}" if sample.clock_error_ms else ""
    measured += f", clean {clean.mean_ms:.2f}" if clean.mean_ms else ""
    figures = {
        "asked_ms": asked_ms,
        "mean_ms": sample.mean_ms,
        "clean_ms": clean.mean_ms,
        "clock_error_ms": sample.clock_error_ms,
        "received": sample.received,
        "stalled": sample.stalled,
    }
    measured += _left_out(verdict, sample)
    return Row(direction.value, what, text, measured, verdict, figures, doubt)


def jitter(direction: Direction, asked: Impairment, sample: Sample) -> Row:
    """Judge the standard deviation; where none is asked, the middle 90 % of the delays."""
    asked_sd_ms = sd_ms(asked)
    jitter_ms = DELAY_CORRELATION_MS.value(asked.jitter_us)
    what, text = "jitter", f"±{jitter_ms:g} ms, sd {asked_sd_ms:.2f}" if asked_sd_ms else "none"
    if sample.sd_ms is None or sample.middle90_ms is None:
        return _unseen(direction, what, text, asked, sample)
    if asked_sd_ms:
        measured = f"sd {sample.sd_ms:.2f} ms"
        holds = abs(sample.sd_ms - asked_sd_ms) <= SD_TOLERANCE * asked_sd_ms
    else:
        measured = f"sd {sample.sd_ms:.2f} ms, 90 % within ±{sample.middle90_ms:.2f}"
        holds = sample.middle90_ms <= MIDDLE90_TOLERANCE_MS
    verdict, doubt = _timed(holds, asked, sample)
    figures = {
        "asked_sd_ms": asked_sd_ms,
        "sd_ms": sample.sd_ms,
        "middle90_ms": sample.middle90_ms,
    }
    measured += _left_out(verdict, sample)
    return Row(direction.value, what, text, measured, verdict, figures, doubt)


def _timed(holds: bool, asked: Impairment, sample: Sample) -> Tuple[Verdict, Doubt]:
    """Return the verdict and doubt of a delay or jitter; `holds` says that it is in tolerance."""
    if sample.stalled_share > MOST_STALLED_SHARE:
        return Verdict.UNSURE, Doubt.STALLED
    if holds:
        return Verdict.GOOD, Doubt.NONE
    return Verdict.BAD, stalled_or(_random(asked), sample.stalled_share)


def _random(asked: Impairment) -> Doubt:
    """The doubt in a bad delay or jitter where the machine was not stalled."""
    return Doubt.RANDOM if sd_ms(asked) else Doubt.NONE


def _left_out(verdict: Verdict, sample: Sample) -> str:
    """The reason of an unsure verdict, for the measured column; empty for another verdict."""
    is_stalled = verdict is Verdict.UNSURE and sample.stalled_share > MOST_STALLED_SHARE
    return f", {100 * sample.stalled_share:.1f} % left out" if is_stalled else ""


def _unseen(direction: Direction, what: str, text: str, asked: Impairment, sample: Sample) -> Row:
    """The row of a delay or jitter for which no packet has a delay.

    That is right only where all packets are to be lost.
    """
    if sample.received:
        verdict, doubt, why = Verdict.UNSURE, Doubt.STALLED, "the machine was stalled"
    elif asked.loses_all:
        verdict, doubt, why = Verdict.SHOWN, Doubt.NONE, "nothing arrived"
    else:
        verdict, doubt, why = Verdict.BAD, _random(asked), "nothing arrived"
    return Row(direction.value, what, text, why, verdict, {}, doubt)
