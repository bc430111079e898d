# SPDX-License-Identifier: Apache-2.0
"""Verdicts on loss, order and the packets lost by an edit; a stall changes none of them."""

from __future__ import annotations

from netem_lab.probe.flow import Sample
from netem_lab.verdict.doubt import Doubt
from netem_lab.verdict.row import Row, Verdict
from netem_lab.verdict.statistics import clopper_pearson
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import LOSS_PCT

CONFIDENCE = 0.99


def loss(direction: Direction, asked: Impairment, sample: Sample) -> Row:
    """Judge whether the loss asked is in the 99 % confidence interval of the loss measured."""
    asked_pct = LOSS_PCT.value(asked.loss_ppm)
    low, high = (100 * p for p in clopper_pearson(sample.lost, sample.sent, CONFIDENCE))
    measured = f"{100 * sample.lost / sample.sent:.2f} % [{low:.2f}, {high:.2f}] of {sample.sent}"
    verdict = Verdict.of(low <= asked_pct <= high)
    is_random = bool(asked.loss_ppm) and not asked.loses_all
    figures = {
        "asked_pct": asked_pct,
        "lost": sample.lost,
        "sent": sample.sent,
        "low_pct": low,
        "high_pct": high,
    }
    doubt = Doubt.RANDOM if verdict is Verdict.BAD and is_random else Doubt.NONE
    return Row(direction.value, "loss", f"{asked_pct:g} %", measured, verdict, figures, doubt)


def order(direction: Direction, sample: Sample) -> Row:
    """Good if no packet overtook another and none came twice."""
    return Row(
        direction.value,
        "reordered, doubled",
        "0, 0",
        f"{sample.reordered}, {sample.duplicates} of {sample.ordered}",
        Verdict.of(sample.reordered == 0 and sample.duplicates == 0),
        {"reordered": sample.reordered, "duplicates": sample.duplicates},
    )


def edit(direction: Direction, sample: Sample) -> Row:
    """Good if each packet that is missing is one that netem has dropped.

    Packets of other flows (strangers) may have crossed the device meanwhile, and netem's drops may
    be of them. Raises ValueError for a sample without netem's counts.
    """
    if sample.netem is None:
        raise ValueError("the sample has no netem counts to account for its packets with")
    missing = sample.all_sent - sample.all_received
    strangers = sample.netem.passed + sample.netem.dropped - sample.all_sent
    unexplained = missing - sample.netem.dropped
    text = f"{unexplained} ({missing} of {sample.all_sent} missing, {sample.netem.dropped} dropped)"
    return Row(
        direction.value,
        "lost by the edit",
        "0",
        text,
        Verdict.of(-strangers <= unexplained <= 0),
        {"lost": unexplained, "sent": sample.all_sent, "missing": missing, "strangers": strangers},
    )
