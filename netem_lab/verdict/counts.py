# SPDX-License-Identifier: Apache-2.0
"""Verdicts on loss, order and the packets lost by an edit; a stall changes none of them."""

from __future__ import annotations

from netem_lab.probe.flow import Sample
from netem_lab.verdict import expected
from netem_lab.verdict.doubt import Doubt
from netem_lab.verdict.row import Row, Verdict
from netem_lab.verdict.statistics import CONFIDENCE, clopper_pearson
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import LOSS_BURST_PACKETS, LOSS_PCT


def loss(direction: Direction, asked: Impairment, sample: Sample) -> Row:
    """Judge whether the loss asked is in the 99 % confidence interval of the loss measured."""
    asked_pct = LOSS_PCT.value(asked.loss_ppm)
    worth = independent_share(asked)
    hits, trials = round(sample.lost * worth), max(1, round(sample.sent * worth))
    low, high = clopper_pearson(min(hits, trials), trials, CONFIDENCE)
    share = f"{100 * sample.lost / sample.sent:.2f} % [{100 * low:.2f}, {100 * high:.2f}]"
    verdict = Verdict.of(expected.lost(asked).meets(low, high))
    is_random = bool(asked.loss_ppm or asked.corrupt_ppm) and not asked.loses_all
    figures = {
        "asked_pct": asked_pct,
        "lost": sample.lost,
        "sent": sample.sent,
        "low_pct": 100 * low,
        "high_pct": 100 * high,
    }
    text = f"{asked_pct:g} %" + (" and what is corrupt" if asked.corrupt_ppm else "")
    doubt = Doubt.RANDOM if verdict is Verdict.BAD and is_random else Doubt.NONE
    measured = f"{share} of {sample.sent}"
    return Row(direction.value, "loss", text, measured, verdict, figures, doubt)


def independent_share(asked: Impairment) -> float:
    """How many independent draws a packet is worth, to tell the loss by.

    Runs make the mean vary as (1-c)/(1+c) times as many packets would that are lost each by itself
    (c is the correlation of neighbours in a two-state chain).
    """
    if not asked.loses_in_runs:
        return 1.0
    loss = asked.loss_ppm / 1e6
    correlation = max(0.0, 1 - 100 / asked.loss_burst_hundredths / (1 - loss))
    return (1 - correlation) / (1 + correlation)


def runs(direction: Direction, asked: Impairment, sample: Sample) -> Row:
    """Judge the mean run of lost packets by its 99 % confidence interval.

    Each lost packet ends its run with the same chance, whose interval is known.
    """
    asked_packets = LOSS_BURST_PACKETS.value(asked.loss_burst_hundredths)
    what, text = "run of losses", f"{asked_packets:g} packets"
    if not sample.loss_runs:
        return Row(direction.value, what, text, "nothing was lost", Verdict.UNSURE)
    ends = clopper_pearson(sample.loss_runs, sample.lost, CONFIDENCE)
    low, high = 1 / ends[1], 1 / ends[0]
    mean = sample.lost / sample.loss_runs
    measured = f"{mean:.2f} [{low:.2f}, {high:.2f}] of {sample.loss_runs} runs"
    verdict = Verdict.of(expected.run_packets(asked).meets(low, high))
    figures = {"asked_packets": asked_packets, "runs": sample.loss_runs, "lost": sample.lost}
    figures.update({"mean_packets": mean, "low_packets": low, "high_packets": high})
    doubt = Doubt.RANDOM if verdict is Verdict.BAD else Doubt.NONE
    return Row(direction.value, what, text, measured, verdict, figures, doubt)


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
