# SPDX-License-Identifier: Apache-2.0
"""One look at a link: what is sent to judge it, and the rows that come of the answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Mapping

from networking_netem.lab.probe.flow import Sample
from networking_netem.lab.probe.prober import Prober
from networking_netem.lab.verdict import sampling, verdicts
from networking_netem.lab.verdict.asked import DIRECTIONS, Asked, Both
from networking_netem.lab.verdict.row import Row, Verdict
from networking_netem.lab.verdict.sampling import Pair

NO_CLEAN_MS: Mapping[str, float] = dict.fromkeys(DIRECTIONS, 0.0)
"""For a link whose own delay is not known."""

STILL, TRIES = 0.05, 3
"""A rate that is bad while the machine stood still for a larger share is measured anew."""


def sound(prober: Prober, pair: Pair, asked: Both) -> Dict[str, Any]:
    """Send what it takes to judge both directions, and return the answers by name of flow."""
    return prober.run(
        [
            sampling.delay_flows(pair, asked),
            *([flow] for flow in sampling.busy_flows(pair, asked)),
            *([flow] for flow in sampling.transfers(pair, asked)),
        ]
    )


def judge(
    prober: Prober,
    pair: Pair,
    asked: Both,
    answers: Mapping[str, Any],
    clean_ms: Mapping[str, float] = NO_CLEAN_MS,
) -> List[Row]:
    """Return the rows of both directions; `clean_ms` is what each takes by itself.

    A verdict that chance has a part in is bad for a right link 1 time in 60 or less: it gets one
    fresh sample, and the row says so.
    """
    judged = {d: _sampled(d, asked[d], answers[f"{d} delay"], clean_ms[d]) for d in DIRECTIONS}
    if any(_doubted(row, asked[d]) for d in DIRECTIONS for row in judged[d]):
        again = prober.run([sampling.delay_flows(pair, asked)])
        for d in DIRECTIONS:
            rows = _sampled(d, asked[d], again[f"{d} delay"], clean_ms[d])
            fresh = {row.what: row for row in rows}
            judged[d] = [
                _replaced(row, fresh[row.what]) if _doubted(row, asked[d]) else row
                for row in judged[d]
            ]
    return [
        row for d in DIRECTIONS for row in (*judged[d], *_carried(prober, pair, asked, answers, d))
    ]


def _sampled(direction: str, asked: Asked, sample: Sample, clean_ms: float) -> List[Row]:
    """What small packets tell."""
    return [
        verdicts.delay(direction, asked, sample, clean_ms),
        verdicts.jitter(direction, asked, sample),
        verdicts.loss(direction, asked, sample),
        verdicts.order(direction, sample),
        *([verdicts.edit(direction, sample)] if sample.netem else []),
    ]


def _carried(
    prober: Prober, pair: Pair, asked: Both, answers: Mapping[str, Any], direction: str
) -> List[Row]:
    """What flows tell that offer more than the link takes.

    A limit never makes good for a time in which the machine stood still.
    """
    flows = [*sampling.busy_flows(pair, asked), *sampling.transfers(pair, asked)]
    rows = []
    for kind, verdict in (("udp", verdicts.throughput), ("tcp", verdicts.goodput)):
        name = f"{direction} {kind}"
        if name not in answers:
            continue
        answer, tries = answers[name], 1
        row = verdict(direction, asked[direction], answer)
        while row.verdict is Verdict.BAD and answer.stalled_share > STILL and tries < TRIES:
            answer = prober.run([[flow for flow in flows if flow.name == name]])[name]
            row = _replaced(row, verdict(direction, asked[direction], answer))
            tries += 1
        rows.append(row)
    return rows


def _doubted(row: Row, asked: Asked) -> bool:
    """Whether the row is bad and may be so by chance."""
    by_chance = {
        verdicts.DELAY: asked.sd_ms > 0,
        verdicts.JITTER: asked.sd_ms > 0,
        verdicts.LOSS: 0 < asked.loss_pct < 100,
    }
    return row.verdict is Verdict.BAD and by_chance.get(row.what, False)


def _replaced(row: Row, fresh: Row) -> Row:
    return replace(fresh, measured=f"{fresh.measured}; before: {row.measured}")
