# SPDX-License-Identifier: Apache-2.0
"""Verdicts on shares of packets that were counted: doubled, reordered, corrupt."""

from __future__ import annotations

from typing import Mapping

from netem_lab.probe.flow import Datagrams, Sample
from netem_lab.verdict import expected
from netem_lab.verdict.doubt import Doubt
from netem_lab.verdict.expected import OVERTAKING_SURE, Range
from netem_lab.verdict.row import Row, Verdict
from netem_lab.verdict.statistics import CONFIDENCE, clopper_pearson
from networking_netem.domain.attribute import Number
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import CORRUPT_PCT, DUPLICATE_PCT, REORDER_PCT

_WHATS: Mapping[Number, str] = {
    DUPLICATE_PCT: "doubled",
    REORDER_PCT: "reordered",
    CORRUPT_PCT: "corrupt",
}


def doubled(direction: Direction, asked: Impairment, sample: Sample) -> Row:
    """Judge the share that arrived twice; not one may where none is asked."""
    range_ = expected.doubled(asked)
    return _row(direction, DUPLICATE_PCT, asked, range_, sample.duplicates, sample.distinct)


def reordered(direction: Direction, asked: Impairment, sample: Sample, pps: float) -> Row:
    """Judge the share that overtook others; not one may where none is asked.

    Unsure where a packet that skips the delay has too few before it to overtake.
    """
    range_ = expected.overtaking(asked)
    row = _row(direction, REORDER_PCT, asked, range_, sample.overtaking, sample.distinct)
    if range_.high and expected.overtaking_share(asked, pps) < OVERTAKING_SURE:
        why = "too few packets on their way to tell"
        return Row(row.direction, row.what, row.asked, why, Verdict.UNSURE, row.figures)
    return row


def corrupt(direction: Direction, asked: Impairment, sample: Sample, flow: Datagrams) -> Row:
    """Judge the share with another payload, and whether each differs in one bit."""
    range_ = expected.corrupt(asked, flow)
    row = _row(direction, CORRUPT_PCT, asked, range_, sample.corrupt, sample.received)
    bits = f"{sample.corrupt_bits / sample.corrupt:g} bit each" if sample.corrupt else "no bit"
    good = row.verdict is Verdict.GOOD and sample.corrupt_bits == sample.corrupt
    doubt = row.doubt if sample.corrupt_bits == sample.corrupt else Doubt.NONE
    figures = {**row.figures, "bits": sample.corrupt_bits}
    text = f"{row.measured}, {bits}"
    return Row(row.direction, row.what, row.asked, text, Verdict.of(good), figures, doubt)


def _row(
    direction: Direction, number: Number, asked: Impairment, range_: Range, hits: int, packets: int
) -> Row:
    asked_pct = number.value(getattr(asked, number.field))
    what, text = _WHATS[number], f"{asked_pct:g} %"
    figures = {"asked_pct": asked_pct, "hits": hits, "packets": packets}
    if not packets:
        verdict = Verdict.SHOWN if asked.loses_all else Verdict.BAD
        return Row(direction.value, what, text, "nothing arrived", verdict, figures)
    if not range_.high:
        measured = f"{hits} of {packets}"
        return Row(direction.value, what, text, measured, Verdict.of(not hits), figures)
    low, high = clopper_pearson(hits, packets, CONFIDENCE)
    measured = f"{100 * hits / packets:.2f} % [{100 * low:.2f}, {100 * high:.2f}] of {packets}"
    verdict = Verdict.of(range_.meets(low, high))
    figures = {**figures, "low_pct": 100 * low, "high_pct": 100 * high}
    doubt = Doubt.RANDOM if verdict is Verdict.BAD else Doubt.NONE
    return Row(direction.value, what, text, measured, verdict, figures, doubt)
