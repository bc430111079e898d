# SPDX-License-Identifier: Apache-2.0
"""Asked against measured: the tolerances, and the row that each comparison makes."""

from __future__ import annotations

from netem_lab.probe.flow import Goodput, Sample
from netem_lab.verdict.asked import Asked
from netem_lab.verdict.row import Row, Verdict
from netem_lab.verdict.statistics import clopper_pearson

DELAY, JITTER, LOSS = "one-way delay", "jitter", "loss"
THROUGHPUT, GOODPUT = "UDP throughput", "TCP goodput"

MEAN_TOLERANCE_MS = 0.5
MEAN_TOLERANCE = 0.01
SD_TOLERANCE = 0.15
MIDDLE90_TOLERANCE_MS = 0.5
"""Without jitter: a standard deviation would rest on the one packet that a busy host held up."""
RATE_SHARES = (0.90, 1.02)
LEAST_OFFER = 1.1
CONFIDENCE = 0.99


def mean_tolerance_ms(delay_ms: float) -> float:
    """How far the mean may lie from the delay asked."""
    return max(MEAN_TOLERANCE_MS, MEAN_TOLERANCE * delay_ms)


def delay(direction: str, asked: Asked, sample: Sample, clean_ms: float) -> Row:
    """Judge the mean one-way delay beyond `clean_ms`, what the link takes by itself."""
    text = f"{asked.delay_ms:g} ms" if asked.delay_ms else "clean"
    if sample.mean_ms is None:
        return _unseen(direction, DELAY, text, asked, sample)
    off_ms = sample.mean_ms - clean_ms - asked.delay_ms
    measured = f"{sample.mean_ms:.2f} ms" + (f", clean {clean_ms:.2f}" if clean_ms else "")
    return Row(
        direction,
        DELAY,
        text,
        measured,
        Verdict.of(abs(off_ms) <= mean_tolerance_ms(asked.delay_ms)),
        {
            "asked_ms": asked.delay_ms,
            "mean_ms": sample.mean_ms,
            "clean_ms": clean_ms,
            "received": sample.received,
            "stalled": sample.stalled,
        },
    )


def jitter(direction: str, asked: Asked, sample: Sample) -> Row:
    """Judge the standard deviation; where none is asked, the middle 90 % of the delays."""
    sd_ms = asked.sd_ms
    text = f"±{asked.delay_correlation_ms:g} ms, sd {sd_ms:.2f}" if sd_ms else "none"
    if sample.sd_ms is None or sample.middle90_ms is None:
        return _unseen(direction, JITTER, text, asked, sample)
    if sd_ms:
        measured = f"sd {sample.sd_ms:.2f} ms"
        holds = abs(sample.sd_ms - sd_ms) <= SD_TOLERANCE * sd_ms
    else:
        measured = f"sd {sample.sd_ms:.2f} ms, 90 % within ±{sample.middle90_ms:.2f}"
        holds = sample.middle90_ms <= MIDDLE90_TOLERANCE_MS
    figures = {"asked_sd_ms": sd_ms, "sd_ms": sample.sd_ms, "middle90_ms": sample.middle90_ms}
    return Row(direction, JITTER, text, measured, Verdict.of(holds), figures)


def loss(direction: str, asked: Asked, sample: Sample) -> Row:
    """Judge whether the loss asked lies in the interval around the loss seen."""
    low, high = (100 * p for p in clopper_pearson(sample.lost, sample.sent, CONFIDENCE))
    measured = f"{100 * sample.lost / sample.sent:.2f} % [{low:.2f}, {high:.2f}] of {sample.sent}"
    figures = {
        "asked_pct": asked.loss_pct,
        "lost": sample.lost,
        "sent": sample.sent,
        "low_pct": low,
        "high_pct": high,
    }
    good = Verdict.of(low <= asked.loss_pct <= high)
    return Row(direction, LOSS, f"{asked.loss_pct:g} %", measured, good, figures)


def order(direction: str, sample: Sample) -> Row:
    """Judge that no packet overtook another and none came twice."""
    return Row(
        direction,
        "reordered, doubled",
        "0, 0",
        f"{sample.reordered}, {sample.duplicates} of {sample.ordered}",
        Verdict.of(sample.reordered == 0 and sample.duplicates == 0),
        {"reordered": sample.reordered, "duplicates": sample.duplicates},
    )


def throughput(direction: str, asked: Asked, sample: Sample) -> Row:
    """Judge the frames that came through a limit at which more was offered."""
    measured_kbps = sample.wire_kbps or 0.0
    text = f"{mbps(measured_kbps)} of {mbps(sample.offered_kbps)} offered"
    surviving_kbps = sample.offered_kbps * (1 - asked.loss_pct / 100)
    offered = surviving_kbps >= LEAST_OFFER * asked.max_kbps
    limited = _within_limit(measured_kbps, sample.stalled_share, asked)
    verdict = limited if offered else Verdict.SHOWN
    figures = {
        "asked_kbps": asked.max_kbps,
        "wire_kbps": measured_kbps,
        "offered_kbps": sample.offered_kbps,
    }
    return Row(direction, THROUGHPUT, mbps(asked.max_kbps), text, verdict, figures)


def goodput(direction: str, asked: Asked, measured: Goodput) -> Row:
    """Judge, under a limit, what TCP carried plus the headers that this takes."""
    figures = {
        "asked_kbps": asked.max_kbps,
        "goodput_kbps": measured.goodput_kbps,
        "wire_kbps": measured.wire_kbps,
    }
    text = mbps(measured.goodput_kbps)
    if not asked.max_kbps:
        return Row(direction, GOODPUT, "no limit", text, Verdict.SHOWN, figures)
    text += f", {measured.wire_kbps / 1000:.2f} with headers"
    verdict = _within_limit(measured.wire_kbps, measured.stalled_share, asked)
    return Row(direction, GOODPUT, mbps(asked.max_kbps), text, verdict, figures)


def edit(direction: str, sample: Sample) -> Row:
    """Judge that each packet either arrived or fell to the loss that the kernel counted.

    Other packets may have crossed the device meanwhile, and their drops be among those counted.
    """
    if sample.netem is None:
        raise ValueError("the sample has no netem counts to account for its packets with")
    missing = sample.all_sent - sample.all_received
    strangers = sample.netem.passed + sample.netem.dropped - sample.all_sent
    unexplained = missing - sample.netem.dropped
    text = f"{unexplained} ({missing} of {sample.all_sent} missing, {sample.netem.dropped} dropped)"
    return Row(
        direction,
        "lost by the edit",
        "0",
        text,
        Verdict.of(-strangers <= unexplained <= 0),
        {"lost": unexplained, "sent": sample.all_sent, "missing": missing, "strangers": strangers},
    )


def mbps(kbps: float) -> str:
    """Return a rate in words."""
    return f"{kbps / 1000:.2f} Mbit/s"


def _within_limit(kbps: float, stalled_share: float, asked: Asked) -> Verdict:
    """Judge a rate. It tells nothing where it is too low for the time that passed, and would not be
    for that in which the machine ran."""
    low_kbps, high_kbps = (share * asked.max_kbps for share in RATE_SHARES)
    if low_kbps * (1 - stalled_share) <= kbps < low_kbps:
        return Verdict.SHOWN
    return Verdict.of(low_kbps <= kbps <= high_kbps)


def _unseen(direction: str, what: str, text: str, asked: Asked, sample: Sample) -> Row:
    """The row of what no packet tells; that is right only where all are to be lost."""
    verdict = Verdict.SHOWN if asked.loss_pct == 100 else Verdict.BAD
    why = "the machine stood still" if sample.received else "nothing arrived"
    return Row(direction, what, text, why, verdict)
